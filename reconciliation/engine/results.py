"""The results of matching, written by columns: as new rows the first time, as changed ones later."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection as database

from reconciliation.core.matching import words
from reconciliation.core.matching.columns import Matches
from reconciliation.core.matching.result import Match, Result
from reconciliation.core.matching.tables import MONEY
from reconciliation.core.statement import decimals
from reconciliation.engine.bulk import fill, give_back
from reconciliation.models import OrderMatch, Settlement

AT_ONCE = 5000
PLACES = 4
FOUND = pa.schema([("order_id", pa.string()), ("result", pa.string()), *((name, MONEY) for name in ("settled", "expected", "difference",
                   "refunded", "fees")), ("flags", pa.string()), ("words", pa.string())])  # fmt: skip
_UPDATE = """
    UPDATE reconciliation_ordermatch AS m SET result = f.result, settled = f.settled, expected = f.expected, difference = f.difference,
        refunded = f.refunded, fees = f.fees, flags = f.flags, words = f.words, delivery_id = f.delivery_id,
        accepted_at = CASE WHEN m.result = f.result AND COALESCE(m.difference, 0) = COALESCE(f.difference, 0) THEN m.accepted_at END
    FROM reconciliation_found f WHERE m.settlement_id = %s AND m.order_id = f.order_id
"""
_COLUMNS = "settlement_id bigint, order_id text, result text, total numeric, settled numeric, expected numeric, difference numeric, \
refunded numeric, fees numeric, flags text, words text, note text, delivery_id bigint"


class Compared(NamedTuple):
    """Some orders with their results, their totals (order_id, total in 0.0001) and what was sold (order_id, delivery_id)."""

    matches: Matches
    totals: Any
    sold: Any


def store(settlement: Settlement, found: Iterable[Compared]) -> list[Match]:
    """Writes the result of every order that the totals name, part by part. Answers the orders that are within tolerance."""
    is_new = not OrderMatch.objects.filter(settlement=settlement).exists()
    passed: list[Match] = []
    if not is_new:
        _execute(f"CREATE TEMPORARY TABLE reconciliation_found ({_COLUMNS})")
    for part in found:
        rows = _Rows(settlement, part, is_new=is_new)
        rows.add(_plain(part.matches.clean, Result.MATCHED))
        rows.add(_plain(part.matches.unknown, Result.UNMATCHED_ORDER))
        for some in _portions(part.matches.others):
            rows.add(pa.Table.from_pylist([_row(one) for one in some], FOUND))
            passed += [one for one in some if one.result is Result.WITHIN_TOLERANCE]
        rows.end()
        give_back()
    if not is_new:
        _execute(_UPDATE, settlement.pk)
        _execute("DROP TABLE reconciliation_found")
    return passed


def _execute(statement: str, *params: Any) -> None:
    with database.cursor() as cursor:
        cursor.execute(statement, params)


class _Rows:
    """Completes the results of one part with what else a row holds, and writes them."""

    def __init__(self, settlement: Settlement, part: Compared, *, is_new: bool) -> None:
        self._settlement = settlement
        self._totals, self._sold = part.totals.combine_chunks(), part.sold.combine_chunks()
        self._seen: list[Any] = [pa.array([], pa.int32())]
        self._is_new = is_new

    def add(self, found: Any) -> None:
        """Some results (FOUND). An order that the settlement does not hold itself is not its own."""
        place = pc.index_in(found["order_id"], value_set=self._totals["order_id"])
        found, place = found.filter(pc.is_valid(place)), pc.drop_null(place)
        if not found.num_rows:
            return
        self._seen.append(_one(place))
        delivery = pc.index_in(found["order_id"], value_set=self._sold["order_id"])
        rows = found.num_rows
        columns = {name: found[name] for name in FOUND.names} | {
            "settlement_id": pa.repeat(pa.scalar(self._settlement.pk, pa.int64()), rows),
            "total": decimals(self._totals["total"].take(place), PLACES).cast(MONEY),
            "delivery_id": self._sold["delivery_id"].take(delivery),
            "note": pa.repeat("", rows),
        }
        fill(OrderMatch._meta.db_table if self._is_new else "reconciliation_found", pa.table(columns))

    def end(self) -> None:
        """Orders of which the settlement holds neither sale nor refund have no result."""
        places = pa.array(range(self._totals.num_rows), pa.int32())
        rest = pc.invert(pc.is_in(places, value_set=pa.concat_arrays(self._seen)))
        self.add(_nothing(self._totals.filter(rest)["order_id"]))


def _one(column: Any) -> Any:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _portions(matches: Iterator[Match]) -> Iterator[list[Match]]:
    while some := list(islice(matches, AT_ONCE)):
        yield some


def _plain(table: Any, result: Result) -> Any:
    """Orders with nothing more to say than their result: those that match, and those that are not in the hub."""
    rows, is_known = table.num_rows, result is Result.MATCHED
    nothing, zero = pa.nulls(rows, MONEY), _zero(rows)
    text = pa.repeat("" if is_known else f"It is not in the hub. {words.ADVICE[Result.UNMATCHED_ORDER]}", rows)
    columns = {
        "order_id": table["order_id"], "result": pa.repeat(str(result), rows), "settled": table["settled"],
        "expected": table["settled"] if is_known else nothing, "difference": zero if is_known else nothing, "refunded": table["refunded"],
        "fees": table["fees"], "flags": pa.repeat("", rows), "words": text,
    }  # fmt: skip
    return pa.table(columns, schema=FOUND)


def _nothing(orders: Any) -> Any:
    """Orders of which the settlement holds neither sale nor refund."""
    rows = len(orders)
    text, nothing, zero = pa.repeat("", rows), pa.nulls(rows, MONEY), _zero(rows)
    columns = {
        "order_id": orders, "result": text, "settled": zero, "expected": nothing, "difference": nothing, "refunded": zero, "fees": zero,
        "flags": text, "words": text,
    }  # fmt: skip
    return pa.table(columns, schema=FOUND)


def _zero(rows: int) -> Any:
    return pa.repeat(pa.scalar(0, pa.decimal128(20, 0)), rows).cast(MONEY)


def _row(one: Match) -> dict[str, Any]:
    return {
        "order_id": one.order_id, "result": str(one.result), "settled": one.settled, "expected": one.expected,
        "difference": one.difference, "refunded": one.refunded, "fees": one.fees, "flags": ",".join(one.flags),
        "words": words.explained(one),
    }  # fmt: skip
