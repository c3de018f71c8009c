"""Reads records of a flow again and sends them again, changed or not."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from connectors.errors import ConnectorError
from hub.console import bar, console, flow_of, moment, table, written
from hub.engine import triage
from hub.engine.preview import preview
from hub.engine.read import start_run
from hub.foreground import follow, outcome, send, summary
from hub.models import Delivery, Flow, SyncRun

SHOWN = 20


class Command(BaseCommand):
    """Ends with 0 when nothing failed, else with 1."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="the flow's slug")
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--key", action="append", default=[], metavar="K", help="a record's key at its source; may be repeated")
        which.add_argument("--since", metavar="TIME", help="everything changed from then on: 2026-11-20 or 2026-11-20T08:00:00Z")
        which.add_argument("--failed", action="store_true", help="everything of this flow that needs a person now")
        parser.add_argument("--dry-run", action="store_true", help="only show what would happen")

    def handle(self, *args: Any, **options: Any) -> None:
        flow, to = flow_of(options["flow"]), console()
        since = written(moment(options["since"])) if options["since"] else ""
        failed = Delivery.objects.filter(flow=flow, state=Delivery.State.FAILED)
        keys = list(failed.values_list("key", flat=True)) if options["failed"] and options["dry_run"] else options["key"]
        if options["dry_run"]:
            show(flow, to, keys=keys, since=since)
        elif not (retried(flow, to) if options["failed"] else again(flow, to, keys=keys, since=since)):
            raise SystemExit(1)


def again(flow: Flow, to: Console, *, keys: list[str], since: str) -> bool:
    """Reads the records and sends them; True when nothing failed."""
    return summary(follow(start_run(flow, trigger=SyncRun.Trigger.COMMAND, keys=keys, since=since, wake_up=False), to), to)


def retried(flow: Flow, to: Console) -> bool:
    """Retries what failed, each from its source on; True when nothing failed again."""
    chosen = list(Delivery.objects.filter(flow=flow, state=Delivery.State.FAILED).values_list("pk", flat=True))
    deliveries = Delivery.objects.filter(pk__in=chosen)
    to.print(f"{triage.retry(deliveries, by=None)} deliveries are sent again.")
    with bar(to) as progress:
        send(deliveries, progress)
    return outcome(deliveries, to)


def show(flow: Flow, to: Console, *, keys: list[str], since: str) -> None:
    """What would happen, record by record (the first of them) and in sum."""
    if not keys and not since:
        to.print("Nothing of this flow has failed.")
        return
    fates: Counter[str] = Counter()
    try:
        found = preview(flow, keys=keys, since=since)
        first = list(islice(found, SHOWN))
        fates.update(one.fate for one in first)
        fates.update(one.fate for one in found)
    except ConnectorError as error:
        raise CommandError(str(error)) from None
    to.print(
        table(
            "Would be read" if first else "Nothing would be read",
            ("key", "now", "at the source"),
            [(o.key, o.state, o.fate) for o in first],
        )
    )
    if fates.total() > SHOWN:
        to.print(f"… and {fates.total() - SHOWN} more.")
    sent = fates["new"] + fates["changed"] + (fates["unchanged"] if keys else 0)
    to.print("", table("In all", ("at the source", "count"), sorted(fates.items())), f"{sent} would be sent again. Nothing was changed.")
