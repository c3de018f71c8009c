"""Asks a system to announce its changes: on its queue where the connection has one, else at this hub's webhook address."""

from __future__ import annotations

from connectors.base import Connector
from connectors.errors import UnsupportedError
from hub import clients, vault
from hub.models import Connection


def can_subscribe(declared: Connector) -> bool:
    """Whether the system can be asked at all; where not, people set it up there by hand."""
    return bool((declared.inbox and declared.inbox.subscribe) or (declared.webhook and declared.webhook.subscribe))


def subscribe(connection: Connection, hub_address: str) -> str:
    """Safe to repeat; answers in words what is announced now. Raises ConnectorError, vault.WrongKeyError, KeyError, ValueError."""
    declared = clients.connector(connection)
    if declared.inbox and declared.inbox.subscribe:
        return declared.inbox.subscribe(clients.client(connection))
    if declared.webhook is None or declared.webhook.subscribe is None:
        raise UnsupportedError(f"{declared.label} cannot be asked for webhooks; paste the address there by hand.")
    secret = vault.connection_settings(connection).get("webhook_secret", "")
    name = declared.webhook.subscribe(clients.client(connection), webhook_address(connection, hub_address), secret)
    return f"{declared.label} sends its webhooks to this hub now (subscription {name})."


def webhook_address(connection: Connection, hub_address: str) -> str:
    """Where webhooks for a connection come in."""
    return f"{hub_address.rstrip('/')}/api/webhooks/{connection.slug}/{connection.webhook_token}"
