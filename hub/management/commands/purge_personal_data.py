"""`purge_personal_data`: makes personal data whose time is over unreadable, now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from hub.purge import purge_personal_data


class Command(BaseCommand):
    """Runs every day by itself; by hand after shortening HUB_PERSONAL_DATA_DAYS, say."""

    help = "Destroys the keys of records whose personal data must be gone, and writes a receipt."

    def handle(self, *args: Any, **options: Any) -> None:
        receipt = purge_personal_data(now=timezone.now())
        self.stdout.write(f"{receipt.seals} records made unreadable, {receipt.bodies} sealed texts removed.")
        self.stdout.write(f"Receipt {receipt.pk}, digest {receipt.digest or '(nothing was due)'}.")
