"""A scripted day: orders by webhook and by reading, faults on both sides, changes, cancellations, errors that are healed."""

from __future__ import annotations

import random
import time

from django.conf import settings
from django.db.models import Max
from django_q.models import Failure
from rich.console import Console

from connectors.channeladvisor.sandbox import APPLICATION_ID
from connectors.sandbox import Rate
from hub import tasks
from hub.demo.acts import Day, arrivals, calm, faults, heal, later_changes
from hub.demo.books import Comparison, Journey, compare
from hub.demo.flows import ITEMS
from hub.demo.flows import ORDERS as ORDER_FLOW
from hub.demo.processes import Processes
from hub.demo.report import report
from hub.demo.stage import prepare
from hub.demo.standins import any_port, open_standins
from hub.demo.trickle import invented
from hub.engine.read import carry_out, start_run
from hub.engine.subscribe import subscribe
from hub.models import Connection, Delivery, Flow, InboundEvent, RateLimit, SyncRun

ORDERS = 300
HIGHER_QUOTA = Rate(12_000, 60)
PATIENCE = 150.0
"""Seconds until whatever is still on its way counts as stuck."""


def play(to: Console, *, orders: int = ORDERS, seed: int = 20261120) -> bool:
    """Plays the day in the present database and prints its report. True when the books agree and nothing is stuck."""
    began = time.monotonic()
    with open_standins(None, fixed_ports=False, rate=HIGHER_QUOTA) as opened:
        to.print("Preparing database, roles, mappings and flows …")
        connections = prepare(opened.settings())
        widen(connections["tims"], HIGHER_QUOTA)
        port = any_port()
        address = f"http://127.0.0.1:{port}"
        with Processes(settings.VAR_DIR / "demo", {"HUB_BASE_URL": address}) as processes:
            processes.web(port)
            subscribe(connections["channeladvisor"], address)
            processes.worker()
            day = Day(opened, random.Random(seed), invented(opened, orders, seed=seed, failing=0.06), to)  # noqa: S311 - play
            quiet = perform(day)
            if dead := processes.dead():
                to.print(f"[red]Ended by itself: {', '.join(dead)}[/]")
                quiet = False
        found = books(day)
        report(day, found, seconds=time.monotonic() - began)
    return quiet and not found.differences


def widen(connection: Connection, rate: Rate) -> None:
    """This account has a higher quota than TIMS gives by default, as one may be granted."""
    values = {"burst": float(rate.calls), "per_second": rate.calls / rate.seconds, "declared": 0.0, "tokens": float(rate.calls)}
    values["refilled_at"] = time.time()
    RateLimit.objects.update_or_create(connection=connection, name="calls", defaults=values)


def perform(day: Day) -> bool:
    """The acts of the day, in their order. True when it became quiet in time."""
    carry_out(start_run(Flow.objects.get(slug=ITEMS), trigger=SyncRun.Trigger.COMMAND, wake_up=False).pk)
    faults(day)
    arrivals(day)
    calm(day)
    quiet = wait(day, "the morning")
    later_changes(day)
    heal(day)
    return wait(day, "the afternoon") and quiet


def wait(day: Day, words: str) -> bool:
    """Until nothing is on its way any more; False when that takes too long."""
    end = time.monotonic() + PATIENCE
    with day.to.status(f"Waiting until it is quiet ({words}) …"):
        still = 0
        while time.monotonic() < end:
            tasks.tick()
            still = 0 if on_the_way(day) else still + 1
            if still >= 3:
                return True
            time.sleep(0.4)
    day.to.print(f"[red]Stuck ({words}): {on_the_way(day)} are still on their way.[/]")
    for func, result in Failure.objects.values_list("func", "result")[:3]:
        day.to.print(f"The task {func} failed: {result}", markup=False)
    return False


def on_the_way(day: Day) -> int:
    """Events, runs and deliveries that are not over yet."""
    moving = Delivery.objects.filter(state__in=("pending", "sending", "waiting")).count()
    events = InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED).count()
    runs = SyncRun.objects.filter(state__in=(SyncRun.State.WAITING, SyncRun.State.RUNNING)).count()
    return moving + events + runs + day.opened.channeladvisor.webhooks.pending()


def journeys() -> dict[str, Journey]:
    """The latest delivery of every order; one that found nothing to change stands for the delivered one before it."""
    last = Delivery.objects.filter(flow__slug=ORDER_FLOW).order_by().values("key").annotate(last=Max("pk")).values("last")
    rows = Delivery.objects.filter(pk__in=last).values_list("key", "state", "reason", "reason_code")
    return {key: Journey(state="delivered" if code == "unchanged" else state, reason=reason) for key, state, reason, code in rows}


def books(day: Day) -> Comparison:
    """Both systems' books, order by order."""
    return compare(
        day.opened.channeladvisor.orders(APPLICATION_ID),
        list(day.opened.tims.book.rows("sales_orders")),
        list(day.opened.tims.book.rows("customers")),
        journeys(),
        may_stop=day.may_stop(),
        aliases=day.aliases,
    )
