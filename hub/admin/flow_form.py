"""The flow form: records and operations are chosen from what the systems declare, and everything must fit together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from connectors.registry import connectors
from hub.engine.sift import FORMULA
from hub.models import Connection, Flow
from mappings.core.formula import FormulaError, compile_condition

Choices = list[tuple[str, Any]]


class FlowForm(forms.ModelForm):  # type: ignore[type-arg]
    """Streams and operations are grouped by system; `clean` says what does not fit."""

    stream = forms.ChoiceField(label="Records", required=False, widget=UnfoldAdminSelectWidget())
    operation = forms.ChoiceField(label="Operation", required=False, widget=UnfoldAdminSelectWidget())
    filter = forms.CharField(
        label="Take new records when",
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="A formula on the source record; empty takes every record.",
    )

    class Meta:
        model = Flow
        fields = (
            "name", "slug", "source", "stream", "after", "mapping", "target", "operation", "enabled", "filter", "filter_words",
            "list_others", "send_changes", "poll_minutes", "webhooks", "batch", "priority",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kind in (("stream", "streams"), ("operation", "operations")):
            if name in self.fields:
                self.fields[name].choices = _choices(kind, getattr(self.instance, name, ""))  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field, words in _misfits(cleaned):
            self.add_error(field if field in self.fields else None, words)
        return cleaned


def _choices(kind: str, present: str) -> Choices:
    groups: Choices = [("", "–")]
    for declared in connectors().values():
        groups.append((declared.label, [(one.id, one.label) for one in getattr(declared, kind)]))
    known = {value for _, members in groups[1:] for value, _ in members}
    return groups if not present or present in known else [*groups, (present, f"{present} (no longer offered)")]


def _misfits(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _origin(given)
    yield from _end(given)
    mapping, source, target = given.get("mapping"), given.get("source"), given.get("target")
    read = (source.connector, given.get("stream")) if source else None
    if mapping and read and mapping.source_connector and (mapping.source_connector, mapping.source_stream) != read:
        yield "mapping", "This mapping reads other records than the flow."
    if mapping and target and (mapping.target_connector, mapping.target_operation) != (target.connector, given.get("operation")):
        yield "mapping", "This mapping is made for another operation than the flow's."
    words = given.get("filter_words") or ""
    formulas = {"filter": (given.get("filter") or "").strip(), "filter_words": words.removeprefix(FORMULA) if words[:1] == FORMULA else ""}
    for field, text in formulas.items():
        try:
            if text:
                compile_condition(text)
        except FormulaError as error:
            yield field, str(error)


def _origin(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    source, stream, after = given.get("source"), given.get("stream"), given.get("after")
    if after and (source or stream):
        yield "after", "A flow either follows another one or reads records itself. Clear this field, or the source and its records."
    elif not after and not (source and stream):
        yield ("stream" if source else "source"), "Choose a source and its records, or the flow that this one follows."
    elif source and not _offers(source, "streams", stream):
        yield "stream", f"{source} does not offer these records."


def _end(given: dict[str, Any]) -> Iterator[tuple[str, str]]:
    target, operation = given.get("target"), given.get("operation")
    if operation and not target:
        yield "target", "Choose where this operation is carried out."
    elif target and not operation:
        yield "operation", "Choose what the target is asked to do."
    elif target and not _offers(target, "operations", operation):
        yield "operation", f"{target} does not offer this operation."
    elif target and not given.get("mapping"):
        yield "mapping", "Choose the mapping that makes the target's fields."
    elif not target and given.get("after"):
        yield "target", "A flow that follows another one needs a target."


def _offers(connection: Connection, kind: str, name: Any) -> bool:
    declared = connectors().get(connection.connector)
    return declared is not None and any(one.id == name for one in getattr(declared, kind))
