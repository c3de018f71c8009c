"""Makes the groups Operator, Mapper, Accountant, Administrator and Auditor with their rights."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from hub.roles import ship_roles


class Command(BaseCommand):
    """Safe to repeat; rights that were added by hand are kept."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        for name, count in ship_roles().items():
            self.stdout.write(f"{name}: {count} rights")
