"""The list of connectors: one line each."""

from __future__ import annotations

from functools import cache

from connectors.base import Connector


@cache
def connectors() -> dict[str, Connector]:
    """Every connector by its id."""
    from connectors import amazon, channeladvisor, tims

    return {one.id: one for one in (amazon.CONNECTOR, channeladvisor.CONNECTOR, tims.CONNECTOR)}


def connector(connector_id: str) -> Connector:
    """The connector of that id. KeyError when there is none."""
    return connectors()[connector_id]
