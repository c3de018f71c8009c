"""A scripted day: orders of two channels, faults on all sides, changes and cancellations, errors that are healed, and shipping."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Mapping

from django.conf import settings
from django.db.models import Max
from django_q.models import Failure
from rich.console import Console

from connectors.amazon.standin import queue
from connectors.channeladvisor.sandbox import APPLICATION_ID
from connectors.sandbox import Rate
from hub import clients, tasks
from hub.core.policy import MISSING
from hub.demo import amazons_warehouse, closing, warehouse
from hub.demo.acts import FLOWS, Day, arrivals, heal, later_changes
from hub.demo.books import Comparison, Journey, compare
from hub.demo.flows import ITEMS
from hub.demo.inventing import PACKS, invented, invented_at_amazon, twins_of
from hub.demo.mischief import calm, faults, faults_while_shipping
from hub.demo.ordered import from_amazon, from_channeladvisor
from hub.demo.parcels import Parcels, at_amazon, at_channeladvisor, compare_parcels, shipped_by_tims, whole_units
from hub.demo.processes import Processes
from hub.demo.report import report
from hub.demo.stage import prepare, subscribe_all
from hub.demo.standins import SCALE, StandIns, any_port, open_standins
from hub.engine.read import carry_out, start_run
from hub.models import Connection, Delivery, Flow, InboundEvent, RateLimit, SyncRun

ORDERS = 300
AT_AMAZON, TWICE = 3, 20
"""One of so many orders is Amazon's, and one of so many comes through both channels."""
HIGHER_QUOTA = Rate(12_000, 60)
"""What TIMS and ChannelAdvisor allow on this day: an account may be granted more than is usual."""
PATIENCE = 240.0
"""Seconds until whatever is still on its way counts as stuck."""


def play(to: Console, *, orders: int = ORDERS, seed: int = 20261120) -> bool:
    """Plays the day in the present database and prints its report. True when the books agree and nothing is stuck."""
    began = time.monotonic()
    with open_standins(None, fixed_ports=False, rate=HIGHER_QUOTA, scale=SCALE) as opened:
        to.print("Preparing database, roles, mappings and flows …")
        connections = prepare(opened.settings())
        quicken(connections)
        port = any_port()
        address = f"http://127.0.0.1:{port}"
        with Processes(settings.VAR_DIR / "demo", {"HUB_BASE_URL": address}) as processes:
            processes.web(port)
            subscribe_all(connections.values(), address)
            processes.worker()
            day = invented_day(opened, orders, seed=seed, to=to)
            quiet = perform(day)
            closed = closing.play(day)
            if dead := processes.dead():
                to.print(f"[red]Ended by itself: {', '.join(dead)}[/]")
                quiet = False
        found, parcels = books(day), parcels_of(day)
        report(day, found, parcels, closed, seconds=time.monotonic() - began)
    return quiet and not (found.differences or parcels.differences or closed.differences)


