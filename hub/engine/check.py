"""Test connection: asks the system what works and what doesn't, and keeps the answer in words."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from datetime import datetime
from typing import Any

from connectors.base import Finding
from connectors.errors import ConnectorError
from hub import clients, vault
from hub.core.lanes import Lane
from hub.engine.health import refuse
from hub.models import Connection, ErrorRecord

TIMEOUT = (5.0, 15.0)
"""Seconds to connect and to answer, per call: a person is waiting."""
_NEED = "Enter all required settings first, then press Test connection again."


def check_connection(connection: Connection, *, now: datetime) -> list[Finding]:
    """What was tried, in words; stored with the connection. A success starts a refused connection again and closes its circuit."""
    findings, environment = _ask(connection)
    works = _works(findings)
    refused = any(one.what == "Credentials" and not one.ok for one in findings)
    words = "; ".join(one.words for one in findings if not one.ok) or "Everything that was tried works."
    status = Connection.Status.WORKING if works else Connection.Status.FAILING
    values: dict[str, Any] = {
        "status": status, "status_words": words[:400], "checked_at": now, "environment": environment or connection.environment,
        "findings": [{"what": one.what, "ok": one.ok, "words": one.words} for one in findings],
    }  # fmt: skip
    if works:
        values |= {"failures": 0, "open_until": None}
    Connection.objects.filter(pk=connection.pk).update(**values)
    if refused:
        refuse(connection, words, now=now)
    elif works:
        _heal(connection, now)
    connection.refresh_from_db()
    return findings


def _works(findings: Sequence[Finding]) -> bool:
    return bool(findings) and all(one.ok or not one.vital for one in findings)


def _ask(connection: Connection) -> tuple[list[Finding], str]:
    """The findings and the environment that the system says it is."""
    try:
        declared = clients.connector(connection)
        client = copy(clients.client(connection))
        client.timeout = TIMEOUT
        with clients.meter(connection).paced(connection.pk, Lane.URGENT):
            findings = declared.check(client)
            environment = declared.environment(client) if declared.environment and _works(findings) else ""
        return findings, environment
    except ConnectorError as error:
        return [Finding(what="Credentials" if error.category == "credentials" else "Connection", ok=False, words=error.message)], ""
    except vault.WrongKeyError as error:
        return [Finding(what="Stored secrets", ok=False, words=str(error))], ""
    except (KeyError, ValueError):
        return [Finding(what="Settings", ok=False, words=_NEED)], ""


def _heal(connection: Connection, now: datetime) -> None:
    cause = f"credentials:{connection.slug}"
    ErrorRecord.objects.filter(cause=cause, state=ErrorRecord.State.OPEN).update(state=ErrorRecord.State.HEALED, closed_at=now)
