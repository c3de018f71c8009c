"""Numbers for Prometheus: read from the tables, at most every 15 seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Min
from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from hub.api.permissions import MayView
from hub.backlog import LANES, backlog
from hub.models import Connection, Delivery, ErrorRecord, Heartbeat, InboundEvent

KEEP_SECONDS = 15.0
_UNDER_WAY = (*Delivery.OPEN, Delivery.State.SENDING)
_kept: tuple[float, bytes] = (0.0, b"")


class Tables(Collector):
    """Only what indexes answer quickly, however many deliveries there are."""

    def collect(self) -> Iterator[Metric]:
        yield from _deliveries()
        yield from _connections()
        yield from _backlogs()
        errors = GaugeMetricFamily("throughline_errors_open", "Open error records.", labels=["category"])
        for category, count in ErrorRecord.objects.filter(state="open").values_list("category").annotate(Count("id")).order_by():
            errors.add_metric([category], count)
        yield errors
        beats = GaugeMetricFamily("throughline_heartbeat_age_seconds", "Seconds since a worker last ran a task.", labels=["worker"])
        for name, at in Heartbeat.objects.values_list("name", "at"):
            beats.add_metric([name], _age(at))
        yield beats


def _deliveries() -> Iterator[Metric]:
    count = GaugeMetricFamily("throughline_deliveries_under_way", "Deliveries that have not ended.", labels=["flow", "state"])
    oldest = GaugeMetricFamily("throughline_oldest_waiting_seconds", "Age of the oldest delivery waiting to be sent.", labels=["flow"])
    rows = Delivery.objects.filter(state__in=_UNDER_WAY).values_list("flow__slug", "state").order_by()
    for flow, state, number, since in rows.annotate(Count("id"), Min("created_at")):
        count.add_metric([flow, state], number)
        if state == Delivery.State.PENDING:
            oldest.add_metric([flow], _age(since))
    yield count
    yield oldest


def _connections() -> Iterator[Metric]:
    working = GaugeMetricFamily("throughline_connection_working", "1 while the connection's last test succeeded.", labels=["connection"])
    paused = GaugeMetricFamily("throughline_connection_paused", "1 while calls are paused after failures.", labels=["connection"])
    refused = GaugeMetricFamily("throughline_webhook_bad_signatures", "Webhooks refused for their signature.", labels=["connection"])
    events = GaugeMetricFamily("throughline_events_waiting", "Webhooks whose record was not read yet.", labels=["connection"])
    now = timezone.now()
    for slug, status, open_until, bad in Connection.objects.values_list("slug", "status", "open_until", "bad_signatures"):
        working.add_metric([slug], float(status == Connection.Status.WORKING))
        paused.add_metric([slug], float(open_until is not None and open_until > now))
        refused.add_metric([slug], bad)
    received = InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED)
    for slug, number in received.values_list("connection__slug").annotate(Count("id")).order_by():
        events.add_metric([slug], number)
    yield from (working, paused, refused, events)


def _backlogs() -> Iterator[Metric]:
    names = ["connection", "limit", "lane"]
    count = GaugeMetricFamily("throughline_backlog", "Records that wait for a rate limit.", labels=names)
    seconds = GaugeMetricFamily("throughline_backlog_seconds", "Seconds until they will have got their calls.", labels=names)
    now = time.time()
    for one in backlog():
        for lane, end in one.ends.items():
            labels = [one.limit.connection.slug, one.limit.name, LANES[lane]]
            count.add_metric(labels, one.records[lane])
            seconds.add_metric(labels, max(end - now, 0.0))
    yield count
    yield seconds


def _age(at: datetime) -> float:
    return max((timezone.now() - at).total_seconds(), 0.0)


class MetricsView(APIView):
    """Needs the right to view deliveries: give Prometheus a token of the role Auditor (`authorization: {type: Token}`)."""

    queryset = Delivery.objects.all()
    permission_classes = [IsAuthenticated, MayView]
    schema = None

    def get(self, request: Request) -> HttpResponse:
        global _kept
        if not _kept[1] or _kept[0] < time.monotonic() - KEEP_SECONDS:
            registry = CollectorRegistry()
            registry.register(Tables())
            _kept = (time.monotonic(), generate_latest(registry))
        return HttpResponse(_kept[1], content_type=CONTENT_TYPE_LATEST)
