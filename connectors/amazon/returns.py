"""Returns: requests that buyers made for parcels of the seller, and units that came back to Amazon (Amazon SP-API reference, 12.2)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.amazon import flat_files, reports, times
from connectors.amazon.flat_files import Row
from connectors.amazon.reports import Kind, Report, Window
from connectors.base import Payload, Record, Stream, Summary
from connectors.http import JsonClient

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
LONGEST = timedelta(days=60)
"""The longest time of one report of merchant returns."""
FIRST = timedelta(days=59)


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """One report of returns. `again`: rows change for so long after the return date, so that much is read again each time.

    `step`: it is not worth asking more often. `key` are the fields that name a row.
    """

    kind: Kind
    key: tuple[str, ...]
    needed: tuple[str, ...]
    again: timedelta
    step: timedelta


MERCHANT = Returns(
    kind=Kind(type="GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE", label="returns"),
    key=("amazonRmaId", "orderId", "asin"),
    needed=("orderId",),
    again=timedelta(days=30),
    step=timedelta(hours=1),
)
AT_AMAZON = Returns(
    kind=Kind(type="GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA", label="returns to Amazon", every=timedelta(hours=4)),
    key=("licensePlateNumber", "orderId", "sku", "returnDate"),
    needed=("orderId", "returnDate"),
    again=timedelta(days=7),
    step=timedelta(hours=4),
)


def reader(returns: Returns) -> Callable[[JsonClient, str], Iterator[Record]]:
    """The `read` of a stream of returns. The last record of a report carries the report's end as cursor, the others none.

    Each report begins before the cursor, since rows still change. Raises NotReadyError while Amazon makes the report.
    """

    def read(client: JsonClient, cursor: str) -> Iterator[Record]:
        now = times.now()
        last = times.floored(now, returns.step)
        at = times.parsed(cursor) or times.floored(now, timedelta(days=1)) - FIRST + returns.again
        while at + returns.step <= last:
            start = at - returns.again
            window = Window(start=start, end=min(start + LONGEST, last), asked_since=at)
            report, found = _newest(client, returns, window, now)
            yield from found[:-1]
            if found:
                yield replace(found[-1], cursor=times.written(report.end or window.end))
                return
            at = window.end

    return read


def records(returns: Returns, text: str, report_id: str) -> Iterator[Record]:
    """The rows of a report as records. Rows that are named alike are all kept: the key of the second one ends in `#2`."""
    met: Counter[str] = Counter()
    for row in flat_files.rows(text, needed=returns.needed, what=returns.kind.label):
        made = _record(returns, row, report_id)
        met[made.key] += 1
        yield made if met[made.key] == 1 else replace(made, key=f"{made.key}#{met[made.key]}")


def summary(row: Payload) -> Summary:
    """The order, what is refunded, when."""
    amount = str(row.get("refundedAmount") or "")
    return Summary(
        title=f"Return of {row.get('orderId') or 'an unknown order'}",
        amount=amount if _NUMBER.fullmatch(amount) else "",
        currency=str(row.get("currencyCode") or ""),
        placed_at=str(row.get("returnRequestDate") or row.get("returnDate") or ""),
    )


def _newest(client: JsonClient, returns: Returns, window: Window, now: datetime) -> tuple[Report, list[Record]]:
    """The report of a window with its records. One without any that ends too early is asked for anew, up to the window's end."""
    report = reports.made(client, returns.kind, window, now=now)
    found = _read(client, returns, report)
    if not found and (report.end or window.end) < window.end:
        report = reports.ask(client, returns.kind, window)
        found = _read(client, returns, report)
    return report, found


def _read(client: JsonClient, returns: Returns, report: Report) -> list[Record]:
    if report.empty:
        return []
    return list(records(returns, reports.text_of(client, reports.download(client, report)), report.id))


def _record(returns: Returns, row: Row, report_id: str) -> Record:
    problem = row.problem
    if not problem and not row.values.get("orderId"):
        problem = f"Line {row.number} of Amazon's report of {returns.kind.label} names no order. Look the return up in Seller Central."
    if problem:
        return Record(key=f"unreadable-{report_id}-{row.number}", payload={}, problem=problem)
    return Record(key="/".join(row.values.get(name) or "-" for name in returns.key), payload=dict(row.values))


RETURNS = Stream(
    id="returns",
    label="Returns of seller-fulfilled orders",
    schema="return",
    read=reader(MERCHANT),
    summary=summary,
    limit="createReport",
)
FBA_RETURNS = Stream(
    id="fba_returns",
    label="Returns to Amazon's warehouses",
    schema="fba_return",
    read=reader(AT_AMAZON),
    summary=summary,
    limit="createReport",
)
