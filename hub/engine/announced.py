"""What was announced is answered by any record that is as new, by whichever way it was read: by name, or in a list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import QuerySet

from connectors.base import Record, Stream
from hub.models import Connection, Flow, InboundEvent, SyncRun


def answer(flows: Sequence[Flow], stream: Stream, records: Sequence[Record], *, run: SyncRun, now: datetime) -> int:
    """Closes the events of records that these flows took in as new as they were announced; how many. Not while another flow listens."""
    source = flows[0].source
    if not stream.dated_events or not records or source is None:
        return 0
    listening = Flow.objects.filter(source=source, stream=stream.id, enabled=True, webhooks=True)
    if listening.exclude(pk__in=[flow.pk for flow in flows]).exists():
        return 0
    versions: dict[str, str] = {}
    for record in records:
        key = record.part_of or record.key
        versions[key] = max(record.version, versions.get(key, ""))
    rows = waiting(source, [stream.id]).filter(key__in=versions).exclude(occurred_at="").values_list("pk", "key", "occurred_at")
    answered = [pk for pk, key, announced in rows if announced <= versions[key]]
    still = InboundEvent.objects.filter(pk__in=answered, state=InboundEvent.State.RECEIVED)
    return still.update(state=InboundEvent.State.DONE, reason="", done_at=now, run=run) if answered else 0


def waiting(connection: Connection, streams: Sequence[str]) -> QuerySet[InboundEvent]:
    """The events of these streams whose records were not read yet."""
    return InboundEvent.objects.filter(connection=connection, state=InboundEvent.State.RECEIVED, stream__in=streams)
