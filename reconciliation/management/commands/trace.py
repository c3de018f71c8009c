"""Follows money both ways: an order, a settlement line (26123456789:17), a journal (STL-26123456789), a number of the ERP or the bank."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from hub.console import console
from reconciliation.engine.states import RefusedError
from reconciliation.engine.trace import trace


class Command(BaseCommand):
    """Ends with 0 when something was found, else with 1."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "what", help="an order number, SETTLEMENT:LINE or FILE:LINE, a settlement, a journal, a number of the ERP, a bank reference"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        to = console()
        try:
            for step in trace(options["what"]):
                to.print(f"{'  ' * step.depth}{step.words}", markup=False)
        except RefusedError as error:
            raise CommandError(str(error)) from None
