"""Whether a flow may read: it and its source are switched on, and the source accepts our credentials."""

from __future__ import annotations

from django.db.models import Q

from hub.models import Connection, Flow, SyncRun

PAUSED = 120.0
"""Seconds until what was interrupted looks again whether its source may be read."""


def is_off(flow: Flow) -> bool:
    """Whether the flow or its source is switched off at this moment; what was loaded earlier does not count. One small query."""
    return Flow.objects.filter(Q(enabled=False) | Q(source__enabled=False), pk=flow.pk).exists()


def why_not(flow: Flow) -> str:
    """Why the flow cannot be read, in words; "" when it can."""
    if flow.source is None or not flow.stream:
        return "This flow follows another one and reads nothing itself."
    if not flow.enabled:
        return "The flow is switched off."
    if not flow.source.enabled:
        return f"The connection {flow.source} is switched off."
    if flow.source.status == Connection.Status.REFUSED:
        return f"{flow.source} does not accept our credentials. Correct them and press Test connection."
    return ""


def waits_for_switch(run: SyncRun) -> bool:
    """What was asked for by name or time goes on after the switch, since no later reading makes up for it; a command says so instead."""
    return bool(run.keys or run.since) and run.trigger != SyncRun.Trigger.COMMAND and is_off(run.flow)
