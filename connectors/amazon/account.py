"""The selling account: in which marketplaces it takes part (Amazon SP-API reference, 15)."""

from __future__ import annotations

import time
from dataclasses import dataclass

from connectors.amazon.client import EXPIRED, AmazonClient
from connectors.amazon.regions import chosen
from connectors.errors import ConnectorError, CredentialsError, TransientError
from connectors.http import JsonClient
from connectors.wire import encode

SHUT_FOR = 6 * 3600.0
"""Seconds until a marketplace that denied access is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """One marketplace as the account sees it."""

    marketplace_id: str
    name: str
    active: bool
    suspended: bool


def participations(client: JsonClient) -> list[Participation]:
    """Every marketplace that the account sees. Raises ConnectorError; allowed once a minute, so only for people who press a button."""
    body = client.call("GET", "sellers/v1/marketplaceParticipations", limit="getMarketplaceParticipations").body
    rows = body.get("payload") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise TransientError("Amazon answered the question for the marketplaces with something that is not a list.")
    return [_participation(row) for row in rows if isinstance(row, dict)]


def _participation(row: dict[str, dict[str, object]]) -> Participation:
    place, part = row.get("marketplace") or {}, row.get("participation") or {}
    return Participation(
        marketplace_id=str(place.get("id") or ""),
        name=str(place.get("name") or ""),
        active=part.get("isParticipating") is True,
        suspended=part.get("hasSuspendedListings") is True,
    )


def open_marketplaces(client: JsonClient) -> tuple[str, ...]:
    """The connection's marketplaces without those that recently denied access."""
    shut = client.shut if isinstance(client, AmazonClient) else {}
    return tuple(one for one in chosen(client.settings) if shut.get(one, 0.0) <= time.monotonic())


def shut_out(client: JsonClient, error: CredentialsError) -> bool:
    """After a 403 for several marketplaces: leaves out those that denied it. False where that is none of them, or all.

    One marketplace does not block the others (Amazon SP-API reference, 6.5).
    """
    asked = open_marketplaces(client)
    if error.status != 403 or error.code == EXPIRED or len(asked) < 2 or not isinstance(client, AmazonClient):
        return False
    denied = [one for one in asked if one.encode() in encode(error.answer)] or _not_seen(client, asked)
    if not denied or len(denied) == len(asked):
        return False
    client.shut |= dict.fromkeys(denied, time.monotonic() + SHUT_FOR)
    return True


def _not_seen(client: JsonClient, asked: tuple[str, ...]) -> list[str]:
    try:
        seen = {one.marketplace_id for one in participations(client) if one.active}
    except ConnectorError:
        return []
    return [one for one in asked if one not in seen]
