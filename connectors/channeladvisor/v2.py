"""Orders in the v2 dialect: pages with an opaque cursor, bulk reads by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor.client import rows_of
from connectors.channeladvisor.dialect import Dialect, Row, named_centers, numeric
from connectors.channeladvisor.times import normalised
from connectors.errors import ConnectorError, CursorExpiredError, MissingError
from connectors.http import JsonClient

PATH = "v2/orders"
PAGE = 100


def sweep(client: JsonClient, unexported: bool, since: str) -> Iterator[Row]:
    """Orders by (UpdatedDateUtc, id). A cursor that expired on the way restarts the sweep from the last order seen.

    Raises CursorExpiredError when the restart would begin where the last one did.
    """
    last = since
    while True:
        try:
            for row in _pages(client, _changed(unexported, since)):
                yield row
                last = max(last, _updated(row.raw))
            return
        except ConnectorError as error:
            if error.code != "cursor_expired":
                raise
            if last <= since:
                raise CursorExpiredError(error.message, status=error.status, code=error.code) from None
            since = last


def placed(client: JsonClient, exported: bool, since: str, until: str) -> Iterator[Row]:
    """Orders placed since then, taken or untaken; the list has no upper bound."""
    return _pages(client, {"exported": "true" if exported else "false", "created_since": since})


def _changed(unexported: bool, since: str) -> dict[str, str]:
    return {**({"exported": "false"} if unexported else {}), **({"updated_since": since} if since else {})}


def _pages(client: JsonClient, wanted: dict[str, str]) -> Iterator[Row]:
    query = {"limit": PAGE, **wanted}
    place, as_of, used = "", "", set[str]()
    while place not in used:
        used.add(place)
        body = client.get(PATH, **query, **({"cursor": place} if place else {}))
        rows = rows_of(body, "Data")
        as_of = as_of or normalised(body.get("ServerTimeUtc"))
        for raw in rows:
            yield Row(raw=raw, as_of=as_of)
        place = _next(body)
        if not place:
            return


def one(client: JsonClient, key: str) -> Row | None:
    """The order of that number, None when there is none."""
    if not numeric([key]):
        return None
    try:
        return Row(raw=client.get(f"{PATH}/{key}"), as_of="")
    except MissingError:
        return None


def many(client: JsonClient, keys: Sequence[str]) -> Iterator[Row]:
    """The orders of these numbers, 100 a call; missing ones are left out."""
    wanted = numeric(keys)
    for start in range(0, len(wanted), PAGE):
        body = client.get(PATH, channel_advisor_order_id=wanted[start : start + PAGE], limit=PAGE)
        for raw in rows_of(body, "Data"):
            yield Row(raw=raw, as_of="")


def shape(client: JsonClient, row: Row) -> Payload:
    """The order as it came: v2 is the shape that all mappings know."""
    return dict(row.raw)


def _updated(raw: Any) -> str:
    return normalised(raw.get("UpdatedDateUtc")) if isinstance(raw, dict) else ""


def _next(body: dict[str, Any]) -> str:
    paging = body.get("Paging")
    return str(paging.get("NextCursor") or "") if isinstance(paging, dict) and paging.get("HasMore") else ""


DIALECT = Dialect(id_field="ChannelAdvisorOrderID", sweep=sweep, one=one, many=many, shape=shape, external=named_centers)