def invented_day(opened: StandIns, orders: int, *, seed: int, to: Console, failing: float = 0.06, at_amazon: int = AT_AMAZON) -> Day:
    """So many orders of both channels together, some of them through both."""
    chance = random.Random(seed)  # noqa: S311 - play
    amazon = invented_at_amazon(opened, orders // at_amazon, seed=seed, failing=failing)
    twins = twins_of(amazon, orders // TWICE, chance)
    own = invented(opened, orders - len(amazon) - len(twins), seed=seed, failing=failing)
    return Day(opened, chance, [*own, *twins.values()], to, amazon, twins)


def quicken(connections: Mapping[str, Connection]) -> None:
    """The hub knows that its accounts may make as many calls as the stand-ins of the day take."""
    for name in ("channeladvisor", "tims"):
        widen(connections[name], HIGHER_QUOTA)
    hasten(connections["amazon"], SCALE)


def widen(connection: Connection, rate: Rate) -> None:
    """A person enters the quota of this account."""
    values = {"burst": float(rate.calls), "per_second": rate.calls / rate.seconds, "declared": 0.0, "tokens": float(rate.calls)}
    values["refilled_at"] = time.time()
    RateLimit.objects.update_or_create(connection=connection, name="calls", defaults=values)


def hasten(connection: Connection, scale: float) -> None:
    """The declared rate limits, faster by the factor that the stand-in runs at. Safe to repeat."""
    clients.client(connection)
    for limit in clients.connector(connection).limits:
        rows = RateLimit.objects.filter(connection=connection, name=limit.name)
        rows.update(per_second=limit.per_second * scale, declared=0.0)


def perform(day: Day) -> bool:
    """The acts of the day, in their order. True when it became quiet in time."""
    carry_out(start_run(Flow.objects.get(slug=ITEMS), trigger=SyncRun.Trigger.COMMAND, wake_up=False).pk)
    faults(day.opened)
    arrivals(day)
    calm(day.opened, day.notes)
    quiet = wait(day, "the morning")
    later_changes(day)
    heal(day)
    quiet &= wait(day, "the afternoon")
    warehouse.decide(day)
    amazons_warehouse.move_there(day)
    amazons_warehouse.call_off(day)
    faults_while_shipping(day.opened)
    warehouse.ship(day)
    quiet &= wait(day, "the first round of the warehouse")
    calm(day.opened, day.notes)
    amazons_warehouse.bring_home(day)
    warehouse.finish(day)
    return wait(day, "the evening") and quiet


def wait(day: Day, words: str) -> bool:
    """Until nothing is on its way any more; False when that takes too long."""
    end = time.monotonic() + PATIENCE
    with day.to.status(f"Waiting until it is quiet ({words}) …"):
        still = 0
        while time.monotonic() < end:
            with contextlib.suppress(tasks.TaskFailedError):
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
    """Events, runs and deliveries that are not over yet; what waits for a value that a person must enter is not on its way."""
    moving = Delivery.objects.filter(state__in=("pending", "sending", "waiting")).exclude(reason_code=MISSING).count()
    events = InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED).count()
    runs = SyncRun.objects.filter(state__in=(SyncRun.State.WAITING, SyncRun.State.RUNNING)).count()
    announced = sum(box.webhooks.pending() for box in day.opened.all)
    return moving + events + runs + announced + (queue.pending(day.opened.amazon) if "queue_url" in day.opened.settings()["amazon"] else 0)


def journeys() -> dict[str, Journey]:
    """The latest delivery of every order, by the order's name; one that found nothing to change stands for the delivered one before it."""
    found: dict[str, Journey] = {}
    for system, slug in FLOWS.items():
        last = Delivery.objects.filter(flow__slug=slug).order_by().values("key").annotate(last=Max("pk")).values("last")
        for key, state, reason, code in Delivery.objects.filter(pk__in=last).values_list("key", "state", "reason", "reason_code"):
            found[f"{system} {key}"] = Journey(state="delivered" if code == "unchanged" else state, reason=reason, code=code)
    return found


def books(day: Day, *, healed: bool = True) -> Comparison:
    """The books of all systems, order by order."""
    orders = [from_channeladvisor(one, day.aliases) for one in day.opened.channeladvisor.orders(APPLICATION_ID)]
    units = {key: sku for key, (sku, _) in PACKS.items()}
    orders += [from_amazon(one, units | day.aliases) for one in day.opened.amazon.orders()]
    erp = day.opened.tims.book
    return compare(
        orders, list(erp.rows("sales_orders")), list(erp.rows("customers")), journeys(), may_stop=day.may_stop(healed=healed)
    )  # fmt: skip


def parcels_of(day: Day) -> Parcels:
    """What the warehouse shipped and what the channels were told, package by package."""
    channel, erp = day.opened.channeladvisor, day.opened.tims.book
    numbers = [int(one["ChannelAdvisorOrderID"]) for one in channel.orders(APPLICATION_ID)]
    told = [*at_channeladvisor({number: channel.shipments(number) for number in numbers}), *at_amazon(day.opened.amazon.orders())]
    orders, shipments = list(erp.rows("sales_orders")), list(erp.rows("shipments"))
    found = compare_parcels(shipped_by_tims(orders, shipments), told, wholes=whole_units(orders, shipments))
    found.differences += amazons_warehouse.differences(day)
    return found
