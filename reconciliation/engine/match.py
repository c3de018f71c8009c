"""A settlement's orders are compared with what the hub delivered, all settlements so far together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection as database
from django.db import transaction

from reconciliation.core.journal import values
from reconciliation.core.lines import Kind
from reconciliation.core.matching import words
from reconciliation.core.matching.collect import Collected
from reconciliation.core.matching.columns import Matches, match_tables
from reconciliation.core.matching.result import SETTLED, Match, Result
from reconciliation.core.matching.tables import EXPECTED, MONEY, PRICES
from reconciliation.core.matching.tolerance import Rules, Tolerance, tolerated
from reconciliation.core.statement import decimals
from reconciliation.engine.bulk import fill, read
from reconciliation.engine.discrepancies import note
from reconciliation.engine.sold import learn
from reconciliation.engine.states import RefusedError, move
from reconciliation.models import Books, LineKind, OrderMatch, Settlement

State = Settlement.State
PLACES = 4
AT_ONCE = 5000
FROM = (State.PARSED, State.MATCHED, State.READY, State.REVERSED)
TOLERANCE = "tolerance_exceeded"
_LINE = "l.order_id, l.merchant_order_id, l.item_code, l.sku, l.marketplace, l.kind_id, CAST(ROUND(l.amount * 10000) AS BIGINT)"
_OWN = f"SELECT {_LINE} FROM reconciliation_settlementline l WHERE l.settlement_id = %s ORDER BY l.number"  # noqa: S608
_OTHERS = f"""
    SELECT {_LINE} FROM reconciliation_settlementline l JOIN reconciliation_settlement s ON s.id = l.settlement_id
    WHERE l.order_id <> '' AND s.connection_id = %s AND s.currency = %s AND s.id <> %s
        AND s.state NOT IN ('proposed', 'superseded', 'discarded')
        AND l.order_id IN (SELECT order_id FROM reconciliation_ordermatch WHERE settlement_id = %s)
    ORDER BY l.order_id
"""  # noqa: S608 - our own names
LINES = pa.schema([*((name, pa.string()) for name in ("order_id", "merchant_order_id", "item_code", "sku", "marketplace")),
                   ("kind", pa.int64()), ("amount", pa.int64())])  # fmt: skip
_PRICES = ", ".join(f"CAST(ROUND(s.{name} * 10000) AS BIGINT)" for name in PRICES)
_SOLD = f"""
    SELECT s.order_id, s.order_id, s.item_code, s.sku, CAST(ROUND(s.quantity) AS BIGINT), s.currency, s.gross, s.shipped_on, {_PRICES}
    FROM reconciliation_solditem s
    WHERE s.source_id = %s AND s.order_id IN (SELECT order_id FROM reconciliation_ordermatch WHERE settlement_id = %s)
    ORDER BY s.order_id, s.item_code
"""  # noqa: S608 - our own names
SOLD = pa.schema([*((name, pa.string()) for name in ("key", "order_id", "item_code", "sku")), ("quantity", pa.int32()),
                  ("currency", pa.string()), ("gross", pa.bool_()), ("shipped_on", pa.date32()),
                  *((name, pa.int64()) for name in PRICES)])  # fmt: skip
FOUND = pa.schema([("order_id", pa.string()), ("result", pa.string()), *((name, MONEY) for name in ("settled", "expected", "difference",
                   "refunded", "fees")), ("flags", pa.string()), ("words", pa.string())])  # fmt: skip


def match(settlement: Settlement, books: Books, *, now: datetime) -> dict[str, int]:
    """Compares every order of the settlement and writes its one result; answers how many orders have which. Safe to repeat.

    Raises RefusedError for one that was replaced or is being posted.
    """
    learn(settlement, books)
    rules = rules_of(books)
    with transaction.atomic():
        settlement = Settlement.objects.select_for_update().get(pk=settlement.pk)
        if settlement.state not in FROM:
            raise RefusedError(f"{settlement} is “{settlement.get_state_display()}” and is not matched any more.")
        found = match_tables(
            _settled(settlement), _expected(settlement, books), currency=settlement.currency, today=now.date(), rules=rules
        )
        _store(settlement, found, rules, now)
        move(settlement, State.MATCHED, among=[State.PARSED], now=now)
    return counts(settlement)


def counts(settlement: Settlement) -> dict[str, int]:
    """Orders by their result."""
    found: dict[str, int] = {}
    for result in settlement.matches.order_by().values_list("result", flat=True).iterator():
        found[result] = found.get(result, 0) + 1
    return found


def rules_of(books: Books) -> Rules:
    """The books' tolerances as the core wants them."""
    rows = books.tolerances.values_list("marketplace", "currency", "per_order", "per_settlement")
    return Rules(
        tolerances=tuple(Tolerance(marketplace=place, currency=currency, per_order=one, limit=all_) for place, currency, one, all_ in rows),
        window=books.window_days,
    )


