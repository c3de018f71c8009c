"""Shows the whole road on this machine: three stand-ins, worker and admin; with --once a scripted day whose books are compared."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console

from hub.console import console
from hub.demo import closing, day
from hub.demo.flows import ITEMS
from hub.demo.inventing import invented, invented_at_amazon
from hub.demo.processes import MANAGE, Processes
from hub.demo.stage import ADMIN, admin_password, prepare, subscribe_all
from hub.demo.standins import SCALE, StandIns, any_port, free_port, open_standins
from hub.demo.trickle import Trickle
from hub.engine.check import check_connection
from hub.engine.read import start_run
from hub.models import Flow, SyncRun

FIRST_ORDERS = 40
FIRST_PASTIME, PASTIME = 90, 600
"""Seconds until the other apps' first pastime, and from one to the next."""
PORT = 8000


class Command(BaseCommand):
    """Everything stays under HUB_VAR_DIR and is there again next time; --once uses a directory of its own and leaves nothing."""

    help = __doc__
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="play one day, compare the books of both systems, end with 0 if they agree")
        parser.add_argument("--here", action="store_true", help="with --once: in the present database, which must be empty")
        parser.add_argument("--orders", type=int, default=day.ORDERS, help="with --once: how many orders the day has")
        parser.add_argument("--port", type=int, default=PORT, help="where the admin listens")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["once"]:
            stay(options["port"])
        elif not options["here"]:
            raise SystemExit(elsewhere(options["orders"]))
        elif not day.play(console(), orders=options["orders"]):
            raise SystemExit(1)


def elsewhere(orders: int) -> int:
    """The day in a process with a database and files of its own; answers its exit code."""
    with tempfile.TemporaryDirectory(prefix="throughline-day-") as place:
        environment = {
            **os.environ,
            "HUB_VAR_DIR": place,
            "DATABASE_URL": f"sqlite:///{Path(place) / 'day.sqlite3'}",
            "HUB_PACE": "0.2",
            "LOG_LEVEL": os.environ.get("LOG_LEVEL", "ERROR"),
        }
        command = [sys.executable, str(MANAGE), "demo", "--once", "--here", "--orders", str(orders)]
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 - ourselves


def stay(wanted_port: int) -> None:
    """Runs until Ctrl-C; what it started ends with it."""
    to, ended = console(), threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    port = free_port(wanted_port) or any_port()
    address = f"http://127.0.0.1:{port}"
    to.print("Preparing database, roles, mappings and flows …")
    with open_standins(settings.VAR_DIR / "sandbox", scale=SCALE) as opened:
        connections = prepare(opened.settings())
        day.hasten(connections["amazon"], SCALE)
        with Processes(settings.VAR_DIR / "demo", {"HUB_BASE_URL": address}) as processes:
            processes.web(port)
            for connection in connections.values():
                check_connection(connection, now=timezone.now())
            subscribe_all(connections.values(), address)
            processes.worker()
            start_run(Flow.objects.get(slug=ITEMS), trigger=SyncRun.Trigger.COMMAND)
            if not opened.channeladvisor.book.count("order"):
                first_orders(opened)
            greet(to, opened, address, taken=port != wanted_port)
            trickle = Trickle(opened)
            trickle.start()
            watch(processes, ended, opened)
            to.print("Stopping …")
            trickle.ended.set()


def first_orders(opened: StandIns) -> None:
    """What is there when somebody looks for the first time."""
    opened.channeladvisor.place_many(one.order for one in invented(opened, FIRST_ORDERS, seed=1, failing=0.08))
    opened.amazon.place_many((one.order for one in invented_at_amazon(opened, FIRST_ORDERS // 2, seed=1, failing=0.08)), lives=True)


def greet(to: Console, opened: StandIns, address: str, *, taken: bool) -> None:
    """Where everything is and how to log in."""
    if taken:
        to.print("[yellow]The usual port is taken, so the admin listens on another one this time.[/]")
    password = admin_password(settings.VAR_DIR / "demo" / "admin_password")
    to.print(f"\n[bold]Admin[/]           {address}   user [bold]{ADMIN}[/], password [bold]{password or '(the one you set)'}[/]")
    to.print(f"ChannelAdvisor  {opened.channeladvisor.url}   (stand-in; an order arrives every few seconds)")
    to.print(f"Amazon          {opened.amazon.url}   (stand-in; so here, and its hour is a minute)")
    to.print(f"TIMS            {opened.tims.url}   (stand-in; its warehouse ships now and then)")
    to.print(f"Logs            {settings.VAR_DIR / 'demo'}\n\nCtrl-C stops everything; what happened is kept for next time.")


def watch(processes: Processes, ended: threading.Event, opened: StandIns) -> None:
    """Until somebody ends it; now and then other apps' pastimes. Raises CommandError when the web server or the worker dies."""
    for second in itertools.count(PASTIME - FIRST_PASTIME):
        if ended.wait(1.0):
            return
        if second % PASTIME == 0:
            closing.pass_time(opened)
        for name in processes.dead():
            raise CommandError(f"The {name} process ended by itself. Its last words:\n{processes.words(name)}")
