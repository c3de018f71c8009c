"""Whether an hour with 10,000 order changes keeps to Amazon's usage plans: `python -m tests.benchmarks.rate_budget [--scale 20]`.

The stand-in has the real usage plans, all times run `--scale` times as fast, in one process on a database of its own. Every change is
announced. Beside it 1,200 parcels are confirmed (urgent); in a second run also 5,000 orders are read again and 5,000 parcels confirmed
again (back-fills). It prints what it measures and fails where a target is missed: fewer than 0.1 % of the calls answered 429, nothing
urgent waits behind a back-fill, every change delivered. The machine should have nothing else to do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

import msgspec

from tests.benchmarks.road import server

HOUR = 3600.0
PARCELS, RESYNC = 1200, 5000
MOST_REFUSED, MOST_SLOWER, ALLOWANCE = 0.001, 2.0, 10.0
"""Share of calls; times the wait without a back-fill, and seconds of Amazon's clock on top that the turns of one process cost."""


def played(changes: int, scale: float, *, backfill: bool, address: str) -> dict[str, float]:
    """One hour in a program of its own. SystemExit with its last words when it fails."""
    plan = {"changes": changes, "scale": scale, "backfill": backfill}
    environment = {**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "hub.settings"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.rate_budget", "--play", msgspec.json.encode(plan).decode()]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    if ended.returncode:
        raise SystemExit(ended.stderr[-3000:])
    return msgspec.json.decode(ended.stdout.splitlines()[-1], type=dict[str, float])


def play(plan: dict[str, float]) -> dict[str, float]:
    """The figures of one hour."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests.benchmarks.rate_day import Day, measure, percentile

    call_command("migrate", verbosity=0, interactive=False)
    more = RESYNC if plan["backfill"] else 0
    day = Day(changes=int(plan["changes"]), seconds=HOUR, parcels=PARCELS, resync=more, late=more, scale=plan["scale"])
    found = measure(day)
    calls = {name: sum(by.values()) for name, by in found.calls.items()}
    waits = {
        "urgent p50": percentile(found.urgent, 0.5),
        "urgent p99": percentile(found.urgent, 0.99),
        "late p50": percentile(found.late, 0.5),
    }
    return {"refused": found.refused, "finished": found.finished, "sweeps": found.sweeps, **waits, **calls}


def main() -> None:
    """Plays both hours, prints, judges."""
    parser = argparse.ArgumentParser(description="Plays an hour at Amazon's usage plans; see the module's docstring.")
    parser.add_argument("--changes", type=int, default=10_000, help="order changes in the hour")
    parser.add_argument("--scale", type=float, default=20.0, help="times as fast as the clock")
    parser.add_argument("--play", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.play:
        print(msgspec.json.encode(play(msgspec.json.decode(asked.play))).decode())
        return
    with server() as database:
        alone, beside = (
            played(asked.changes, asked.scale, backfill=backfill, address=database.create(f"budget{int(backfill)}"))
            for backfill in (False, True)
        )
    for name in beside:
        print(f"{name:>32} {alone.get(name, 0):>12,.4g} without back-fills {beside[name]:>12,.4g} with them")
    kept = [found["refused"] < MOST_REFUSED for found in (alone, beside)]
    kept.append(beside["urgent p99"] <= MOST_SLOWER * alone["urgent p99"] + ALLOWANCE)
    if not all(kept):
        raise SystemExit("A target was missed.")


if __name__ == "__main__":
    main()
