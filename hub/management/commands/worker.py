"""Runs the tasks: `manage.py worker`. Start it on as many hosts as needed."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from hub.heartbeat import worker_name
from hub.supervise import AlreadyRunningError, Supervisor


class Command(BaseCommand):
    """Stops gently on SIGTERM or Ctrl-C; a second signal stops at once."""

    help = "Runs tasks in a supervised cluster, which is replaced as a whole when it stops working."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--name", default="", help="Needed where one host runs several workers.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            Supervisor(worker_name(options["name"]), limit=settings.HUB_HEARTBEAT_SECONDS).run()
        except AlreadyRunningError as error:
            raise CommandError(str(error)) from None
