"""The baseline's webhook: verified, stored, one task queued."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django_q.tasks import async_task

from connectors.channeladvisor.webhook import parse, verify
from tests.benchmarks.hub_road import SECRET
from tests.benchmarks.tasked.models import Order

SETTINGS = {"webhook_secret": SECRET}


@csrf_exempt
def webhook(request: HttpRequest) -> JsonResponse:
    """202 once the row and the task are stored."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    verify(SETTINGS, headers, request.body, timezone.now())
    event = parse(SETTINGS, headers, request.body)
    order, created = Order.objects.get_or_create(event_id=event.id, defaults={"key": event.key})
    if created:
        async_task("tests.benchmarks.tasked.work.carry", order.pk)
    return JsonResponse({"status": "accepted"}, status=202)
