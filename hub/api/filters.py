"""What lists can be narrowed by: checked values only, and a misspelt name is refused instead of showing everything."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from django.db.models import Model, QuerySet
from rest_framework import serializers

from hub.models import Delivery, ErrorRecord, SyncRun

M = TypeVar("M", bound=Model)
PAGING = frozenset({"cursor", "page_size"})


class Query(serializers.Serializer[Any]):
    """`columns` names the lookup of every parameter."""

    columns: ClassVar[dict[str, str]] = {}

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(self.initial_data) - set(self.fields) - PAGING)
        if unknown:
            raise serializers.ValidationError({name: ["There is no such filter."] for name in unknown})
        return given

    def narrowed(self, rows: QuerySet[M, Any]) -> QuerySet[M, Any]:
        """The rows that fit. Raises ValidationError."""
        self.is_valid(raise_exception=True)
        return rows.filter(**{self.columns[name]: value for name, value in self.validated_data.items()})


class NoFilter(Query):
    """Lists that are read whole, page by page."""


class DeliveryQuery(Query):
    """Filters of deliveries."""

    columns: ClassVar = {
        "state": "state",
        "flow": "flow__slug",
        "key": "key",
        "created_after": "created_at__gte",
        "created_before": "created_at__lt",
    }
    state = serializers.ChoiceField(choices=Delivery.State.choices, required=False)
    flow = serializers.SlugField(max_length=60, required=False, help_text="The flow's slug.")
    key = serializers.CharField(max_length=200, required=False, help_text="The record's key at its source, exactly.")
    created_after = serializers.DateTimeField(required=False, help_text="This time or later.")
    created_before = serializers.DateTimeField(required=False, help_text="Before this time.")


class RunQuery(Query):
    """Filters of runs."""

    columns: ClassVar = {"state": "state", "flow": "flow__slug", "created_after": "created_at__gte", "created_before": "created_at__lt"}
    state = serializers.ChoiceField(choices=SyncRun.State.choices, required=False)
    flow = serializers.SlugField(max_length=60, required=False, help_text="The flow's slug.")
    created_after = serializers.DateTimeField(required=False, help_text="This time or later.")
    created_before = serializers.DateTimeField(required=False, help_text="Before this time.")


class ErrorQuery(Query):
    """Filters of error records."""

    columns: ClassVar = {"state": "state", "flow": "flow__slug", "cause": "cause", "delivery": "delivery_id"}
    state = serializers.ChoiceField(choices=ErrorRecord.State.choices, required=False)
    flow = serializers.SlugField(max_length=60, required=False, help_text="The flow's slug.")
    cause = serializers.CharField(max_length=200, required=False, help_text="The cause that equal errors share, exactly.")
    delivery = serializers.IntegerField(min_value=1, max_value=2**62, required=False, help_text="The delivery's id.")
