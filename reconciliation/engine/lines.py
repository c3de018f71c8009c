"""A statement's lines on their way into the database: block by block, so that memory does not grow with the file."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import DataError

from reconciliation.core.lines import Kind
from reconciliation.core.statement import Statement, decimals
from reconciliation.engine.bulk import give_back, write
from reconciliation.models import LineKind, SettlementLine

AMOUNT = pa.decimal128(20, 4)
BLOCKS = 16
"""After how many blocks memory is given back."""
LONGEST = {"order_id": 200, "merchant_order_id": 200, "sku": 200, "item_code": 60, "marketplace": 60, "fulfilment": 20}
"""What matches and journals take over from lines."""


class Lines:
    """Writes the blocks of one statement as lines of one settlement. Raises DataError for a value that is too long to be one."""

    def __init__(self, settlement_id: int, statement: Statement) -> None:
        self._settlement = settlement_id
        self._statement = statement
        self._kinds: list[int] = []
        self._blocks = 0

    def add(self, block: Any) -> None:
        """Takes one block in."""
        _refuse_long(block)
        self._learn(self._statement.kinds[len(self._kinds) :])
        kinds = pa.array(self._kinds, pa.int64()).take(block["kind"].combine_chunks())
        amounts = decimals(block["amount"], self._statement.digits).cast(AMOUNT)
        columns = {name: block[name] for name in block.column_names if name not in ("kind", "amount")}
        settlement = pa.repeat(pa.scalar(self._settlement, pa.int64()), block.num_rows)
        write(SettlementLine, pa.table({"settlement_id": settlement, **columns, "kind_id": kinds, "amount": amounts}))
        self._blocks += 1
        if self._blocks % BLOCKS == 0:
            give_back()

    def _learn(self, kinds: list[Kind]) -> None:
        """The rows of kinds that were not met before in this file; made where no file has had them."""
        if not kinds:
            return
        rows = [LineKind(**kind._asdict()) for kind in kinds]
        LineKind.objects.bulk_create(rows, ignore_conflicts=True)
        known = {Kind(*words): pk for *words, pk in LineKind.objects.values_list(*Kind._fields, "pk")}
        self._kinds += [known[kind] for kind in kinds]


def _refuse_long(block: Any) -> None:
    for name, longest in LONGEST.items():
        length = pc.max(pc.binary_length(block[name])).as_py() or 0
        if length > longest and (pc.max(pc.utf8_length(block[name])).as_py() or 0) > longest:
            raise DataError(f"{name} is longer than {longest} characters")
