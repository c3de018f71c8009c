"""A run carried out by the command that asked for it, with its deliveries, while a person watches."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from django.db import connections
from django.db.models import Count, QuerySet
from django.utils import timezone
from rich.console import Console
from rich.progress import Progress, TaskID

from hub.console import bar, table
from hub.engine.deliver import deliver
from hub.engine.read import carry_out
from hub.models import Connection, Delivery, ErrorRecord, SyncRun

State = Delivery.State
ON_THEIR_WAY = (State.PENDING, State.SENDING)
TURN = 10.0
REASONS_SHOWN = 10


def follow(run: SyncRun, to: Console) -> SyncRun:
    """Reads and sends; workers that run at the same time share the work. Answers the ended run."""
    with bar(to) as progress:
        reading = progress.add_task(f"Reading {run.flow}", total=run.wanted)
        _beside(lambda: carry_out(run.pk, turn=math.inf), lambda: _show_reading(progress, reading, run))
        run.refresh_from_db()
        progress.update(reading, total=run.read, completed=run.read)
        send(Delivery.objects.filter(run=run), progress)
    return run


def send(deliveries: QuerySet[Delivery], progress: Progress) -> None:
    """Sends until none of these is on its way any more; what waits for its time or for another record is left to the workers."""
    total = deliveries.filter(state__in=ON_THEIR_WAY).count()
    bar_id = progress.add_task("Sending", total=total)
    while left := deliveries.filter(state__in=ON_THEIR_WAY).count():
        progress.update(bar_id, completed=max(0, total - left))
        if not sum(_turn(target) for target in _targets()) and not deliveries.filter(state=State.SENDING).exists():
            break
    progress.update(bar_id, completed=total)
    for target in _targets():
        _turn(target)


def _targets() -> list[Connection]:
    return list(Connection.objects.filter(enabled=True, flows_in__enabled=True).distinct())


def _turn(target: Connection) -> int:
    sent = deliver(target.pk, deadline=time.monotonic() + TURN)
    if not sent:
        time.sleep(0.1)
    return sent


def _beside(act: Callable[[], object], show: Callable[[], None]) -> None:
    """Acts in a thread of its own and shows what it has done so far."""

    def acting() -> None:
        try:
            act()
        finally:
            connections.close_all()

    thread = threading.Thread(target=acting, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(timeout=0.3)
        show()


def _show_reading(progress: Progress, reading: TaskID, run: SyncRun) -> None:
    run.refresh_from_db(fields=["read", "wanted"])
    progress.update(reading, completed=run.read, total=run.wanted)


def summary(run: SyncRun, to: Console) -> bool:
    """Prints what the run found and what became of it. True when nothing failed."""
    counts = [(name, getattr(run, name)) for name in ("read", "accepted", "unchanged", "skipped", "unreadable")]
    to.print(table(f"Run {run.pk}: {run.get_state_display()}", ("records", "count"), counts))
    if run.message:
        to.print(run.message, markup=False)
    worked = outcome(Delivery.objects.filter(run=run), to)
    return worked and run.state == SyncRun.State.DONE


def outcome(deliveries: QuerySet[Delivery], to: Console) -> bool:
    """Prints deliveries by state and the reasons of those that stopped. True when none failed."""
    rows = list(deliveries.order_by().values_list("flow__slug", "state").annotate(count=Count("pk")).order_by("flow__slug", "state"))
    if rows:
        to.print("", table("Deliveries", ("flow", "state", "count"), rows))
    stopped = ErrorRecord.objects.filter(delivery__in=deliveries, state=ErrorRecord.State.OPEN).order_by()
    causes = list(
        stopped.values_list("message", "advice").annotate(count=Count("delivery", distinct=True)).order_by("-count")[:REASONS_SHOWN]
    )
    if causes:
        to.print("", table("What people must do", ("what", "to do", "deliveries"), causes))
    later = deliveries.filter(state=State.WAITING, due_at__gt=timezone.now()).count()
    if later:
        to.print(f"{later} are tried again later by themselves; a worker must run for that.")
    return not any(state == State.FAILED for _, state, _ in rows)
