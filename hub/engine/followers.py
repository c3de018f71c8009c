"""Flows that follow another one: what each success of that starts in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import product

from connectors.base import Record, Summary
from hub.engine.accept import accept
from hub.engine.rows import Done, Row
from hub.models import Delivery, Flow


def followers_of(rows: Sequence[Row]) -> list[Flow]:
    """Flows that start where these rows end well."""
    ended = {row.flow.pk for row in rows if isinstance(row.result, Done)}
    return list(Flow.objects.filter(after__in=ended, enabled=True).select_related("source", "target")) if ended else []


def start(rows: Sequence[Row], followers: Sequence[Flow], *, now: datetime) -> None:
    """Every success of a flow starts one delivery in each flow that follows it; people know it by the same title and amount."""
    done = [row for row in rows if isinstance(row.result, Done) and any(flow.after_id == row.flow.pk for flow in followers)]
    summaries = _summaries(done)
    for flow, lane in product(followers, sorted({row.lane for row in done}, reverse=True)):
        records = [
            Record(
                key=row.key,
                payload={"SourceKey": row.key, "TargetKey": row.result.receipt.key, "TargetVersion": row.result.receipt.version},
                summary=summaries.get(row.pk),
            )
            for row in done
            if isinstance(row.result, Done) and row.flow.pk == flow.after_id and row.lane is lane
        ]
        accept(flow, records, now=now, cursor=False, lane=lane)


def _summaries(rows: Sequence[Row]) -> dict[int, Summary]:
    """What lists show of these deliveries, in one query."""
    found = Delivery.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "title", "amount", "currency", "placed_at")
    return {
        pk: Summary(
            title=title,
            amount="" if amount is None else str(amount),
            currency=currency,
            placed_at=placed_at.isoformat() if placed_at else "",
        )
        for pk, title, amount, currency, placed_at in found
    }
