"""What a mapping must know of other records, answered for a whole batch with one query a kind."""

from __future__ import annotations

from collections.abc import Iterable

from connectors import registry
from connectors.errors import Problem
from hub.engine.known import record_mark, reference_mark
from hub.engine.origin import origins
from hub.engine.rows import Held
from hub.models import Connection, CrossReference, Flow, KnownRecord
from mappings.core.values import Facts, Need
from mappings.live import tables


def start(flow: Flow, table_slugs: Iterable[str]) -> Facts:
    """The lookup tables as they are now and the plain settings of both connections, the target's first; no answers yet."""
    settings: dict[str, str] = {}
    for end in (flow.source, flow.target):
        if end:
            settings |= _readable(end)
    return Facts(tables=tables(table_slugs), settings=settings, answers={})


def _readable(end: Connection) -> dict[str, str]:
    plain = {name: str(value) for name, value in end.settings.items()}
    derived = registry.connectors().get(end.connector)
    return {**plain, **derived.derived(plain)} if derived and derived.derived else plain


def list_unread(flow: Flow) -> bool:
    """While a list of what exists at the target was never read to its end, something that is missing on it may still exist."""
    lists = Flow.objects.filter(source=flow.target_id, operation="", after=None, enabled=True, last_read_at=None)
    return lists.exclude(stream="").exists()


def answer(flow: Flow, facts: Facts) -> None:
    """Answers every open question; what is not there is answered with None; what is not hazardous, or came from nobody, with ""."""
    answers = dict(facts.answers)
    for (kind, stream), needs in _grouped(facts.asked).items():
        found = _FINDERS[kind](flow, stream, needs)
        for need in needs:
            answers[need] = found.get(need.key if kind in _BY_KEY else need.key.casefold(), "" if kind in _OPTIONAL else None)
    facts.answers = answers
    facts.asked.clear()


def _grouped(needs: Iterable[Need]) -> dict[tuple[str, str], list[Need]]:
    grouped: dict[tuple[str, str], list[Need]] = {}
    for need in needs:
        grouped.setdefault((need.kind, need.stream), []).append(need)
    return grouped


def _references(flow: Flow, stream: str, needs: Iterable[Need]) -> dict[str, str]:
    keys = [need.key for need in needs]
    rows = CrossReference.objects.filter(source=flow.source_id, stream=stream, target=flow.target_id, source_key__in=keys)
    return dict(rows.values_list("source_key", "target_key"))


def _records(flow: Flow, stream: str, needs: Iterable[Need]) -> dict[str, str]:
    folded = [need.key.casefold() for need in needs]
    rows = KnownRecord.objects.filter(connection=flow.target_id, stream=stream, folded__in=folded, usable=True)
    return dict(rows.values_list("folded", "key"))


def _hazards(flow: Flow, stream: str, needs: Iterable[Need]) -> dict[str, str]:
    folded = [need.key.casefold() for need in needs]
    rows = KnownRecord.objects.filter(connection=flow.target_id, stream=stream, folded__in=folded).exclude(hazard="")
    return dict(rows.values_list("folded", "hazard"))


_FINDERS = {"reference": _references, "record": _records, "hazard": _hazards, "origin": origins}
_BY_KEY, _OPTIONAL = ("reference", "origin"), ("hazard", "origin")


def held(flow: Flow, need: Need) -> Held:
    """Waiting for exactly this record. One that no flow brings is shown to a person as well."""
    if need.kind == "reference":
        words = f"Waits until the record {need.key} of {need.stream} is in {flow.target}."
        return Held(
            code="waits_for_record",
            reason=words[:400],
            mark=reference_mark(flow.source_id or 0, flow.target_id or 0, need.stream, need.key),
        )
    words = f"{need.key} does not exist in {flow.target}, or is not for sale there."
    problem = Problem(path=need.path, code="not_there", message=words, value=need.key, cause=f"waits:{need.stream}:{need.key}")
    return Held(
        code="waits_for_record", reason=words[:400], mark=record_mark(flow.target_id or 0, need.stream, need.key), problems=(problem,)
    )
