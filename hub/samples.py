"""Stored records for the Try page: the latest deliveries that went through a mapping, masked."""

from __future__ import annotations

from collections.abc import Mapping as Answers
from collections.abc import Sequence

from django.db.models import Q, QuerySet
from django.urls import reverse

from connectors.wire import decode
from hub.engine import facts
from hub.models import Delivery, Flow
from mappings.core.values import Need
from mappings.models import Mapping
from mappings.samples import Sample, register

MOST = 50


class Deliveries:
    """The hub's side of `mappings.samples.Provider`."""

    def __call__(self, mapping: Mapping, query: str) -> list[tuple[str, str]]:
        """The latest deliveries of the mapping's flows whose key or title fits, as (id, label)."""
        rows = self._of(mapping)
        if query:
            rows = rows.filter(Q(key__istartswith=query) | Q(title__icontains=query) | Q(target_key__istartswith=query))
        found = rows.order_by("-id").values_list("pk", "title", "key", "state")[:MOST]
        return [(str(pk), f"{title or key} ({Delivery.State(state).label.lower()})") for pk, title, key, state in found]

    def load(self, mapping: Mapping, sample_id: str) -> Sample | None:
        """A delivery's record as people may see it."""
        pk = int(sample_id) if sample_id.isdecimal() and len(sample_id) < 19 else 0
        row = self._of(mapping).filter(pk=pk).select_related("flow__target").first()
        payload = decode(row.masked) if row and row.masked else None
        if row is None or not isinstance(payload, dict):
            return None
        return Sample(label=f"{row.title or row.key}", payload=payload, settings=dict(facts.start(row.flow, ()).settings))

    def answers(self, mapping: Mapping, needs: Sequence[Need]) -> Answers[Need, str | None]:
        """What the mapping's first flow knows of other records; nothing where no flow uses the mapping."""
        flow = Flow.objects.filter(mapping=mapping).select_related("target").order_by("pk").first()
        if flow is None:
            return {}
        known = facts.start(flow, ())
        known.asked.update(needs)
        facts.answer(flow, known)
        return known.answers

    def flows(self, mapping_ids: Sequence[int]) -> dict[int, list[tuple[str, str]]]:
        """Name and page of the flows that use each mapping."""
        found: dict[int, list[tuple[str, str]]] = {}
        for pk, name, mapping_id in Flow.objects.filter(mapping__in=mapping_ids).order_by("name").values_list("pk", "name", "mapping_id"):
            found.setdefault(mapping_id or 0, []).append((name, reverse("admin:hub_flow_change", args=[pk])))
        return found

    def _of(self, mapping: Mapping) -> QuerySet[Delivery]:
        return Delivery.objects.filter(flow__mapping=mapping)


def provide() -> None:
    """Makes the hub's deliveries available to the Try page."""
    register(Deliveries())
