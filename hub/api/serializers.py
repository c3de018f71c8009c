"""What the API shows of each row. Personal data never: payloads are the masked ones."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from hub.models import Attempt, CrossReference, Delivery, ErrorRecord, Flow, SyncRun

_exact = msgspec.json.Decoder(float_hook=str)
FlowSlug = serializers.SlugRelatedField[Flow]


@extend_schema_field({"nullable": True, "description": "JSON, masked; numbers with a point are text, so that no cent is lost."})
class Masked(serializers.Field[Any, Any, Any, Any]):
    """A text column of masked JSON."""

    def to_representation(self, value: str) -> Any:
        return _exact.decode(value) if value else None


class FlowRow(serializers.ModelSerializer[Flow]):
    """A flow."""

    source: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    target: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    after: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Flow
        fields: ClassVar = [
            "slug", "name", "source", "stream", "after", "target", "operation", "enabled", "poll_minutes", "webhooks", "last_read_at",
        ]  # fmt: skip


class RunRow(serializers.ModelSerializer[SyncRun]):
    """A sync run."""

    flow = FlowSlug(slug_field="slug", read_only=True)

    class Meta:
        model = SyncRun
        fields: ClassVar = [
            "id", "flow", "trigger", "state", "wanted", "read", "accepted", "unchanged", "skipped", "unreadable", "message",
            "created_at", "started_at", "finished_at",
        ]  # fmt: skip


class RunDetail(RunRow):
    """A sync run with what was asked for."""

    keys = serializers.ListField(child=serializers.CharField(), read_only=True)

    class Meta(RunRow.Meta):
        fields: ClassVar = [*RunRow.Meta.fields, "since", "keys"]


class ErrorRow(serializers.ModelSerializer[ErrorRecord]):
    """An error record."""

    flow: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    connection: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = ErrorRecord
        fields: ClassVar = [
            "id", "delivery", "flow", "connection", "state", "severity", "category", "cause", "code", "path", "value", "message",
            "advice", "created_at", "closed_at",
        ]  # fmt: skip


class AttemptRow(serializers.ModelSerializer[Attempt]):
    """One try, with what was sent and answered, masked."""

    request = Masked(read_only=True)
    answer = Masked(read_only=True)

    class Meta:
        model = Attempt
        fields: ClassVar = ["number", "started_at", "finished_at", "outcome", "status", "message", "request", "answer"]


class CrossReferenceRow(serializers.ModelSerializer[CrossReference]):
    """Both names of the record."""

    source: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    target: Any = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = CrossReference
        fields: ClassVar = [
            "source", "stream", "source_key", "target", "operation", "target_key", "target_version", "created_at", "changed_at",
        ]  # fmt: skip


class DeliveryRow(serializers.ModelSerializer[Delivery]):
    """A delivery as lists show it."""

    flow = FlowSlug(slug_field="slug", read_only=True)

    class Meta:
        model = Delivery
        fields: ClassVar = [
            "id", "flow", "key", "title", "state", "reason", "reason_code", "amount", "currency", "placed_at", "attempts", "due_at",
            "ticket", "taken_at", "target_key", "outcome", "run", "created_at", "changed_at", "delivered_at",
        ]  # fmt: skip


class DeliveryDetail(DeliveryRow):
    """A delivery with its payload, attempts, errors and cross reference."""

    payload = Masked(source="masked", read_only=True)
    tries = AttemptRow(many=True, read_only=True)
    errors = ErrorRow(many=True, read_only=True)  # type: ignore[assignment]
    cross_reference = serializers.SerializerMethodField()

    class Meta(DeliveryRow.Meta):
        fields: ClassVar = [*DeliveryRow.Meta.fields, "version", "mapping_version", "payload", "tries", "errors", "cross_reference"]

    @extend_schema_field(CrossReferenceRow(allow_null=True))
    def get_cross_reference(self, delivery: Delivery) -> dict[str, Any] | None:
        if not delivery.target_key:
            return None
        named = CrossReference.objects.filter(source_key=delivery.key, target_key=delivery.target_key)
        at_target = named.filter(target_id=delivery.flow.target_id, operation=delivery.flow.operation)
        found = at_target.select_related("source", "target").first()
        return CrossReferenceRow(found).data if found else None
