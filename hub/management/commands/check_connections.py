"""Tests connections and says in words what works and what does not."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from hub.console import console, table
from hub.engine.check import check_connection
from hub.models import Connection


class Command(BaseCommand):
    """Ends with 1 when any of them does not work."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug", nargs="*", help="connections to test; none = all that are switched on")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = Connection.objects.filter(slug__in=options["slug"]) if options["slug"] else Connection.objects.filter(enabled=True)
        if missing := set(options["slug"]) - {one.slug for one in wanted}:
            raise CommandError(f"There is no connection {', '.join(sorted(missing))}.")
        to, works = console(), True
        for connection in wanted:
            findings = check_connection(connection, now=timezone.now())
            works = works and all(one.ok for one in findings)
            to.print(
                table(str(connection), ("tried", "works", "what to do"), [(f.what, "yes" if f.ok else "no", f.words) for f in findings]), ""
            )
        if not works:
            raise SystemExit(1)
