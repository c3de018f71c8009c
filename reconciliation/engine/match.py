"""A settlement's orders are compared with what the hub delivered, all settlements so far together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from django.db import transaction
from django.db.models import Count

from reconciliation.core.journal import values
from reconciliation.core.matching.collect import Collected
from reconciliation.core.matching.columns import match_tables
from reconciliation.core.matching.result import TO_EXPLAIN, Match
from reconciliation.core.matching.tables import EXPECTED, MONEY, PRICES
from reconciliation.core.matching.tolerance import Rules, Tolerance, tolerated
from reconciliation.core.statement import decimals
from reconciliation.engine import results
from reconciliation.engine.bulk import read
from reconciliation.engine.discrepancies import note
from reconciliation.engine.slices import Part, slices
from reconciliation.engine.sold import learn
from reconciliation.engine.states import RefusedError, move
from reconciliation.engine.tally import LINE, PLACES, Tally, stored, tally_of
from reconciliation.engine.wanted import wanted
from reconciliation.models import Books, OrderMatch, Settlement

State = Settlement.State
FROM = (State.PARSED, State.MATCHED, State.READY, State.REVERSED)
TOLERANCE = "tolerance_exceeded"
_OTHERS = f"""
    SELECT {LINE} FROM reconciliation_settlementline l JOIN reconciliation_settlement s ON s.id = l.settlement_id
    WHERE l.order_id <> '' AND s.connection_id = %s AND s.currency = %s AND s.id <> %s
        AND s.state NOT IN ('proposed', 'superseded', 'discarded')
        AND l.order_id IN (SELECT order_id FROM reconciliation_wanted)
    ORDER BY l.order_id
"""  # noqa: S608 - our own names
_PRICES = ", ".join(f"CAST(ROUND(s.{name} * 10000) AS BIGINT)" for name in PRICES)
_SOLD = f"""
    SELECT s.order_id, s.item_code, s.sku, CAST(ROUND(s.quantity) AS BIGINT), s.currency, s.gross, s.shipped_on, s.delivery_id, {_PRICES}
    FROM reconciliation_wanted w JOIN reconciliation_solditem s ON s.source_id = %s AND s.order_id = w.order_id
    ORDER BY s.order_id, s.item_code
"""  # noqa: S608 - our own names
SOLD = pa.schema([("order_id", pa.string()), ("item_code", pa.string()), ("sku", pa.string()), ("quantity", pa.int32()),
                  ("currency", pa.string()), ("gross", pa.bool_()), ("shipped_on", pa.date32()), ("delivery_id", pa.int64()),
                  *((name, pa.int64()) for name in PRICES)])  # fmt: skip


def match(settlement: Settlement, books: Books, *, now: datetime, tally: Tally | None = None) -> dict[str, int]:
    """Compares every order of the settlement and writes its one result; answers how many orders have which. Safe to repeat.

    `tally`: what was gathered while the lines came in, so that they need not be read again. Raises RefusedError for one that was
    replaced or is being posted.
    """
    with transaction.atomic():
        settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
        if settlement.state not in FROM:
            raise RefusedError(f"{settlement} is “{settlement.get_state_display()}” and is not matched any more.")
        tally, rules = tally or tally_of(settlement), rules_of(books)
        parts = slices(tally.collected.table(), tally.totals())
        found = (_compared(settlement, books, part, rules=rules, today=now.date()) for part in parts)
        passed = results.store(settlement, found)
        _judge(settlement, passed, rules, now)
        move(settlement, State.MATCHED, among=[State.PARSED], now=now)
    return counts(settlement)


def counts(settlement: Settlement) -> dict[str, int]:
    """Orders by their result."""
    rows = settlement.matches.order_by().values_list("result").annotate(orders=Count("pk"))
    return dict(rows.values_list("result", "orders"))


def rules_of(books: Books) -> Rules:
    """The books' tolerances as the core wants them."""
    rows = books.tolerances.values_list("marketplace", "currency", "per_order", "per_settlement")
    return Rules(
        tolerances=tuple(Tolerance(marketplace=place, currency=currency, per_order=one, limit=all_) for place, currency, one, all_ in rows),
        window=books.window_days,
    )


def _compared(settlement: Settlement, books: Books, part: Part, *, rules: Rules, today: date) -> results.Compared:
    with wanted(part.totals["order_id"]):
        learn(books)
        settled = pa.concat_tables([part.settled, _others(settlement)], promote_options="default")
        sold = _sold(books)
    matches = match_tables(settled, _expected(sold), currency=settlement.currency, today=today, rules=rules)
    return results.Compared(matches, part.totals, sold)


def _others(settlement: Settlement) -> Any:
    """What the other settlements brought for the wanted orders."""
    collected = Collected()
    others = [settlement.connection_id, settlement.currency, settlement.pk]
    if Settlement.objects.filter(connection=settlement.connection_id, currency=settlement.currency).exclude(pk=settlement.pk).exists():
        for block, kinds in stored(_OTHERS, others):
            collected.add(block, kinds, digits=PLACES)
    return collected.table()


def _sold(books: Books) -> Any:
    """What the wanted orders should bring, one row per item."""
    blocks = list(read(_SOLD, [books.source_id], SOLD))
    return pa.concat_tables(blocks) if blocks else SOLD.empty_table()


def _expected(sold: Any) -> Any:
    """The same as a table of EXPECTED."""
    rows = sold.num_rows
    columns = {name: sold[name] for name in SOLD.names} | {"key": sold["order_id"]}
    columns |= {name: decimals(sold[name], PLACES).cast(MONEY) for name in PRICES}
    columns["merchant_order_id"] = pa.repeat("", rows)
    columns["multi_channel"] = pa.repeat(False, rows)
    columns["returned"] = pa.nulls(rows, pa.bool_())
    return pa.table({name: columns[name] for name in EXPECTED.names}, schema=EXPECTED)


def _judge(settlement: Settlement, passed: Sequence[Match], rules: Rules, now: datetime) -> None:
    """Many small differences to one side are one large difference: a person decides."""
    sums = tolerated(passed, rules=rules, currency=settlement.currency)
    found = []
    if sums.exceeded:
        text = (
            f"{sums.orders} orders differ within their tolerance, together by {sums.absolute} {settlement.currency} (limit {sums.limit})."
        )
        advice = "Look at the orders “within tolerance”, then accept it with a reason or change the tolerance."
        found = [values.Discrepancy(level="order", code=TOLERANCE, words=text, advice=advice, amount=sums.amount, blocking=True)]
    note(settlement, found, among=[TOLERANCE], now=now)


def unexplained(settlement: Settlement) -> int:
    """How many orders differ and were accepted by nobody."""
    return OrderMatch.objects.filter(settlement=settlement, accepted_at=None, result__in=TO_EXPLAIN).count()
