"""Rate limits: how many calls each connection has left, what waits for them, and until when."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from hub import throttle
from hub.admin import confirm
from hub.admin.base import PageAdmin, page
from hub.admin.words import badge, when
from hub.backlog import LANES, Waiting, backlog, longest
from hub.core.forecast import in_words
from hub.core.lanes import Lane
from hub.models import Connection, RateLimit

LATE = 15 * 60.0
"""Seconds from which on the first page tells of a backlog."""
FASTEST = 10_000.0
CHANGE = "hub.change_ratelimit"


@admin.register(RateLimit)
class RateLimitAdmin(PageAdmin):
    """Token buckets that all workers share."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """All limits by connection, what waits longest first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        given = request.GET.get("connection", "")
        chosen = int(given) if given.isdecimal() and len(given) < 10 else None
        found = backlog(RateLimit.objects.filter(connection=chosen) if chosen else None)
        connections = list(Connection.objects.filter(limits__isnull=False).distinct())
        mine = [(one, [row for row in found if row.limit.connection_id == one.pk]) for one in connections]
        groups = [{"connection": one, "lines": lines(rows)} for one, rows in mine if rows]
        return page(self, request, "hub/rate_limits.html", "Rate limits", connections=connections, chosen=chosen, groups=groups)

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """One limit, and the form that sets its rate."""
        found = backlog(RateLimit.objects.filter(pk=pk))
        if not found:
            return self._get_obj_does_not_exist_redirect(request, self.opts, pk)  # type: ignore[no-any-return]
        limit, may_set, problem = found[0].limit, request.user.has_perm(CHANGE), ""
        given = request.POST.get("rate", f"{limit.per_second:g}").strip().replace(",", ".")
        if request.method == "POST":
            if not may_set:
                raise PermissionDenied
            rate = None if request.POST.get("act") == "declared" else _rate(given)
            if rate is None or rate > 0:
                return self._set(request, limit, rate)
            problem = f"Enter a number above 0 and up to {FASTEST:,.0f}, such as 0.5."
        context = {"limit": limit, "lines": lines(found), "may_set": may_set, "by_hand": not limit.declared, "given": given}
        return page(self, request, "hub/rate_limit.html", found[0].label, problem=problem, **context)

    def _set(self, request: HttpRequest, limit: RateLimit, rate: float | None) -> HttpResponse:
        """After a confirmation the rate holds; None = the declared one again."""
        here = reverse("admin:hub_ratelimit_change", args=[limit.pk])
        words = f"{limit.name} is refilled with {rate:g} calls a second from now on." if rate else f"{limit.name} follows the system again."
        title = f"Change how often {limit.connection} is called?"
        if asked := confirm.agreed(self, request, title=title, words=words, button="Change the rate", back=here):
            return asked
        throttle.set_rate(limit, rate)
        self.log_change(request, limit, words)
        self.message_user(request, words, messages.SUCCESS)
        return redirect(here)


def _rate(given: str) -> float:
    """0 for what is no rate."""
    try:
        rate = float(given)
    except ValueError:
        return 0.0
    return rate if math.isfinite(rate) and 0 < rate <= FASTEST else 0.0


def limit_lines(connection: Connection) -> list[dict[str, Any]]:
    """The limits of one connection, for its page."""
    return lines(backlog(RateLimit.objects.filter(connection=connection)))


def lines(found: Sequence[Waiting]) -> list[dict[str, Any]]:
    """The limits as the table shows them, what waits longest first."""
    now = time.time()
    return [_line(one, now) for one in sorted(found, key=lambda one: (-one.end, one.label))]


def _line(one: Waiting, now: float) -> dict[str, Any]:
    limit = one.limit
    return {
        "label": one.label, "name": limit.name, "link": reverse("admin:hub_ratelimit_change", args=[limit.pk]),
        "left": math.floor(one.left), "burst": round(limit.burst), "reserved": round(limit.reserved),
        "rate": _rate_words(limit.per_second), "rate_words": _learned(limit), "forecast": _forecast(one, now), "state": _state(limit, now),
        "urgent": one.records[Lane.URGENT], "normal": one.records[Lane.NORMAL], "backfill": one.records[Lane.BACKFILL],
        "refused": when(datetime.fromtimestamp(limit.refused_at, UTC)) if limit.refused_at else "",
    }  # fmt: skip


def _rate_words(per_second: float) -> str:
    """`5 a second`; a slow one as `one in 179 s`."""
    if per_second <= 0:
        return "never"
    return f"{per_second:,.4g} a second" if per_second >= 1 else f"one in {1 / per_second:,.3g} s"


def _learned(limit: RateLimit) -> str:
    if not limit.declared:
        return "set by hand"
    return f"learned; published: {_rate_words(limit.declared)}" if limit.per_second != limit.declared else ""


def _forecast(one: Waiting, now: float) -> str:
    """A sentence for each lane that waits; without their names where there is only one."""
    several = len(one.ends) > 1
    said = []
    for lane, end in one.ends.items():
        what = f"{LANES[lane].capitalize()}: {one.records[lane]:,}" if several else f"The backlog of {one.records[lane]:,}"
        said.append(f"{what} {'end' if several and one.records[lane] != 1 else 'ends'} {_end(end, now)}.")
    return " ".join(said)


def _end(end: float, now: float) -> str:
    if end - now < 1:
        return "at once"
    if math.isinf(end):
        return "never at this rate"
    there = timezone.localtime(datetime.fromtimestamp(end, UTC))
    form = "%H:%M" if there.date() == timezone.localdate() else "%Y-%m-%d %H:%M"
    return f"about {there:{form}}, in {in_words(end - now)}"


def _state(limit: RateLimit, now: float) -> SafeString:
    if limit.blocked_until <= now:
        return badge("working", "Free")
    until = timezone.localtime(datetime.fromtimestamp(limit.blocked_until, UTC))
    return badge("waiting", f"The system asked to wait until {until:%H:%M:%S}")


def late_backlogs() -> list[dict[str, Any]]:
    """Connections whose backlog ends later than in a quarter of an hour, for the first page."""
    now = time.time()
    return [
        {"connection": one.limit.connection, "label": one.label, "words": _forecast(one, now),
         "link": f"{reverse('admin:hub_ratelimit_changelist')}?connection={pk}"}
        for pk, one in longest(backlog()).items() if one.end - now > LATE
    ]  # fmt: skip
