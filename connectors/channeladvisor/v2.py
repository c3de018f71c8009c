"""Orders in the v2 dialect: pages with an opaque cursor, bulk writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor import acknowledge
from connectors.channeladvisor.client import rows_of
from connectors.channeladvisor.dialect import Dialect, Row, numeric
from connectors.channeladvisor.times import normalised
from connectors.errors import ConnectorError, CursorExpiredError, MissingError
from connectors.http import JsonClient

PATH = "v2/orders"
PAGE = 100


def sweep(client: JsonClient, unexported: bool, since: str) -> Iterator[Row]:
    """Orders by (UpdatedDateUtc, id). A cursor that expired on the way starts the sweep again from the last order seen.

    Raises CursorExpiredError when even a fresh cursor is refused.
    """
    query: dict[str, Any] = {"limit": PAGE, **({"exported": "false"} if unexported else {}), **({"updated_since": since} if since else {})}
    place, as_of, used, moved = "", "", set[str](), False
    while place not in used:
        used.add(place)
        try:
            body = client.get(PATH, **query, **({"cursor": place} if place else {}))
        except ConnectorError as error:
            if error.code != "cursor_expired":
                raise
            if not moved:
                raise CursorExpiredError(error.message, status=error.status, code=error.code) from None
            place, used, moved = "", set(), False
            continue
        as_of = as_of or _server_time(body)
        for raw in rows_of(body, "Data"):
            yield Row(raw=raw, as_of=as_of)
            seen = normalised(raw.get("UpdatedDateUtc")) if isinstance(raw, dict) else ""
            if seen:
                query_since, moved = max(seen, str(query.get("updated_since", ""))), True
                since = query_since
        place = _next(body)
        if not place:
            return
