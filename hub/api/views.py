"""Lists and details of what the hub did: deliveries, runs, flows, error records."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import IsAuthenticated

from hub.api.filters import DeliveryQuery, ErrorQuery, NoFilter, Query, RunQuery
from hub.api.openapi import MISSING, REFUSALS
from hub.api.paging import NewestFirst
from hub.api.permissions import MayView
from hub.api.serializers import DeliveryDetail, DeliveryRow, ErrorRow, FlowRow, RunDetail, RunRow
from hub.models import Delivery, ErrorRecord, Flow, SyncRun

M = TypeVar("M", bound=Model)


class Listing(ListAPIView[M]):
    """A narrowed list, newest first."""

    permission_classes = [IsAuthenticated, MayView]
    pagination_class = NewestFirst
    query: type[Query] = NoFilter

    def filter_queryset(self, queryset: QuerySet[M, Any]) -> QuerySet[M, Any]:
        return self.query(data=self.request.query_params.dict()).narrowed(queryset)


class Detail(RetrieveAPIView[M]):
    """One row."""

    permission_classes = [IsAuthenticated, MayView]


@extend_schema_view(
    get=extend_schema(operation_id="deliveries", parameters=[DeliveryQuery], responses={200: DeliveryRow(many=True), **REFUSALS})
)
class Deliveries(Listing[Delivery]):
    """The journeys of records through flows."""

    queryset = Delivery.objects.select_related("flow").defer("masked", "sealed")
    serializer_class: Any = DeliveryRow
    query = DeliveryQuery


@extend_schema_view(get=extend_schema(operation_id="delivery", responses={200: DeliveryDetail, **REFUSALS, **MISSING}))
class OneDelivery(Detail[Delivery]):
    """A delivery with its masked payload, attempts, errors and cross reference."""

    queryset = Delivery.objects.select_related("flow").defer("sealed").prefetch_related("tries", "errors__flow", "errors__connection")
    serializer_class: Any = DeliveryDetail


@extend_schema_view(get=extend_schema(operation_id="runs", parameters=[RunQuery], responses={200: RunRow(many=True), **REFUSALS}))
class Runs(Listing[SyncRun]):
    """The readings of flows."""

    queryset = SyncRun.objects.select_related("flow").defer("keys")
    serializer_class: Any = RunRow
    query = RunQuery


@extend_schema_view(get=extend_schema(operation_id="run", responses={200: RunDetail, **REFUSALS, **MISSING}))
class OneRun(Detail[SyncRun]):
    """A reading with what was asked for."""

    queryset = SyncRun.objects.select_related("flow")
    serializer_class: Any = RunDetail


@extend_schema_view(get=extend_schema(operation_id="flows", responses={200: FlowRow(many=True), **REFUSALS}))
class Flows(Listing[Flow]):
    """What moves from where to where."""

    queryset = Flow.objects.select_related("source", "target", "after")
    serializer_class: Any = FlowRow


@extend_schema_view(get=extend_schema(operation_id="errors", parameters=[ErrorQuery], responses={200: ErrorRow(many=True), **REFUSALS}))
class Errors(Listing[ErrorRecord]):
    """What is or was wrong with deliveries, and what to do about it."""

    queryset = ErrorRecord.objects.select_related("flow", "connection")
    serializer_class: Any = ErrorRow
    query = ErrorQuery
