"""A crowd of announced records: one reading of the list answers more of them than as many calls by name.

Only for streams whose events say which version they announce. Nothing depends on the list: what it does not show is read by name.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from connectors.base import Stream
from hub.engine.announced import waiting
from hub.engine.read import start_run
from hub.models import Connection, Flow, InboundEvent, SyncRun
from hub.pace import paced

CROWD = 100
"""Announcements that wait at once; as many records as systems put on one page of a list."""
OVERDUE = timedelta(minutes=3)
"""How long an announcement has waited that a list shows by now."""
FROM_THE_OLD_END = 0.1
"""Part of the turns that begin with what has waited longest."""


def dated(streams: Sequence[Stream]) -> list[str]:
    """The ids of the streams whose events say which version they announce."""
    return [stream.id for stream in streams if stream.dated_events]


def from_the_new_end(connection: Connection, streams: Sequence[str]) -> bool:
    """Whether the newest announcements are read first: in a crowd the list comes from the other end.

    A few turns begin at the old end, so that what the list does not show comes through a crowd that never ends, too.
    """
    if not streams or random.random() < FROM_THE_OLD_END:  # noqa: S311 - no secret
        return False
    return _crowd(waiting(connection, streams))


def sweep(connection: Connection, stream: Stream, flows: Sequence[Flow], *, now: datetime) -> list[SyncRun]:
    """Starts a reading of what is new where a crowd has waited since before the last one; answers the runs.

    A flow whose list was never read is left to its schedule: its first reading may be long.
    """
    if not stream.dated_events:
        return []
    sweeps = SyncRun.objects.filter(flow__in=flows, keys=[], since="").exclude(trigger=SyncRun.Trigger.WEBHOOK)
    overdue = waiting(connection, [stream.id]).filter(received_at__lt=now - paced(OVERDUE))
    if not _crowd(overdue) or sweeps.filter(state__in=(SyncRun.State.WAITING, SyncRun.State.RUNNING)).exists():
        return []
    last = sweeps.aggregate(last=Max("created_at"))["last"]
    if last and not _crowd(overdue.filter(received_at__gte=last - paced(OVERDUE))):
        return []
    return [start_run(flow, trigger=SyncRun.Trigger.SCHEDULE) for flow in flows if flow.cursor]


def _crowd(rows: QuerySet[InboundEvent]) -> bool:
    return len(rows.order_by().values_list("pk")[:CROWD]) == CROWD
