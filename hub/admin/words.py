"""How states, times, money and waiting keys are written for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors.registry import connectors
from hub.models import Connection, Delivery

LOOKS: dict[str, str] = {
    "delivered": "ok",
    "working": "ok",
    "done": "ok",
    "healed": "ok",
    "success": "ok",
    "sending": "info",
    "pending": "info",
    "running": "info",
    "received": "info",
    "waiting": "warn",
    "held": "warn",
    "resolved": "ok",
    "untested": "mute",
    "stopped": "warn",
    "failed": "bad",
    "failing": "bad",
    "refused": "bad",
    "open": "bad",
}


def badge(state: str, words: str) -> SafeString:
    """A coloured label; the word always stands beside the colour."""
    return format_html('<span class="hub-badge hub-{}">{}</span>', LOOKS.get(state, "mute"), words)


def when(moment: datetime | None) -> SafeString | str:
    """ "3 minutes ago", the exact time as a hint."""
    if moment is None:
        return "–"
    exact = timezone.localtime(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', exact.isoformat(), f"{exact:%Y-%m-%d %H:%M:%S %Z}", naturaltime(moment))


def money(amount: Decimal | None, currency: str) -> str:
    """`1,234.50 USD`; empty when there is no amount."""
    return f"{amount:,.2f} {currency}".strip() if amount is not None else ""


def receipt(delivery: Delivery) -> str:
    """ "Taken by Amazon, receipt 50123/7; asked again in 30 seconds"; empty for what no target has to decide."""
    if not delivery.ticket:
        return ""
    when_asked = "asked again at once"
    if delivery.state == Delivery.State.SENDING:
        when_asked = "asked right now"
    elif delivery.due_at > timezone.now():
        when_asked = f"asked again {naturaltime(delivery.due_at)}"
    return f"Taken by {delivery.flow.target}, receipt {delivery.ticket}; {when_asked}"


def sums(amounts: Iterable[tuple[str, Decimal | None]]) -> str:
    """Sums per currency, the largest first: `1,234.50 USD · 99.00 EUR`."""
    known = sorted(((amount, currency) for currency, amount in amounts if amount), reverse=True)
    return " · ".join(money(amount, currency) for amount, currency in known)


def stream_label(connector: str, stream: str) -> str:
    """What a system calls the records of a stream; the id where the system is not installed."""
    declared = connectors().get(connector)
    found = next((one.label for one in declared.streams if one.id == stream), stream) if declared else stream
    return found.lower()


def awaited(waits_for: str, connections: Mapping[int, Connection]) -> str:
    """`record/2/items/abc-1` in words: "Waits for abc-1 (items) in TIMS"; `reference/1-2/…` names source and target."""
    parts = waits_for.split("/", 3)
    if len(parts) < 4 or not (number := parts[1].split("-")[0]).isdecimal():
        return waits_for
    kind, _, stream, key = parts
    connection = connections.get(int(number))
    name, label = (connection.name, stream_label(connection.connector, stream)) if connection else ("a removed connection", stream)
    if kind == "reference":
        return f"Waits until {key} ({label} of {name}) has been delivered"
    return f"Waits for {key} ({label}) in {name}"
