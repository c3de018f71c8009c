"""Values that are missing but may still come: the delivery waits and is tried again, and at once when its lookup table changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from connectors.errors import Problem
from hub.core import policy
from hub.core.masking import scrub
from hub.engine import notes
from hub.engine.known import let_go
from hub.engine.rows import Held, Row
from hub.models import Delivery
from mappings.models import LookupTable

LONGEST = 400


def missing(row: Row, problems: Sequence[Problem], *, now: datetime) -> Held | None:
    """How a record waits that lacks nothing but values which may still come; None when it is an error now."""
    hours = min(problem.wait for problem in problems)
    following = policy.while_missing(hours=hours, since=row.created_at, now=now, pace=settings.HUB_PACE) if hours else None
    if not isinstance(following, policy.Retry):
        return None
    personal = notes.personal(row)
    until = row.created_at + timedelta(hours=hours) * settings.HUB_PACE
    ending = f" It is tried again every hour until {until:%Y-%m-%d %H:%M} UTC."
    words = scrub(" ".join(problem.message for problem in problems), personal)[: LONGEST - len(ending)]
    return Held(code=policy.MISSING, reason=words + ending, mark=scrub(_mark(problems), personal)[:300], again=following.at)


def _mark(problems: Sequence[Problem]) -> str:
    """The first row that is missing, `lookup/<table>/<key>`: nothing goes on without it, so the others need none."""
    rows = (problem.cause.split(":", 2) for problem in problems if problem.cause.startswith("lookup:"))
    return next(("/".join(parts) for parts in rows), "")


def release_table(table_id: int) -> int:
    """Deliveries that wait for a row of this lookup table are tried again at once. Answers how many."""
    slug = LookupTable.objects.filter(pk=table_id).values_list("slug", flat=True).first()
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, reason_code=policy.MISSING, waits_for__startswith=f"lookup/{slug}/")
    return let_go(waiting, reason="Its lookup table was changed.", now=timezone.now())
