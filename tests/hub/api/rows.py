"""A little history for the API to show."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from hub.models import Attempt, Connection, CrossReference, Delivery, ErrorRecord, Flow, SyncRun

MASKED = '{"OrderID": "112-4455667-7788990", "TotalPrice": 12.10, "BuyerEmailAddress": "•••"}'


def flow(source: Connection, slug: str = "ca-orders", **more: Any) -> Flow:
    target, _ = Connection.objects.get_or_create(slug="tims", defaults={"name": "TIMS", "connector": "tims"})
    return Flow.objects.create(slug=slug, name=slug, source=source, stream="orders", target=target, operation="sales_order", **more)


def delivery(of: Flow, key: str, state: str = "delivered", **more: Any) -> Delivery:
    now = timezone.now()
    values: dict[str, Any] = {"due_at": now, "created_at": now, "changed_at": now}
    values |= {"amount": Decimal("12.10"), "currency": "USD", "masked": MASKED, "sealed": b"sealed", "target_key": f"SO-{key}"}
    return Delivery.objects.create(flow=of, key=key, state=state, **(values | more))


def story(of: Flow) -> Delivery:
    """A delivery with a failed and a good attempt, a healed error, a run and a cross reference."""
    now = timezone.now()
    run = SyncRun.objects.create(flow=of, trigger="person", state="done", keys=["1"], read=1, accepted=1)
    told = delivery(of, "1", run=run)
    for number, outcome in ((1, "rejected"), (2, "created")):
        Attempt.objects.create(
            delivery=told,
            number=number,
            started_at=now,
            finished_at=now + timedelta(seconds=1),
            outcome=outcome,
            request=MASKED,
            answer='{"ID": 7}',
        )
    ErrorRecord.objects.create(
        delivery=told, flow=of, state="healed", category="rejected", cause="unknown_sku:A", message="TIMS has no A.", created_at=now
    )
    CrossReference.objects.create(
        source=of.source,
        stream=of.stream,
        source_key="1",
        target=of.target,
        operation=of.operation,
        target_key="SO-1",
        created_at=now,
        changed_at=now,
    )
    return told
