"""Starts runs by request: named records, or everything since a time."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.openapi import REFUSALS
from hub.api.permissions import MayResync, ResyncThrottle
from hub.engine.read import start_run
from hub.models import Delivery, Flow, SyncRun

MOST_KEYS = 1000


class Resync(serializers.Serializer[Any]):
    """What is to be read again: `keys`, or what changed `since` a time. `dry_run` starts nothing."""

    flow = serializers.SlugField(max_length=60, help_text="The flow's slug.")
    keys = serializers.ListField(
        child=serializers.CharField(max_length=200), max_length=MOST_KEYS, required=False, help_text="Keys at the source."
    )
    since = serializers.DateTimeField(required=False, help_text="Read what changed at the source from this time on.")
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would happen.")

    def validate_flow(self, slug: str) -> Flow:
        flow = Flow.objects.select_related("source").filter(slug=slug).first()
        if flow is None:
            raise serializers.ValidationError("There is no flow with this slug.")
        if flow.source is None:
            raise serializers.ValidationError("This flow reads no system of its own; resync the flow that comes before it.")
        if not (flow.enabled and flow.source.enabled):
            raise serializers.ValidationError("This flow or its source connection is switched off; switch it on first.")
        return flow

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        if bool(given.get("keys")) == bool(given.get("since")):
            raise serializers.ValidationError("Give either keys or since.")
        if given.get("since") and given["since"] > timezone.now():
            raise serializers.ValidationError({"since": ["This time has not come yet."]})
        return given


class Started(serializers.Serializer[Any]):
    """The runs that were started, by id; empty on a dry run."""

    runs = serializers.ListField(child=serializers.IntegerField())
    words = serializers.CharField()


class ResyncView(GenericAPIView[Any]):
    """Reads records again. Named ones are delivered again, changed or not; else what differs from what was sent last."""

    permission_classes = [IsAuthenticated, MayResync]
    throttle_classes = [ResyncThrottle]
    serializer_class: Any = Resync

    @extend_schema(operation_id="resync", responses={202: Started, 200: Started, 413: REFUSALS[401], **REFUSALS})
    def post(self, request: Request) -> Response:
        ask = Resync(data=request.data)
        ask.is_valid(raise_exception=True)
        flow, keys = ask.validated_data["flow"], list(dict.fromkeys(ask.validated_data.get("keys", ())))
        since = _as_text(ask.validated_data.get("since"))
        if ask.validated_data["dry_run"]:
            return Response({"runs": [], "words": _would_do(flow, keys, since)}, status=200)
        by = request.user if isinstance(request.user, User) else None
        run = start_run(flow, trigger=SyncRun.Trigger.API, keys=keys, since=since, asked_by=by)
        return Response({"runs": [run.pk], "words": f"Run {run.pk} was started."}, status=202)


def _as_text(since: Any) -> str:
    return since.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if since else ""


def _would_do(flow: Flow, keys: list[str], since: str) -> str:
    if since:
        return f"Everything that changed since {since} would be read from {flow.source}; what was not sent like that yet would be sent."
    known = Delivery.objects.filter(flow=flow, key__in=keys).values("key").distinct().count()
    read = f"{len(keys)} records would be read from {flow.source}"
    return f"{read} and delivered again, changed or not; {known} of them came through this flow before."
