"""Financial transactions: what Amazon booked, before a settlement closes (Amazon SP-API reference, 13.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.amazon import times
from connectors.base import Payload, Record, Stream, Summary
from connectors.errors import RejectedError
from connectors.http import JsonClient
from connectors.wire import encode

PATH = "finances/2024-06-19/transactions"
LATE = timedelta(hours=48)
"""A transaction shows up to this long after the time it is posted at."""
LONGEST = timedelta(days=180)
"""A longer time answers nothing, without an error."""
RECENT = timedelta(minutes=3)
"""Times must be more than two minutes old."""
STEP = timedelta(minutes=30)
"""Less is not worth reading the last 48 hours again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where reading stands: everything posted before `at` was read once, and of the walk up to `until` the pages before `token`.

    Written `<at>`, within a walk `<at>~<page, 5 digits>~<until>~<token>`; the text rises with every step.
    """

    at: datetime | None
    page: int = 0
    until: datetime | None = None
    token: str = ""

    @classmethod
    def of(cls, cursor: str) -> Place:
        at, _, rest = cursor.partition("~")
        page, _, rest = rest.partition("~")
        until, _, token = rest.partition("~")
        return cls(at=times.parsed(at), page=int(page) if page.isdigit() else 0, until=times.parsed(until), token=token)

    def __str__(self) -> str:
        if not self.at:
            return ""
        at = times.written(self.at)
        return f"{at}~{self.page:05d}~{times.written(self.until)}~{self.token}" if self.until and self.token else at


def pages(client: JsonClient, *, after: datetime, before: datetime, token: str = "") -> Iterator[tuple[list[Any], str]]:
    """Every page of a time of at most 180 days: its transactions and the token of the next one. Pages may be empty; only a missing
    token ends the list (Amazon SP-API reference, 13.1)."""
    query = {"postedAfter": times.written(after), "postedBefore": times.written(before)}
    seen = {token}
    while True:
        answer = client.call("GET", PATH, query={**query, **({"nextToken": token} if token else {})}, limit="listTransactions").body
        page = (answer or {}).get("payload") or {}
        token = str(page.get("nextToken") or "")
        yield page.get("transactions") or [], token
        if not token or token in seen:
            return
        seen.add(token)


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Everything posted since the cursor and the 48 hours before it, in walks of at most 180 days; at first the last 180 days.

    The last record of a page says where the walk stands, so that a walk that was stopped goes on with its next page.
    """
    place, end = Place.of(cursor), times.now() - RECENT
    at, seen = place.at or end - LONGEST + LATE, set[str]()
    if place.until and place.token:
        yield from _walk(client, replace(place, at=at), at=at, until=place.until, seen=seen)
        at = place.until
    while at + STEP <= end:
        until = min(at - LATE + LONGEST, end)
        yield from _walk(client, Place(at=at), at=at, until=until, seen=seen)
        at = until


def record(row: Any, cursor: str = "") -> Record:
    """A transaction as a record; one without its id is told apart by its content and fails alone."""
    if not isinstance(row, dict) or not row.get("transactionId"):
        name = f"unreadable-{hashlib.sha256(encode(row)).hexdigest()[:16]}"
        return Record(key=name, payload={}, cursor=cursor, problem="Amazon sent a transaction without its id; open a case at Amazon.")
    posted = times.parsed(row.get("postedDate"))
    version = f"{times.written(posted) if posted else ''} {row.get('transactionStatus') or ''}".strip()
    return Record(key=str(row["transactionId"]), payload=row, cursor=cursor, version=version)


def related(row: Payload, name: str) -> str:
    """The identifier of that name that a transaction carries, such as ORDER_ID; "" when it has none."""
    found = (one for one in row.get("relatedIdentifiers") or () if isinstance(one, dict) and one.get("relatedIdentifierName") == name)
    return str(next(found, {}).get("relatedIdentifierValue") or "")


def summary(row: Payload) -> Summary:
    """Kind and order, amount, time."""
    total = row.get("totalAmount")
    amount, currency = (total.get("currencyAmount"), total.get("currencyCode")) if isinstance(total, dict) else (None, None)
    return Summary(
        title=f"{row.get('transactionType') or 'Transaction'} {related(row, 'ORDER_ID')}".strip(),
        amount="" if amount is None else str(amount),
        currency=str(currency or ""),
        placed_at=str(row.get("postedDate") or ""),
    )


def _walk(client: JsonClient, place: Place, *, at: datetime, until: datetime, seen: set[str]) -> Iterator[Record]:
    """One time from its first page, or from the place's page on; a token that is no longer valid starts it again."""
    try:
        yield from _records(client, place, after=at - LATE, until=until, seen=seen)
    except RejectedError as error:
        if error.status != 400 or not place.token:
            raise
        yield from _records(client, replace(place, token=""), after=at - LATE, until=until, seen=seen)


def _records(client: JsonClient, place: Place, *, after: datetime, until: datetime, seen: set[str]) -> Iterator[Record]:
    """`seen` are the keys of this reading, since walks overlap and pages may repeat."""
    number = place.page
    for rows, token in pages(client, after=after, before=until, token=place.token):
        number += 1
        found = list({one.key: one for one in map(record, rows) if one.key not in seen}.values())
        seen.update(one.key for one in found)
        yield from found[:-1]
        if found:
            reached = Place(at=place.at, page=number, until=until, token=token) if token else Place(at=until)
            yield replace(found[-1], cursor=str(reached))


TRANSACTIONS = Stream(
    id="transactions",
    label="Financial transactions",
    schema="transaction",
    read=read,
    summary=summary,
    limit="listTransactions",
)
