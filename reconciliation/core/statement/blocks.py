"""A piece of a file as a block of lines: typed columns of fixed names (SCHEMA), checked against what the file's opening decided."""

from __future__ import annotations

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.lines import Kind
from reconciliation.core.statement.amounts import marks
from reconciliation.core.statement.checks import own
from reconciliation.core.statement.dates import TIMESTAMP
from reconciliation.core.statement.layouts import Layout
from reconciliation.core.statement.lines_v1 import FAMILIES, rewritten
from reconciliation.core.statement.opening import Opening
from reconciliation.core.statement.pieces import Piece
from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined, quoted
from reconciliation.core.statement.rows import Rows, rows_of
from reconciliation.core.statement.times import posted_at

SCHEMA = pa.schema(
    [
        pa.field("number", pa.int32(), nullable=False),
        pa.field("kind", pa.int32(), nullable=False),
        pa.field("amount", pa.int64(), nullable=False),
        pa.field("posted_at", TIMESTAMP, nullable=False),
        pa.field("order_id", pa.string(), nullable=False),
        pa.field("merchant_order_id", pa.string(), nullable=False),
        pa.field("adjustment_id", pa.string(), nullable=False),
        pa.field("shipment_id", pa.string(), nullable=False),
        pa.field("marketplace", pa.string(), nullable=False),
        pa.field("fulfilment", pa.string(), nullable=False),
        pa.field("item_code", pa.string(), nullable=False),
        pa.field("sku", pa.string(), nullable=False),
        pa.field("quantity", pa.int32()),
        pa.field("promotion_id", pa.string(), nullable=False),
    ]
)
"""A block's columns. `number` is the line in the file, `kind` a place in `Statement.kinds`, `amount` whole minor units of the currency
(cents; yen), `posted_at` UTC to the second; texts are "" where the file says nothing, `quantity` is null."""

CHECKED = ("settlement_id", "total", "currency", "transaction_type", "amount_type", "amount_description", "posted_at", "posted_date")
MANGLED = r"^\d([.,]\d+)?E\+\d+$"
"""What a spreadsheet makes of a number with many digits."""


class Blocks:
    """Turns pieces into blocks, one after the other. `kinds` grows as new ones are met; `total` adds up in minor units."""

    def __init__(self, opening: Opening, columns: frozenset[str]) -> None:
        self._opening = opening
        self._schema = pa.schema([one for one in SCHEMA if one.name in columns])
        self._v1 = opening.columns.layout is Layout.V1
        self._wanted = columns.union(CHECKED, V1_COLUMNS if self._v1 else ("amount",))
        self._places: dict[Kind, int] = {}
        self.kinds: list[Kind] = []
        self.mangled = 0
        self.lines = 0
        self.total = 0

    def rows(self, piece: Piece) -> Rows:
        """The piece's lines as texts. Remembers nothing, so that another thread may be ahead with it."""
        return rows_of(piece, self._opening.columns, self._wanted)

    def block(self, rows: Rows) -> Any:
        """Lines as a table with the wanted columns of SCHEMA. Raises Quarantined when one of them cannot be read."""
        rows = own(rows, self._opening) if rows.count else rows
        rows, amounts = self._amounts(rows)
        self.lines += rows.count
        self.total += pc.sum(amounts).as_py() or 0
        made = {"amount": amounts, "posted_at": posted_at(rows, self._opening), "kind": self._kinds(rows)}
        return pa.table([made[one.name] if one.name in made else self._column(rows, one.name) for one in self._schema], schema=self._schema)

    def _amounts(self, rows: Rows) -> tuple[Rows, Any]:
        decimals = self._opening.decimals
        if self._v1:
            rows, amounts = rewritten(rows, decimals)
        else:
            amounts = decimals.many(rows.text("amount"))
        if amounts.null_count:
            at = pc.index(pc.is_null(amounts), True).as_py()
            raise _unreadable_amount(rows, at, self._opening)
        return rows, amounts

    def _kinds(self, rows: Rows) -> Any:
        """Each line's place in `kinds`: only the distinct triples of a piece are looked at in Python."""
        parts = [rows.coded(name) for name in KIND]
        code = parts[0].indices.cast(pa.int64())
        for part in parts[1:]:
            code = pc.add(pc.multiply(code, len(part.dictionary)), part.indices.cast(pa.int64()))
        coded = code.dictionary_encode()
        values = [part.dictionary.to_pylist() for part in parts]
        places = [self._place(distinct, values) for distinct in coded.dictionary.to_pylist()]
        return pa.array(places, pa.int32()).take(coded.indices)

    def _place(self, code: int, values: list[list[str]]) -> int:
        rest, description = divmod(code, len(values[2]))
        transaction, amount_type = divmod(rest, len(values[1]))
        kind = Kind(values[0][transaction], values[1][amount_type], values[2][description])
        if kind not in self._places:
            self._places[kind] = len(self.kinds)
            self.kinds.append(kind)
        return self._places[kind]

    def _column(self, rows: Rows, name: str) -> Any:
        if name == "number":
            return rows.all_numbers()
        if name == "quantity":
            return _quantities(rows)
        return self._item_codes(rows) if name == "item_code" else rows.text(name)

    def _item_codes(self, rows: Rows) -> Any:
        """Codes that a spreadsheet rounded are left out: they would match the wrong item or none."""
        codes = rows.text("item_code")
        if not pc.any(pc.match_substring(codes, "E+")).as_py():
            return codes
        mangled = pc.match_substring_regex(codes, MANGLED)
        self.mangled += pc.sum(mangled).as_py()
        return pc.if_else(mangled, "", codes)


WHOLE = re.compile(r" *\d{1,9} *", re.ASCII)
KIND = ("transaction_type", "amount_type", "amount_description")
V1_COLUMNS = frozenset(FAMILIES).union(column for _, column in FAMILIES.values())


def _quantities(rows: Rows) -> Any:
    coded = rows.coded("quantity")
    numbers = [int(text) if WHOLE.fullmatch(text) else None for text in coded.dictionary.to_pylist()]
    return pa.array(numbers, pa.int32()).take(coded.indices)


def _unreadable_amount(rows: Rows, at: int, opening: Opening) -> Quarantined:
    """Says which amount it is, and whether it is written with the other decimal separator."""
    number, mark = rows.number(at), opening.decimals.mark
    names = list(FAMILIES) if opening.columns.layout is Layout.V1 else ["amount"]
    texts = [text for name in names if (text := rows.text(name)[at].as_py().strip())]
    if not texts:
        return Quarantined(Problem.UNREADABLE, f"Line {number} has no amount. {ORIGINAL}", line=number)
    text = next((one for one in texts if opening.decimals.one(one) is None), texts[0])
    if marks([text]) - {mark}:
        words = f"Line {number} writes {quoted(text)} although the file's decimals stand behind “{mark}”. {ORIGINAL}"
        return Quarantined(Problem.MIXED_DECIMALS, words, line=number)
    words = f"The amount {quoted(text)} in line {number} is no amount in {opening.header.currency}. {ORIGINAL}"
    return Quarantined(Problem.UNREADABLE, words, line=number)
