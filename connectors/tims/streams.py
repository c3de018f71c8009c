"""What changed in TIMS: delta lists, oldest change first (TIMS contract 1.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors.base import Payload, Record, Summary
from connectors.errors import CursorExpiredError, MissingError
from connectors.http import JsonClient
from connectors.tims.client import MergedError
from connectors.wire import encode

PAGE = 200
SKUS_A_CALL = 50
OVERLAP = timedelta(seconds=120)
SHIPPED = ("Fulfilled", "Completed", "Cancelled")


def moment(text: Any) -> str:
    """An RFC 3339 time as fixed-width UTC text, which sorts in time order; "" for anything else."""
    try:
        parsed = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return ""
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if parsed.tzinfo else ""


def watermark(server_time: Any) -> str:
    """The place from which the next sweep must read: the first page's time less the overlap."""
    at = moment(server_time)
    return moment((datetime.fromisoformat(at) - OVERLAP).isoformat()) if at else ""


def changed(client: JsonClient, path: str, since: str) -> Iterator[tuple[Any, str]]:
    """Every row changed since a time, each with the place that may be remembered once it is accepted.

    That place is never later than the watermark, so a row that was being written during the sweep is read by the next one.
    A cursor that expires in the middle starts the sweep again from the last row.
    """
    limit, start = "", since
    while True:
        try:
            for row, server_time in _rows(client, path, since):
                limit = limit or watermark(server_time)
                at = moment(row.get("UpdatedAt")) if isinstance(row, dict) else ""
                place = max(min(at, limit), start) if at and limit else ""
                since = max(since, place)
                yield row, place
            return
        except CursorExpiredError:
            if not since:
                raise


def listed(client: JsonClient, path: str, **query: Any) -> Iterator[Any]:
    """Every row of a filtered list."""
    return (row for row, _ in _pages(client, path, query))


def _rows(client: JsonClient, path: str, since: str) -> Iterator[tuple[Any, Any]]:
    return _pages(client, path, {"updated_since": since} if since else {})


def _pages(client: JsonClient, path: str, query: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Every row with the time of its page."""
    query = {"limit": PAGE, **query}
    seen: set[str] = set()
    while True:
        page = client.get(f"api/v1/{path}", **query)
        for row in page.get("Data") or ():
            yield row, page.get("ServerTime")
        after = str((page.get("Paging") or {}).get("NextCursor") or "")
        if not (page.get("Paging") or {}).get("HasMore") or not after or after in seen:
            return
        seen.add(after)
        query = {"limit": PAGE, "cursor": after}


def record(row: Any, key: str, cursor: str = "", aliases: Callable[[Payload], tuple[str, ...]] = lambda row: ()) -> Record:
    """A row as a Record; one without its key is told apart by its content and fails alone."""
    if not isinstance(row, dict) or not row.get(key):
        name = f"unreadable-{hashlib.sha256(encode(row)).hexdigest()[:16]}"
        return Record(
            key=name, payload={}, cursor=cursor, problem=f"TIMS sent a row without {key}; ask the TIMS administrator to look at it."
        )
    version = row.get("Version")
    text = f"{version:012d}" if isinstance(version, int) else moment(row.get("UpdatedAt"))
    return Record(key=str(row[key]), payload=row, cursor=cursor, version=text, aliases=aliases(row))


def reader(
    path: str, key: str, aliases: Callable[[Payload], tuple[str, ...]] = lambda row: ()
) -> Callable[[JsonClient, str], Iterator[Record]]:
    """The `read` of a stream."""
    return lambda client, cursor: (record(row, key, place, aliases) for row, place in changed(client, path, cursor))


def one_reader(
    path: str, key: str, aliases: Callable[[Payload], tuple[str, ...]] = lambda row: ()
) -> Callable[[JsonClient, str], Record | None]:
    """The `read_one` of a stream; a merged customer is followed once."""

    def read_one(client: JsonClient, wanted: str) -> Record | None:
        try:
            return record(fetch(client, path, wanted), key, aliases=aliases)
        except MissingError:
            return None

    return read_one


def listed_reader(path: str, key: str) -> Callable[[JsonClient, str], Record | None]:
    """The `read_one` of a short list whose rows TIMS does not give one by one."""

    def read_one(client: JsonClient, wanted: str) -> Record | None:
        rows = (row for row, _ in changed(client, path, "") if isinstance(row, dict) and str(row.get(key)) == wanted)
        return next((record(row, key) for row in rows), None)

    return read_one


def fetch(client: JsonClient, path: str, key: str) -> Payload:
    """A document; a merged one is followed once. Raises MissingError."""
    try:
        found: Payload = client.get(f"api/v1/{path}/{quote(key, safe='')}")
    except MergedError as merged:
        if not merged.into:
            raise
        found = client.get(f"api/v1/{path}/{quote(merged.into, safe='')}")
    return found


def read_items(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """Several items in few calls."""
    found: list[Record] = []
    for start in range(0, len(keys), SKUS_A_CALL):
        page = client.get("api/v1/items", sku=list(keys[start : start + SKUS_A_CALL]), limit=PAGE)
        found += [record(row, "SKU") for row in page.get("Data") or ()]
    return found


def order_aliases(row: Payload) -> tuple[str, ...]:
    """`Amazon US:112-4455667-7788990`, the name under which other systems know the order."""
    name, number = row.get("MarketplaceName"), row.get("MarketplaceOrderID")
    return (f"{name}:{number}",) if name and number else ()


def order_summary(row: Payload) -> Summary:
    """Marketplace and number, total, time."""
    title = (
        f"{row.get('MarketplaceName') or row.get('SourceSystem') or ''} {row.get('MarketplaceOrderID') or row.get('ExternalOrderID') or ''}"
    )
    amount = "" if row.get("TotalAmount") is None else str(row["TotalAmount"])
    return Summary(title=title.strip(), amount=amount, currency=str(row.get("Currency") or ""), placed_at=moment(row.get("OrderedAt")))


def order_settled_at(row: Payload) -> str:
    """When nothing is left to ship, the time of the last change."""
    return moment(row.get("UpdatedAt")) if row.get("OrderStatus") in SHIPPED else ""
