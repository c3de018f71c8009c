"""The report of the scripted day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from django.db import connection as database
from django.db.models import Count, Q
from rich.markup import escape

from connectors.sandbox import Sandbox
from hub.console import table
from hub.demo.acts import FLOWS, Day
from hub.demo.books import ELSEWHERE, Comparison
from hub.demo.closing import Closed
from hub.demo.ordered import AMAZON, CHANNELADVISOR
from hub.demo.parcels import Parcels
from hub.demo.standins import SCALE
from hub.models import Attempt, Delivery, ErrorRecord, InboundEvent, SyncRun

SHOWN = 25


def report(day: Day, found: Comparison, parcels: Parcels, closed: Closed, *, seconds: float) -> None:
    """What happened, what stopped and why, and whether the books agree."""
    day.to.print("", table(f"A day of {day.size} orders", ("what was done", "count"), sorted(day.notes.items())))
    day.to.print("", table("What the hub went through", ("what", "count"), hub_counts()))
    day.to.print("", table("Channel by channel", ("what", *FLOWS), by_channel(day, found, parcels)))
    words = f"{found.twins} orders came through both channels and are one sales order each; both roads are shown with it."
    day.to.print(words, f"Amazon's usage plans ran {SCALE:g} times as fast as its real ones.", sep="\n")
    for one in closed.shown:
        day.to.print("", one)
    stopped = ErrorRecord.objects.filter(state=ErrorRecord.State.OPEN).order_by()
    reasons = list(stopped.values_list("message").annotate(count=Count("delivery", distinct=True)).order_by("-count")[:8])
    if reasons:
        day.to.print("", table("Stopped, as intended", ("reason", "deliveries"), reasons))
    differences = [*found.differences, *parcels.differences, *closed.differences]
    for sentence in differences[:SHOWN]:
        day.to.print(f"[red]{escape(sentence)}[/]")
    if len(differences) > SHOWN:
        day.to.print(f"[red]… and {len(differences) - SHOWN} more differences.[/]")
    agree = "The books agree, order by order, package by package and settlement by settlement."
    verdict = "[bold red]The books differ.[/]" if differences else f"[bold green]{agree}[/]"
    day.to.print(f"\n{verdict} {database.vendor}, {seconds:.0f} s")


def by_channel(day: Day, found: Comparison, parcels: Parcels) -> list[tuple[object, ...]]:
    """The table of both channels: what became of the orders and of their packages."""
    arrived = {CHANNELADVISOR: len(day.orders), AMAZON: len(day.amazon)}
    verdicts = Counter((name.partition(" ")[0], verdict) for name, verdict in found.verdicts.items())
    rows: list[tuple[str, Sequence[int]]] = [("orders", [arrived[system] for system in FLOWS])]
    ends = ("delivered", ELSEWHERE, "cancelled", "held", "failed")
    rows += [(verdict, [verdicts[system, verdict] for system in FLOWS]) for verdict in ends]
    rows += [(f"skipped: {reason}", counts) for reason, counts in _skipped(found)]
    rows += [
        ("orders shipped", [parcels.orders[system] for system in FLOWS]),
        ("packages shipped", [parcels.packages[system] for system in FLOWS]),
        ("packages confirmed at the channel", [parcels.confirmed[system] for system in FLOWS]),
        ("bundles and multipacks shipped in parts, told as whole units", [parcels.wholes[system] for system in FLOWS]),
        ("calls answered 429", [refused(box) for box in (day.opened.channeladvisor, day.opened.amazon)]),
        ("… of these ordered by the script", [day.notes[f"429 ordered from {system}"] for system in FLOWS]),
    ]
    return [(what, *counts) for what, counts in rows]


def _skipped(found: Comparison) -> Iterator[tuple[str, list[int]]]:
    skipped = Counter[tuple[str, str]]()
    names = {name for name, verdict in found.verdicts.items() if verdict == "skipped"}
    for system, slug in FLOWS.items():
        rows = Delivery.objects.filter(flow__slug=slug, state=Delivery.State.SKIPPED).order_by("pk").values_list("key", "reason")
        for key, reason in dict(rows).items():
            if f"{system} {key}" in names:
                skipped[reason, system] += 1
    for reason in sorted({reason for reason, _ in skipped}):
        yield reason, [skipped[reason, system] for system in FLOWS]


def refused(box: Sandbox) -> int:
    """How often a stand-in answered that it was called too often."""
    return sum(count for what, count in box.counted.items() if what.endswith(" 429"))


def hub_counts() -> list[tuple[str, int]]:
    """What the hub's own records say of the day."""
    retried = Attempt.objects.values("delivery").annotate(tries=Count("pk")).filter(tries__gt=1).count()
    states = Delivery.objects.aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in ("delivered", "superseded", "skipped", "held", "failed")}
    )
    return [
        ("webhooks and notifications taken", InboundEvent.objects.count()),
        ("runs", SyncRun.objects.count()),
        ("deliveries that needed more than one attempt", retried),
        *((f"deliveries {name}", count) for name, count in states.items()),
    ]
