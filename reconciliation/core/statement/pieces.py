"""A file cut into pieces of whole lines while it is read once: constant memory, and the fingerprint of its bytes on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined

PIECE = 1 << 20
"""Bytes that are read at once."""
LONGEST_LINE = 1 << 22
UTF8_MARK = b"\xef\xbb\xbf"
FOREIGN = {
    b"\xff\xfe": "UTF-16 (“Unicode text”)",
    b"\xfe\xff": "UTF-16 (“Unicode text”)",
    b"\x1f\x8b": "compressed by gzip",
    b"PK": "an Excel workbook or another ZIP archive",
    b"<?xml": "the XML form of a report, which Amazon no longer makes",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Whole lines, each ended by LF only; just the last line of a file may lack its end. `first` is the number of the first line."""

    first: int
    content: bytes
    lines: int
    last: bool = False

    @property
    def open_ended(self) -> bool:
        """Whether the file's last line lacks its end: it may have been cut off."""
        return self.last and not self.content.endswith(b"\n")


def piece_of(first: int, content: bytes, *, last: bool = False) -> Piece:
    """A piece whose lines are counted."""
    lines = content.count(b"\n") + (content != b"" and not content.endswith(b"\n"))
    return Piece(first=first, content=content, lines=lines, last=last)


class Pieces:
    """The pieces of a file in order. `sha256` and `size` are of the bytes read so far."""

    def __init__(self, source: BinaryIO, size: int = PIECE) -> None:
        self._source = source
        self._piece = size
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Piece]:
        line, rest = 1, b""
        for chunk in self._chunks():
            end = chunk.rfind(b"\n") + 1
            if end:
                piece = self._whole(line, rest + chunk[:end])
                line, rest = line + piece.lines, chunk[end:]
                yield piece
            else:
                rest += chunk
            if len(rest) > LONGEST_LINE:
                raise Quarantined(Problem.UNREADABLE, f"Line {line} has no end. This is no settlement report. {ORIGINAL}", line=line)
        yield self._whole(line, rest, last=True)

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self._source.read(self._piece):
            self._hash.update(chunk)
            first, self.size = self.size == 0, self.size + len(chunk)
            yield self._opened(chunk) if first else chunk

    def _opened(self, chunk: bytes) -> bytes:
        for mark, words in FOREIGN.items():
            if chunk.startswith(mark):
                raise Quarantined(Problem.UNREADABLE, f"The file is {words}, and not the text file that a settlement report is. {ORIGINAL}")
        return chunk.removeprefix(UTF8_MARK)

    def _whole(self, line: int, content: bytes, *, last: bool = False) -> Piece:
        """Line ends made one; a carriage return or a zero byte within a line means that this is not the marketplace's file."""
        if b"\r" in content:
            content = content.replace(b"\r\n", b"\n")
            content = content.removesuffix(b"\r") if last else content
        for stray, words in ((b"\r", "a carriage return"), (b"\0", "a zero byte")):
            if (at := content.find(stray)) >= 0:
                number = line + content.count(b"\n", 0, at)
                raise Quarantined(Problem.UNREADABLE, f"Line {number} holds {words} in its middle. {ORIGINAL}", line=number)
        return piece_of(line, content, last=last)
