"""The mappings as a Django app."""

from __future__ import annotations

from django.apps import AppConfig


class MappingsConfig(AppConfig):
    """Mappings, their versions and rules, lookup tables."""

    name = "mappings"
    verbose_name = "Mappings"
