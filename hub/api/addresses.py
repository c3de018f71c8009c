"""Webhook addresses: which connection an address belongs to, kept in memory for a few seconds."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from connectors.notices import Webhook
from connectors.registry import connectors
from hub import vault
from hub.models import Connection

KEEP_SECONDS = 5.0
_kept: dict[str, Address] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A connection as the intake of webhooks needs it. `settings` hold its secrets in clear and are never shown."""

    connection_id: int
    slug: str
    token: str = field(repr=False)
    webhook: Webhook = field(repr=False)
    settings: dict[str, str] = field(repr=False)
    read_at: float


def find(slug: str, token: str) -> Address | None:
    """The address's connection; None when the connection or its token is unknown, or its system sends no webhooks.

    Raises vault.WrongKeyError.
    """
    kept = _kept.get(slug)
    if kept and kept.read_at > time.monotonic() - KEEP_SECONDS and _same(kept.token, token):
        return kept
    return _checked(look_up(slug), token)


def look_up(slug: str) -> Address | None:
    """The address as the database has it now. Raises vault.WrongKeyError."""
    connection = Connection.objects.filter(slug=slug).first()
    declared = connectors().get(connection.connector) if connection else None
    if connection is None or declared is None or declared.webhook is None:
        _kept.pop(slug, None)
        return None
    _kept[slug] = Address(
        connection_id=connection.pk,
        slug=slug,
        token=connection.webhook_token,
        webhook=declared.webhook,
        settings=vault.connection_settings(connection),
        read_at=time.monotonic(),
    )
    return _kept[slug]


def _checked(address: Address | None, token: str) -> Address | None:
    return address if _same(address.token if address else "", token) else None


def _same(wanted: str, given: str) -> bool:
    return secrets.compare_digest(wanted.encode(), given.encode("utf-8", "replace")) and bool(wanted)


def forget() -> None:
    """Drops every address from memory."""
    _kept.clear()
