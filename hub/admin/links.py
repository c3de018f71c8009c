"""Where a person can look at a record in the system it came from and in the system it went to.

A connection's setting `page_<stream or operation>` names its web page; without it the record's address in the API serves.
"""

from __future__ import annotations

from urllib.parse import quote

from connectors.registry import connectors
from hub.models import Connection, Delivery, Flow


def origin(flow: Flow) -> tuple[Connection | None, str]:
    """The connection and stream that a flow's records come from; a flow after another has that one's."""
    first = flow.after if flow.after is not None else flow
    return first.source, first.stream


def source_link(delivery: Delivery) -> str:
    """The record's address in its source system, "" where none is known."""
    connection, stream = origin(delivery.flow)
    return _address(connection, "streams", stream, delivery.key)


def target_link(delivery: Delivery) -> str:
    """The made document's address in the target system, "" before it is delivered."""
    return _address(delivery.flow.target, "operations", delivery.flow.operation, delivery.target_key)


def _address(connection: Connection | None, kind: str, name: str, key: str) -> str:
    declared = connectors().get(connection.connector) if connection else None
    if connection is None or declared is None or not key:
        return ""
    page = str(connection.settings.get(f"page_{name}", "")).strip()
    if page.startswith(("http://", "https://")):
        return page.replace("{key}", quote(key, safe=""))
    path = next((one.link for one in getattr(declared, kind) if one.id == name), "")
    base = str(connection.settings.get("base_url", "")).rstrip("/")
    if not path or not base.startswith(("http://", "https://")):
        return ""
    return f"{base}/{path.lstrip('/').replace('{key}', quote(key, safe=''))}"
