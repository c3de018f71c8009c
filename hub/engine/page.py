"""One page of records on its way in: what of it is news, and the drafts of that, made before anything is locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Max

from connectors.base import Record
from hub.core.lanes import Lane, priority_in
from hub.engine.draft import Draft, drafts, shorten_seals
from hub.engine.records import content_hash
from hub.engine.sift import passed_over
from hub.models import Delivery, Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class Latest:
    """The last delivery of a record; `due_at` since when it wanted to be sent. `open`: a newer version takes its place."""

    pk: int
    state: str
    fingerprint: str
    version: str
    unknown: bool
    due_at: datetime
    priority: int
    open: bool


@dataclass(slots=True, kw_only=True)
class Page:
    """The newest version of each record read for a flow, with its fingerprint and, where it looks like news, its draft.

    `force`: every record counts as news. `lane`: by which they came.
    """

    flow: Flow
    read: int
    newest: dict[str, Record]
    force: bool = False
    lane: Lane = Lane.NORMAL
    contents: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)

    def news(self, latest: dict[str, Latest]) -> list[Record]:
        """The records that become deliveries."""
        return [
            record
            for key, record in self.newest.items()
            if self.force or is_news(latest.get(key), version=record.version, content=self.contents[key])
        ]

    def priority(self, key: str, latest: Latest | None) -> int:
        """Of a new delivery: by its lane and flow, at least that of an open one which it replaces. In a sequence nobody overtakes."""
        if self.drafts[key].sequence:
            return self.flow.priority
        own = priority_in(self.lane, self.flow.priority)
        return max(own, latest.priority) if latest and latest.open else own


def is_news(latest: Latest | None, *, version: str, content: str) -> bool:
    """False for a record that has not changed since its latest delivery, or that is older than it.

    Versions of different length come from different dialects and cannot be compared.
    """
    if latest is None:
        return True
    if len(version) == len(latest.version) and version < latest.version:
        return False
    # What is being sent right now may have been read anew since: only the very version that it was accepted in is no news.
    return content != latest.fingerprint or (latest.state == Delivery.State.SENDING and version != latest.version)


def taken(flow: Flow, news: Sequence[Record], latest: dict[str, Latest]) -> list[Record]:
    """The news without what leaves no line in this flow."""
    without = passed_over(flow, news, latest)
    return [record for record in news if record.key not in without] if without else list(news)


def page_of(flow: Flow, records: Sequence[Record], *, now: datetime, force: bool = False, lane: Lane = Lane.NORMAL) -> Page:
    """Does beforehand what needs no lock, so that the transaction is short. What looks like news here is looked at again there."""
    page = Page(flow=flow, read=len(records), newest=_newest(records), force=force, lane=lane)
    if flow.operation and records:
        page.contents = {key: content_hash(flow, record.payload) for key, record in page.newest.items()}
        latest = latest_of(flow, page.newest)
        page.drafts = drafts(flow, taken(flow, page.news(latest), latest), now=now)
        shorten_seals(flow, (record for key, record in page.newest.items() if key not in page.drafts))
    return page


def _newest(records: Sequence[Record]) -> dict[str, Record]:
    """The newest version of each key; of equal ones the later read."""
    newest: dict[str, Record] = {}
    for record in records:
        before = newest.get(record.key)
        if before is None or record.version >= before.version:
            newest[record.key] = record
    return newest


def latest_of(flow: Flow, keys: Any) -> dict[str, Latest]:
    """The last delivery of each key in this flow, in one query."""
    last = Delivery.objects.filter(flow=flow, key__in=list(keys)).order_by().values("key").annotate(last=Max("pk")).values("last")
    rows = Delivery.objects.filter(pk__in=last).values_list(
        "key", "pk", "state", "fingerprint", "version", "unknown", "due_at", "created_at", "priority", "ticket"
    )
    return {
        key: Latest(
            pk=pk, state=state, fingerprint=content, version=version, unknown=unknown, due_at=min(due_at, created_at), priority=priority,
            open=state in Delivery.OPEN and not ticket,
        )
        for key, pk, state, content, version, unknown, due_at, created_at, priority, ticket in rows
    }  # fmt: skip