def _settled(settlement: Settlement) -> Any:
    """What this settlement and the others brought for its orders, one row per order item."""
    known = list(LineKind.objects.order_by("pk").values_list("pk", *Kind._fields))
    kinds, places = [Kind(*words) for _, *words in known], pa.array([pk for pk, *_ in known], pa.int64())
    collected = Collected()
    others = [settlement.connection_id, settlement.currency, settlement.pk, settlement.pk]
    for query, params in ((_OWN, [settlement.pk]), (_OTHERS, others)):
        for block in read(query, params, LINES):
            kind = pc.index_in(block["kind"], value_set=places)
            collected.add(block.set_column(block.column_names.index("kind"), "kind", kind), kinds, digits=PLACES)
    return collected.table()


def _expected(settlement: Settlement, books: Books) -> Any:
    """What its orders should bring, as a table of EXPECTED."""
    blocks = list(read(_SOLD, [books.source_id, settlement.pk], SOLD))
    table = pa.concat_tables(blocks) if blocks else SOLD.empty_table()
    rows, columns = table.num_rows, {name: table[name] for name in SOLD.names}
    columns |= {name: decimals(table[name], PLACES).cast(MONEY) for name in PRICES}
    columns["merchant_order_id"] = pa.repeat("", rows)
    columns["multi_channel"] = pa.repeat(False, rows)
    columns["returned"] = pa.nulls(rows, pa.bool_())
    return pa.table({name: columns[name] for name in EXPECTED.names}, schema=EXPECTED)


def _store(settlement: Settlement, found: Matches, rules: Rules, now: datetime) -> None:
    with database.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE reconciliation_found (order_id text, result text, settled numeric, expected numeric, "
                       "difference numeric, refunded numeric, fees numeric, flags text, words text)")  # fmt: skip
    fill("reconciliation_found", _plain(found.clean, Result.MATCHED))
    fill("reconciliation_found", _plain(found.unknown, Result.UNMATCHED_ORDER, currency=settlement.currency))
    passed: list[Match] = []
    for some in _portions(found.others):
        fill("reconciliation_found", pa.Table.from_pylist([_row(one) for one in some], FOUND))
        passed += [one for one in some if one.result is Result.WITHIN_TOLERANCE]
    with database.cursor() as cursor:
        cursor.execute(_UPDATE, [settlement.connection_id, settlement.pk])
        cursor.execute("DROP TABLE reconciliation_found")
    _judge(settlement, passed, rules, now)


_UPDATE = """
    UPDATE reconciliation_ordermatch AS m SET result = f.result, settled = f.settled, expected = f.expected, difference = f.difference,
        refunded = f.refunded, fees = f.fees, flags = f.flags, words = f.words,
        delivery_id = (SELECT MAX(s.delivery_id) FROM reconciliation_solditem s WHERE s.source_id = %s AND s.order_id = m.order_id)
    FROM reconciliation_found f WHERE m.settlement_id = %s AND m.order_id = f.order_id
"""


def _portions(matches: Iterator[Match]) -> Iterator[list[Match]]:
    while some := list(islice(matches, AT_ONCE)):
        yield some


def _plain(table: Any, result: Result, *, currency: str = "") -> Any:
    """Orders with nothing more to say; those that are not in the hub (`currency` given) get their one sentence."""
    rows = table.num_rows
    nothing, zero = pa.nulls(rows, MONEY), pa.repeat(pa.scalar(0, pa.decimal128(20, 0)), rows).cast(MONEY)
    text = pa.repeat("", rows)
    if currency:
        parts = ("Order ", table["order_id"].combine_chunks(), f" is not in the hub. {words.ADVICE[result]}", "")
        text = pc.binary_join_element_wise(*parts)
    expected = nothing if currency else table["settled"]
    columns = {
        "order_id": table["order_id"], "result": pa.repeat(str(result), rows), "settled": table["settled"], "expected": expected,
        "difference": nothing if currency else zero, "refunded": table["refunded"],
        "fees": table["fees"], "flags": pa.repeat("", rows), "words": text,
    }  # fmt: skip
    return pa.table(columns, schema=FOUND)


def _row(one: Match) -> dict[str, Any]:
    return {
        "order_id": one.order_id, "result": str(one.result), "settled": one.settled, "expected": one.expected,
        "difference": one.difference, "refunded": one.refunded, "fees": one.fees, "flags": ",".join(one.flags),
        "words": words.explained(one),
    }  # fmt: skip


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
    fine = [str(one) for one in SETTLED] + ["", str(Result.PARTLY_SETTLED)]
    return OrderMatch.objects.filter(settlement=settlement, accepted_at=None).exclude(result__in=fine).count()
