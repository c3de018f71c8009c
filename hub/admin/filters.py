"""Filters of the delivery list."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from hub.models import Delivery

CURRENT = tuple(state for state in Delivery.State.values if state != Delivery.State.SUPERSEDED)
"""What has not given way to a newer version of its record."""


class StateFilter(admin.SimpleListFilter):
    """One state, all those that still need something, or all but replaced versions."""

    title = "state"
    parameter_name = "state__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("open", "Everything not finished"),
            ("current", "Everything but replaced versions"),
            *((value, str(label)) for value, label in Delivery.State.choices),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if self.value() == "open":
            return queryset.filter(state__in=(*Delivery.OPEN, Delivery.State.SENDING))
        if self.value() == "current":
            return queryset.filter(state__in=CURRENT)
        return queryset.filter(state=self.value()) if self.value() else queryset


class DayFilter(admin.SimpleListFilter):
    """Deliveries that came in today, as the dashboard counts them."""

    title = "came in"
    parameter_name = "came"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("today", "Today"), ("day", "In the last 24 hours"), ("week", "In the last 7 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        if self.value() == "today":
            return queryset.filter(created_at__gte=midnight())
        days = {"day": 1, "week": 7}.get(self.value() or "")
        return queryset.filter(created_at__gte=timezone.now() - timedelta(days=days)) if days else queryset


class RecordsFilter(admin.SimpleListFilter):
    """Deliveries of one kind of records, whichever flow carries them."""

    title = "records"
    parameter_name = "records"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("orders", "Orders"), ("customers", "Customers")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(flow__stream=self.value()) if self.value() else queryset


def midnight() -> datetime:
    """The start of today where the hub's clock hangs."""
    return timezone.make_aware(datetime.combine(timezone.localdate(), time.min))
