"""The ids of all orders of a closed time, from a source other than the order list (Amazon SP-API reference, 12.3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.amazon import flat_files, reports, times, transactions
from connectors.amazon.reports import Kind, Window
from connectors.amazon.transactions import related
from connectors.errors import CredentialsError, RejectedError
from connectors.http import JsonClient

ALL_ORDERS = Kind(type="GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL", label="all orders")


def census(client: JsonClient, since: str, until: str) -> Iterator[str]:
    """The id of every order that was last changed from `since` to `until` (RFC 3339), each once; sales elsewhere are left out.

    Where Amazon refuses the report, the ids come from the financial transactions of that time, which know shipped orders only.
    Raises NotReadyError while Amazon makes the report, ValueError for a time that is none.
    """
    start, end = times.parsed(since), times.parsed(until)
    if start is None or end is None:
        raise ValueError("A census needs two times.")
    try:
        report = reports.made(client, ALL_ORDERS, Window(start=start, end=end, asked_since=end), now=times.now())
        text = "" if report.empty else reports.text_of(client, reports.download(client, report))
    except (RejectedError, CredentialsError) as error:
        if error.status not in (400, 403):
            raise
        found = _booked(client, start, end)
    else:
        found = _reported(text) if text else iter(())
    yield from dict.fromkeys(found)


def _reported(text: str) -> Iterator[str]:
    for row in flat_files.rows(text, needed=("amazonOrderId",), what=ALL_ORDERS.label):
        if not row.values.get("salesChannel", "").lower().startswith("non-amazon"):
            yield row.values["amazonOrderId"]


def _booked(client: JsonClient, start: datetime, end: datetime) -> Iterator[str]:
    for rows, _ in transactions.pages(client, after=start, before=end):
        yield from filter(None, (related(row, "ORDER_ID") for row in rows if isinstance(row, dict)))
