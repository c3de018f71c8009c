"""Counts what a source has of a time in another list than the one that is read, and fetches what is missing."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hub.console import console, flow_of, moment
from hub.engine.completeness import LATE, carry_out, start_check
from hub.foreground import follow
from hub.models import CompletenessCheck


class Command(BaseCommand):
    """Ends with 0 when everything that the source lists is in the hub, else with 1."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="the flow's slug")
        parser.add_argument("--since", help="such as 2026-11-19 or 2026-11-19T08:00:00Z; default: a day before the end")
        parser.add_argument("--until", help="default: an hour ago")

    def handle(self, *args: Any, **options: Any) -> None:
        to, flow = console(), flow_of(options["flow"])
        until = moment(options["until"]) if options["until"] else timezone.now() - LATE
        since = moment(options["since"]) if options["since"] else until - timedelta(days=1)
        check = start_check(flow, since=since, until=until)
        if check is None:
            raise CommandError(f"{flow} cannot be counted: its source offers no other list, or a check of it is not over yet.")
        carry_out(check.pk)
        check.refresh_from_db()
        if check.run:
            follow(check.run, to)
            carry_out(check.pk)
            check.refresh_from_db()
        to.print(f"{check} ({check.missing} fetched). {check.message}".strip(), markup=False)
        if check.state == CompletenessCheck.State.WAITING:
            to.print("The source is still preparing its list; a worker goes on with it.")
        if not check.complete:
            raise SystemExit(1)
