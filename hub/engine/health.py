"""A connection's health: refused credentials stop it, too many failures in a row open its circuit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from connectors.registry import connector
from hub.core import policy
from hub.engine.rows import Done, Failed, Row
from hub.models import Connection, ErrorRecord


def may_send(connection: Connection, now: datetime) -> bool:
    """False while the connection is switched off, its credentials are refused, or its circuit is open."""
    if not connection.enabled or connection.status == Connection.Status.REFUSED:
        return False
    return connection.open_until is None or connection.open_until <= now


def judge(target: Connection, rows: Sequence[Row], *, now: datetime) -> None:
    """Refused credentials stop a connection; too many failures in a row open its circuit."""
    for row in rows:
        if isinstance(row.result, Failed) and row.result.error.category == "credentials":
            guilty = row.flow.source if row.result.at_source else target
            if guilty is not None:
                refuse(guilty, row.result.error.message, now=now)
                break
    _circuit(target, rows, now)


def _circuit(target: Connection, rows: Sequence[Row], now: datetime) -> None:
    # One bulk call that fails gives all its rows the same error: it counts as one failure.
    # One that counts its calls by kind and takes no more of one kind is not unwell: only that limit is closed.
    signs = (
        ("transient", "unknown_outcome") if len(connector(target.connector).limits) > 1 else ("transient", "throttled", "unknown_outcome")
    )
    unwell = {
        id(row.result.error): row.result.error
        for row in rows
        if isinstance(row.result, Failed) and not row.result.at_source and row.result.error.category in signs
    }
    worked = sum(
        isinstance(row.result, Done) or (isinstance(row.result, Failed) and row.result.error.category == "rejected") for row in rows
    )
    if not unwell and not target.failures:
        return
    waits = [error.retry_after for error in unwell.values() if error.retry_after is not None]
    before = policy.Circuit(failures=target.failures, open_until=target.open_until)
    after = policy.circuit(before, worked=worked, failed=len(unwell), now=now, retry_after=max(waits, default=None), pace=settings.HUB_PACE)
    if after != before:
        # Another worker may have judged meanwhile; whoever read the older state leaves it.
        unchanged = Connection.objects.filter(pk=target.pk, failures=before.failures, open_until=before.open_until)
        unchanged.update(failures=after.failures, open_until=after.open_until)


def refuse(connection: Connection, words: str, *, now: datetime) -> None:
    """Stops a connection whose credentials are not accepted and says so once, until a successful test starts it again."""
    changed = (
        Connection.objects.filter(pk=connection.pk)
        .exclude(status=Connection.Status.REFUSED)
        .update(status=Connection.Status.REFUSED, status_words=words[:400], checked_at=now)
    )
    if changed:
        ErrorRecord.objects.create(
            connection=connection, category="credentials", cause=f"credentials:{connection.slug}", message=words[:600],
            advice=policy.advice("credentials"), created_at=now,
        )  # fmt: skip
