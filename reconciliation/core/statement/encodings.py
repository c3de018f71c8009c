"""Which characters a file's bytes are: byte order mark, UTF-8, the marketplace's own, latin-1 with a warning. Decided once per file."""

from __future__ import annotations

from dataclasses import replace

from reconciliation.core.statement.pieces import Piece
from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined

UTF8 = "utf-8"
LATIN = "latin-1"
JAPANESE = "cp932"
WESTERN = "cp1252"


def default_of(marketplace: str) -> str:
    """What a marketplace writes when it is not UTF-8, by a name such as `Amazon.co.jp` or a country such as `JP`."""
    return JAPANESE if marketplace.casefold().rpartition(".")[2] in ("jp", "japan") else WESTERN


class Encoding:
    """Undecided as long as a file holds ASCII only, since that reads the same in all of them. `name` is what was decided."""

    def __init__(self, marketplace: str = "") -> None:
        self._default = default_of(marketplace)
        self.name = ""
        self.warnings: list[str] = []

    def utf8(self, piece: Piece) -> Piece:
        """The piece in UTF-8. Raises Quarantined when it does not fit what the file's earlier lines decided."""
        if piece.content.isascii():
            return piece
        self.name = self.name or self._decided(piece)
        try:
            text = piece.content.decode(self.name)
        except UnicodeDecodeError as error:
            number = piece.first + piece.content.count(b"\n", 0, error.start)
            words = f"Line {number} holds characters that are not {self.name} although the lines before it are. {ORIGINAL}"
            raise Quarantined(Problem.UNREADABLE, words, line=number) from None
        return piece if self.name == UTF8 else replace(piece, content=text.encode(UTF8))

    def _decided(self, piece: Piece) -> str:
        for name in (UTF8, self._default):
            try:
                piece.content.decode(name)
            except UnicodeDecodeError:
                continue
            return name
        self.warnings.append(
            f"The file is neither {UTF8} nor {self._default}: it was read as {LATIN}, so that letters with accents in SKUs and "
            "promotions may be wrong. Amounts and order numbers are not touched by this."
        )
        return LATIN
