"""Reads what is new in a flow and sends it, here and now."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from hub.console import console, flow_of
from hub.engine.read import start_run
from hub.foreground import follow, summary
from hub.models import SyncRun


class Command(BaseCommand):
    """Ends with 0 when everything was read and nothing failed, else with 1."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("flow", help="the flow's slug")

    def handle(self, *args: Any, **options: Any) -> None:
        to = console()
        run = start_run(flow_of(options["flow"]), trigger=SyncRun.Trigger.COMMAND, wake_up=False)
        if not summary(follow(run, to), to):
            raise SystemExit(1)
