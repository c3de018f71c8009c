"""Loads the mappings and lookup tables that ship with the product."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from mappings.starting import load_starters


class Command(BaseCommand):
    """`manage.py load_starters`: safe to run again; what people changed is left as it is."""

    help = "Loads the mappings and lookup tables that ship with the product. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        for sentence in load_starters():
            self.stdout.write(sentence)
