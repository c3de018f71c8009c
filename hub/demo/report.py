"""The report of the scripted day."""

from __future__ import annotations

from django.db import connection as database
from django.db.models import Count, Q
from rich.markup import escape

from hub.console import table
from hub.demo.acts import Day
from hub.demo.books import Comparison
from hub.demo.flows import ORDERS as ORDER_FLOW
from hub.models import Attempt, Delivery, ErrorRecord, InboundEvent, SyncRun

SHOWN = 25


def report(day: Day, found: Comparison, *, seconds: float) -> None:
    """What happened, what stopped and why, and whether the books agree."""
    day.to.print("", table(f"A day of {len(day.orders)} orders", ("what was done", "count"), sorted(day.notes.items())))
    day.to.print("", table("What the hub went through", ("what", "count"), hub_counts()))
    day.to.print("", table("Where the orders are now", ("state", "orders"), sorted(found.counts.items())))
    stopped = ErrorRecord.objects.filter(state=ErrorRecord.State.OPEN, flow__slug=ORDER_FLOW).order_by()
    reasons = list(stopped.values_list("message").annotate(count=Count("delivery", distinct=True)).order_by("-count")[:8])
    if reasons:
        day.to.print("", table("Stopped, as intended", ("reason", "orders"), reasons))
    for sentence in found.differences[:SHOWN]:
        day.to.print(f"[red]{escape(sentence)}[/]")
    if len(found.differences) > SHOWN:
        day.to.print(f"[red]… and {len(found.differences) - SHOWN} more differences.[/]")
    verdict = "[bold red]The books differ.[/]" if found.differences else "[bold green]The books agree, order by order.[/]"
    day.to.print(f"\n{verdict} {database.vendor}, {seconds:.0f} s")


def hub_counts() -> list[tuple[str, int]]:
    """What the hub's own records say of the day."""
    retried = Attempt.objects.values("delivery").annotate(tries=Count("pk")).filter(tries__gt=1).count()
    states = Delivery.objects.aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in ("delivered", "superseded", "skipped", "held", "failed")}
    )
    return [
        ("webhook events taken", InboundEvent.objects.count()),
        ("runs", SyncRun.objects.count()),
        ("deliveries that needed more than one attempt", retried),
        *((f"deliveries {name}", count) for name, count in states.items()),
    ]
