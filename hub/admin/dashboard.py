"""The first page: is everything flowing, and if not, what needs whom. At most twenty queries, none per row."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from hub.admin.causes import top_causes
from hub.admin.connections import environment_badge, state_badge
from hub.admin.filters import CURRENT, midnight
from hub.admin.rate_limits import late_backlogs
from hub.admin.words import when
from hub.models import Connection, Delivery, Flow, Heartbeat, InboundEvent

State = Delivery.State
TREND_DAYS = 14
TREND_SECONDS = 60
NOT_THROUGH = (State.PENDING, State.SENDING, State.WAITING, State.HELD, State.FAILED)
Rows = Sequence[Mapping[str, Any]]

_GREY = {"color": "#9ca3af"}
TREND_OPTIONS = json.dumps(
    {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "maxBarThickness": 22,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {"legend": {"display": True, "align": "end", "labels": {"boxHeight": 6, "boxWidth": 6, "usePointStyle": True, **_GREY}}},
        "scales": {
            "x": {"stacked": True, "grid": {"display": False}, "ticks": _GREY},
            "y": {
                "stacked": True,
                "beginAtZero": True,
                "grid": {"lineWidth": 0.5},
                "border": {"display": False},
                "ticks": {"precision": 0, **_GREY},
            },
        },
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One number with where it leads."""

    title: str
    number: int
    link: str
    tone: str = "mute"
    words: str = ""


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Adds what `templates/admin/index.html` shows. A person without the right to see deliveries gets none of it."""
    if not request.user.has_perm("hub.view_delivery"):
        return context
    flows = list(Flow.objects.select_related("source", "target", "after"))
    connections = list(Connection.objects.all())
    if not flows:
        return {**context, "fresh": True, "connections": [_connection(one) for one in connections]}
    now = timezone.now()
    recent, waiting = _recent(now), _waiting()
    return {
        **context,
        "tiles": _tiles(flows, recent, waiting),
        "oldest": _oldest(waiting),
        "flows": [_flow(flow, recent, waiting) for flow in flows],
        "connections": [_connection(one) for one in connections],
        "causes": top_causes(5),
        "trend": _trend(),
        "trend_options": TREND_OPTIONS,
        "worker": _worker(now),
        "backlogs": late_backlogs(),
        "events_waiting": InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED).order_by().values("pk")[:1000].count(),
    }


def _recent(now: datetime) -> Rows:
    """The last 24 hours by flow and state; `today` counts records since midnight."""
    rows = Delivery.objects.filter(created_at__gte=min(now - timedelta(hours=24), midnight())).order_by()
    counts = {
        "day": Count("pk", filter=Q(created_at__gte=now - timedelta(hours=24))),
        "hour": Count("pk", filter=Q(created_at__gte=now - timedelta(hours=1))),
        "today": Count("pk", filter=Q(created_at__gte=midnight())),
    }
    return list(rows.values("flow", "state").annotate(**counts))


def _waiting() -> Rows:
    """Everything not through, however old, by flow and state."""
    return list(
        Delivery.objects.filter(state__in=NOT_THROUGH).order_by().values("flow", "state").annotate(n=Count("pk"), oldest=Min("created_at"))
    )


def _tiles(flows: Sequence[Flow], recent: Rows, waiting: Rows) -> list[Tile]:
    """Of orders where a flow carries orders, else of all records."""
    orders = {flow.pk for flow in flows if flow.stream == "orders"}
    noun, chosen = ("Orders", {"records": "orders"}) if orders else ("Records", {})
    mine = orders or {flow.pk for flow in flows}

    def today(*states: str) -> int:
        return sum(row["today"] for row in recent if row["flow"] in mine and row["state"] in states)

    def now(state: str) -> int:
        return sum(row["n"] for row in waiting if row["flow"] in mine and row["state"] == state)

    def older(state: str) -> str:
        rest = now(state) - today(state)
        return f"{rest:,} from earlier days" if rest > 0 else ""

    def link(**more: str) -> str:
        return f"{reverse('admin:hub_delivery_changelist')}?{urlencode({**chosen, **more})}"

    came, through, held, failed = today(*CURRENT), today(State.DELIVERED), now(State.HELD), now(State.FAILED)
    return [
        Tile(title=f"{noun} in today", number=came, link=link(came="today", state__exact="current"), tone="info", words="changes included"),
        Tile(title="Delivered of these", number=through, link=link(came="today", state__exact=State.DELIVERED), tone="ok"),
        Tile(title="Held now", number=held, link=link(state__exact=State.HELD), tone="warn", words=older(State.HELD)),
        Tile(title="Need a person now", number=failed, link=link(state__exact=State.FAILED), tone="bad", words=older(State.FAILED)),
    ]


def _oldest(waiting: Rows) -> Any:
    """How long the oldest record that nothing but time or a worker holds up has waited."""
    return when(min((row["oldest"] for row in waiting if row["state"] in (State.PENDING, State.SENDING, State.WAITING)), default=None))


def _flow(flow: Flow, recent: Rows, waiting: Rows) -> dict[str, Any]:
    mine = [row for row in waiting if row["flow"] == flow.pk]
    through = [row for row in recent if row["flow"] == flow.pk and row["state"] == State.DELIVERED]
    counts = {state: sum(row["n"] for row in mine if row["state"] == state) for state in NOT_THROUGH}
    return {
        "flow": flow,
        "read": when(flow.last_read_at) if flow.source_id else "–",
        "waiting": counts[State.PENDING] + counts[State.SENDING] + counts[State.WAITING],
        "held": counts[State.HELD],
        "failed": counts[State.FAILED],
        "hour": sum(row["hour"] for row in through),
        "day": sum(row["day"] for row in through),
        "link": f"{reverse('admin:hub_delivery_changelist')}?{urlencode({'flow__id__exact': flow.pk})}",
    }


def _connection(connection: Connection) -> dict[str, Any]:
    return {
        "connection": connection, "state": state_badge(connection), "environment": environment_badge(connection),
        "checked": when(connection.checked_at), "link": reverse("admin:hub_connection_change", args=[connection.pk]),
    }  # fmt: skip


def _trend() -> str:
    """A stacked chart of the last two weeks; the counting is kept for a minute."""
    found = cache.get("hub-trend")
    if found is None:
        found = json.dumps(_chart(_days()))
        cache.set("hub-trend", found, TREND_SECONDS)
    return str(found)


def _days() -> dict[str, dict[str, int]]:
    today = timezone.localdate()
    days = [today - timedelta(days=back) for back in reversed(range(TREND_DAYS))]
    counts = {day.isoformat(): {"delivered": 0, "waiting": 0, "failed": 0} for day in days}
    rows = Delivery.objects.filter(created_at__gte=midnight() - timedelta(days=TREND_DAYS - 1)).exclude(
        state__in=(State.SKIPPED, State.SUPERSEDED)
    )
    for row in rows.order_by().annotate(day=TruncDate("created_at")).values("day", "state").annotate(n=Count("pk")):
        kind = row["state"] if row["state"] in ("delivered", "failed") else "waiting"
        if row["day"].isoformat() in counts:
            counts[row["day"].isoformat()][kind] += row["n"]
    return counts


def _chart(days: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    looks = (
        ("delivered", "Delivered", "var(--hub-ok)"),
        ("waiting", "Waiting or held", "var(--hub-warn)"),
        ("failed", "Needs a person", "var(--hub-bad)"),
    )
    return {
        "labels": [day[5:] for day in days],
        "datasets": [
            {
                "label": label,
                "data": [counts[kind] for counts in days.values()],
                "backgroundColor": colour,
                "stack": "all",
                "displayYAxis": True,
            }
            for kind, label, colour in looks
        ],
    }


def _worker(now: datetime) -> dict[str, Any]:
    """The last sign of life that a task wrote."""
    last = Heartbeat.objects.order_by("-at").first()
    stale = last is None or now - last.at > timedelta(seconds=settings.HUB_HEARTBEAT_SECONDS)
    return {"stale": stale, "last": when(last.at) if last else "never", "name": last.name if last else ""}
