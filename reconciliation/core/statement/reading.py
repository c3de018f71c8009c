"""A settlement report as it is read: its header at once, its lines in blocks, its proof at the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from reconciliation.core.lines import Header, Kind
from reconciliation.core.statement.ahead import ahead
from reconciliation.core.statement.amounts import money
from reconciliation.core.statement.blocks import SCHEMA, Blocks
from reconciliation.core.statement.encodings import Encoding
from reconciliation.core.statement.layouts import Layout
from reconciliation.core.statement.opening import gathered, opened
from reconciliation.core.statement.pieces import PIECE, Piece, Pieces
from reconciliation.core.statement.problems import Problem, Quarantined

EVERYTHING = frozenset(SCHEMA.names)


class Statement:
    """One file. `header`, `layout` and `digits` are known from the beginning; what it adds up to, once `blocks` has come to its end."""

    def __init__(self, source: BinaryIO, *, marketplace: str = "", declared: Header | None = None, piece: int = PIECE) -> None:
        self._pieces = Pieces(source, piece)
        self._encoding = Encoding(marketplace)
        self._rest = iter(self._pieces)
        self._opening = opened(gathered(self._rest, self._encoding), declared)
        self._blocks: Blocks | None = None

    @property
    def header(self) -> Header:
        """The summary row."""
        return self._opening.header

    @property
    def layout(self) -> Layout:
        """Which kind of file it is."""
        return self._opening.columns.layout

    @property
    def digits(self) -> int:
        """Decimals of the currency: a block's amounts are whole numbers of 10 to the minus this."""
        return self._opening.decimals.digits

    @property
    def kinds(self) -> list[Kind]:
        """What a block's `kind` points to. It grows while blocks are read; a place never changes."""
        return self._blocks.kinds if self._blocks else []

    @property
    def lines(self) -> int:
        """Lines that were read so far."""
        return self._blocks.lines if self._blocks else 0

    @property
    def lines_total(self) -> Decimal:
        """What the lines that were read so far add up to."""
        return money(self._blocks.total if self._blocks else 0, self.digits)

    @property
    def size(self) -> int:
        """Bytes that were read so far."""
        return self._pieces.size

    @property
    def sha256(self) -> str:
        """Of the bytes that were read so far: the whole file's once its blocks came to their end."""
        return self._pieces.sha256

    @property
    def warnings(self) -> list[str]:
        """What a person should know although nothing is refused for it."""
        mangled = self._blocks.mangled if self._blocks else 0
        words = f"{mangled} item codes were rounded by a spreadsheet and are left out; orders are matched by SKU or number instead."
        return [*self._encoding.warnings, *([words] if mangled else [])]

    def blocks(self, columns: Iterable[str] = EVERYTHING) -> Iterator[Any]:
        """The lines as pyarrow tables with these columns of SCHEMA, in the order of the file. It can be run through once.

        Raises Quarantined where a line cannot be trusted, and at the end when the lines do not add up to the total.
        """
        if self._blocks:
            raise RuntimeError("The blocks of a statement can be read once")
        self._blocks = Blocks(self._opening, frozenset(columns))
        return self._read(self._blocks)

    def _read(self, blocks: Blocks) -> Iterator[Any]:
        for rows in ahead(map(blocks.rows, self._whole())):
            block = blocks.block(rows)
            if block.num_rows:
                yield block
        self._prove()

    def _whole(self) -> Iterator[Piece]:
        yield self._opening.rest
        for piece in self._rest:
            yield self._encoding.utf8(piece)

    def _prove(self) -> None:
        missing = self.header.total - self.lines_total
        if missing:
            currency = self.header.currency
            raise Quarantined(
                Problem.TOTAL_MISMATCH,
                f"The {self.lines} lines of settlement {self.header.settlement_id} add up to {self.lines_total} {currency}, its total is "
                f"{self.header.total} {currency}: a difference of {missing} {currency}. Marketplaces do hand out reports with missing "
                "rows: fetch it again, and if it is still so, ask the marketplace.",
            )


def read(source: BinaryIO, *, marketplace: str = "", declared: Header | None = None, piece: int = PIECE) -> Statement:
    """Begins to read a settlement report of any layout. Raises Quarantined when it cannot be told what the file says.

    `marketplace` is a name or country that tells its character set, such as `Amazon.co.jp`. `declared` is for a file without a summary row,
    such as an export of lines: the header as a person states it; lines of other settlements in the file are then passed over. `piece` are
    the bytes that are read at once.
    """
    return Statement(source, marketplace=marketplace, declared=declared, piece=piece)
