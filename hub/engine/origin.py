"""Which connection of a flow's target system a record came from: what is told back goes there and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hub.models import Connection, CrossReference, Delivery, Flow
from mappings.core.formula_records import ELSEWHERE, HERE
from mappings.core.values import Need

ON_THE_WAY = (*Delivery.OPEN, Delivery.State.SENDING)


def origins(flow: Flow, stream: str, needs: Iterable[Need]) -> dict[str, str]:
    """HERE or ELSEWHERE by the key of the target system's record; keys that nobody brought are left out. Two or three queries.

    What is on its way counts too: the flow's source may have the document before the hub has stored its number.
    """
    if flow.target is None or flow.source_id is None:
        return {}
    alike = list(Connection.objects.filter(connector=flow.target.connector).values_list("pk", flat=True))
    keys = {need.key for need in needs}
    found: dict[str, str] = {}
    for key, connection in (*_brought(flow, stream, alike, keys), *_coming(flow, stream, alike, keys)):
        if found.get(key) != HERE:
            found[key] = HERE if connection == flow.target_id else ELSEWHERE
    return found


def _brought(flow: Flow, stream: str, connections: list[int], keys: Iterable[str]) -> Iterator[tuple[str, int]]:
    rows = CrossReference.objects.filter(source__in=connections, stream=stream, source_key__in=keys, target=flow.source_id)
    yield from rows.order_by().values_list("source_key", "source_id")


def _coming(flow: Flow, stream: str, connections: list[int], keys: Iterable[str]) -> Iterator[tuple[str, int]]:
    flows = dict(Flow.objects.filter(source__in=connections, stream=stream, target=flow.source_id).values_list("pk", "source_id"))
    rows = Delivery.objects.filter(flow__in=flows, key__in=keys, state__in=ON_THE_WAY).order_by().values_list("key", "flow_id")
    for key, pk in rows:
        yield key, flows[pk] or 0
