"""Starts the local stand-ins of ChannelAdvisor, TIMS and Amazon, so that flows can be tried before an account is trusted."""

from __future__ import annotations

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from hub.console import console, table
from hub.demo.standins import AMAZON_PORT, CHANNELADVISOR_PORT, TIMS_PORT, StandIns, open_standins


class Command(BaseCommand):
    """Runs until Ctrl-C; the books stay under HUB_VAR_DIR and are there again next time."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--memory", action="store_true", help="keep nothing: the books live as long as the command")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = None if options["memory"] else settings.VAR_DIR / "sandbox"
        with open_standins(folder) as opened:
            announce(opened)
            ended = threading.Event()
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, lambda *_: ended.set())
            ended.wait()


def announce(opened: StandIns) -> None:
    """Prints the addresses and what a connection must contain; the secrets are the stand-ins' own and open nothing else."""
    to = console()
    for connector, fields in opened.settings().items():
        to.print(table(connector, ("setting", "value"), fields.items()), "")
    for box, port in zip(opened.all, (CHANNELADVISOR_PORT, AMAZON_PORT, TIMS_PORT), strict=True):
        if not box.url.endswith(f":{port}"):
            to.print(f"[yellow]Port {port} is taken; {box.label} listens on {box.url} this time.[/]")
    to.print("Faults, clock and orders: POST to /__sandbox__/… of each address. Ctrl-C stops them all.")
