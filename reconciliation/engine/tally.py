"""What a settlement's lines say of its orders, gathered while they pass: the sums that are matched, and each order's total."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.lines import Kind
from reconciliation.core.matching.collect import Collected, units
from reconciliation.engine.bulk import read
from reconciliation.models import LineKind, Settlement

PLACES = 4
PENDING = 200_000
LINE = "l.order_id, l.merchant_order_id, l.item_code, l.sku, l.marketplace, l.kind_id, CAST(ROUND(l.amount * 10000) AS BIGINT)"
_TEXTS = ("order_id", "merchant_order_id", "item_code", "sku", "marketplace")
LINES = pa.schema([*((name, pa.string()) for name in _TEXTS), ("kind", pa.int64()), ("amount", pa.int64())])
_OWN = f"SELECT {LINE} FROM reconciliation_settlementline l WHERE l.settlement_id = %s ORDER BY l.number"  # noqa: S608 - our own names


class Tally:
    """Takes blocks of lines in. `collected` are the sums per order item; several settlements may go into those."""

    def __init__(self) -> None:
        self.collected = Collected()
        self._totals: list[Any] = []
        self._waiting = 0

    def add(self, block: Any, kinds: Sequence[Kind], *, digits: int) -> None:
        """A block of a statement: its `kind` is a place in `kinds`, its amounts whole minor units with `digits` decimals."""
        self.collected.add(block.select([*_TEXTS, "kind", "amount"]), kinds, digits=digits)
        numbers = pc.if_else(pc.equal(block["order_id"], ""), block["merchant_order_id"], block["order_id"])
        table = pa.table({"order_id": numbers, "total": units(block["amount"], digits)}).filter(pc.not_equal(numbers, ""))
        self._totals.append(_added(table))
        self._waiting += self._totals[-1].num_rows
        if self._waiting > PENDING:
            self._totals, self._waiting = [self.totals()], 0

    def totals(self) -> Any:
        """Order number → what the settlement holds for it, in units of 0.0001."""
        empty = pa.table({"order_id": pa.array([], pa.string()), "total": pa.array([], pa.int64())})
        return _added(pa.concat_tables([empty, *self._totals]))


def _added(table: Any) -> Any:
    found = table.group_by("order_id", use_threads=False).aggregate([("total", "sum")])
    return pa.table({"order_id": found["order_id"], "total": found["total_sum"]})


def tally_of(settlement: Settlement) -> Tally:
    """As the settlement's stored lines have it."""
    found = Tally()
    for block, kinds in stored(_OWN, [settlement.pk]):
        found.add(block, kinds, digits=PLACES)
    return found


def stored(query: str, params: Sequence[Any]) -> Any:
    """Blocks of stored lines (LINE), each with the kinds that its `kind` points into."""
    known = list(LineKind.objects.order_by("pk").values_list("pk", *Kind._fields))
    kinds, places = [Kind(*words) for _, *words in known], pa.array([pk for pk, *_ in known], pa.int64())
    for block in read(query, params, LINES):
        kind = pc.index_in(block["kind"], value_set=places)
        yield block.set_column(block.column_names.index("kind"), "kind", kind), kinds
