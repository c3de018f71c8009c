"""Which fields of a connection's records its flows read, so that personal data is asked for only where one needs it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors import registry
from hub.models import Connection, Flow
from mappings.core.formula import FormulaError, paths_in
from mappings.core.reads import paths_read
from mappings.live import live

SOURCE = "$source."
FORMULA = "="


def fields_read(connection: Connection, stream: str) -> frozenset[str] | None:
    """Every path that an enabled flow reads of that stream's records: in its published mapping, its filter and its reason.

    None where other records are made from these, since that may need any of them. Inside lists a plain name counts as the record's own
    as well: rather one too many than one too few.
    """
    declared = registry.connectors().get(connection.connector)
    made_from_it = {one.id for one in declared.streams if one.derived_from == stream} if declared else set()
    flows = list(Flow.objects.filter(source=connection, enabled=True, stream__in={stream, *made_from_it}).exclude(operation=""))
    if any(flow.stream != stream for flow in flows):
        return None
    return frozenset(path.removeprefix(SOURCE) for flow in flows for path in _paths(flow))


def _paths(flow: Flow) -> Iterator[str]:
    current = live(flow.mapping_id) if flow.mapping_id else None
    for rule in current.compiled.rules if current else ():
        yield from paths_read(rule)
    words = flow.filter_words.removeprefix(FORMULA) if flow.filter_words.startswith(FORMULA) else ""
    yield from _in_formulas((flow.filter, words))


def _in_formulas(formulas: Iterable[str]) -> Iterator[str]:
    for text in formulas:
        try:
            yield from paths_in(text) if text else ()
        except FormulaError:
            continue
