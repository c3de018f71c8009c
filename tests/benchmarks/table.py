"""Prints what was measured, beside the targets."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.benchmarks.plan import Found, Plan

CPU_LIMIT = 3.5
"""CPU seconds of the hub's processes per 1,000 orders."""
P99_LIMIT = 60.0
"""Milliseconds until a webhook is acknowledged."""
MEMORY_LIMIT = 250.0
"""MB of a worker process."""
FASTER = {True: 2.0, False: 1.3}
"""How many times the rate of one task per order is wanted, in bulk and with one POST per order."""
GROWTH = 0.05
"""By which share memory may grow over the second half of a run and still counts as constant."""
COLUMNS = ("road", "orders/s", "× a task each", "CPU s/1,000", "of it web", "database", "ack p50", "ack p99", "MB a worker")


def show(database: str, found: Sequence[tuple[Plan, Found]]) -> None:
    """One table a database, and under it whether each target was met."""
    table = Table(*COLUMNS, title=f"{database}: {found[0][0].orders} orders")
    for column in table.columns[1:]:
        column.justify = "right"
    base = next(_rate(plan, one) for plan, one in found if plan.kind == "tasks")
    for plan, one in found:
        table.add_row(*_row(plan, one, base))
    console = Console(width=140)
    console.print(table)
    for plan, one in found:
        if plan.kind == "hub":
            for words, met in _targets(plan, one, base):
                console.print(f"{'met   ' if met else 'MISSED'} {_name(plan)}: {words}")


def show_memory(found: Found) -> None:
    """The course of the largest worker process."""
    half = found.rss[len(found.rss) // 2 :]
    met = found.peak < MEMORY_LIMIT and max(half) <= half[0] * (1 + GROWTH)
    console = Console(width=140)
    console.print("MB of the largest worker process, from the first order to the last:", *(f"{one:.0f}" for one in found.rss))
    console.print(f"{'met   ' if met else 'MISSED'} at most {found.peak:.0f} MB (< {MEMORY_LIMIT:.0f}), and constant in the second half")


def _name(plan: Plan) -> str:
    if plan.kind != "hub":
        return {"loop": "bare loop, stores nothing", "tasks": "one task per order"}[plan.kind]
    return f"hub, {'bulk' if plan.bulk else 'one POST per order'}{', acknowledged' if plan.acknowledge else ''}"


def _rate(plan: Plan, found: Found) -> float:
    return plan.orders / found.seconds


def _cpu(plan: Plan, seconds: float) -> float:
    return seconds * 1000 / plan.orders


def _percentile(found: Found, share: float) -> float:
    return found.milliseconds[int(len(found.milliseconds) * share)]


def _row(plan: Plan, found: Found, base: float) -> list[str]:
    rate = _rate(plan, found)
    row = [_name(plan), f"{rate:,.0f}", f"{rate / base:.2f}", f"{_cpu(plan, found.cpu):.2f}"]
    if not found.milliseconds:
        return row
    used = [f"{_cpu(plan, found.web_cpu):.2f}", f"{_cpu(plan, found.database_cpu):.2f}"]
    return [*row, *used, f"{_percentile(found, 0.5):.1f} ms", f"{_percentile(found, 0.99):.1f} ms", f"{found.peak:.0f}"]


def _targets(plan: Plan, found: Found, base: float) -> list[tuple[str, bool]]:
    """The promises of one run in words, and whether they hold."""
    ratio, cpu, p99 = _rate(plan, found) / base, _cpu(plan, found.cpu), _percentile(found, 0.99)
    return [
        (f"{ratio:.2f} times one task per order (≥ {FASTER[plan.bulk]})", ratio >= FASTER[plan.bulk]),
        (f"{cpu:.2f} CPU seconds per 1,000 orders (≤ {CPU_LIMIT})", cpu <= CPU_LIMIT),
        (f"acknowledged in {p99:.0f} ms at p99 (< {P99_LIMIT:.0f})", p99 < P99_LIMIT),
        (f"{found.peak:.0f} MB a worker (< {MEMORY_LIMIT:.0f})", found.peak < MEMORY_LIMIT),
    ]
