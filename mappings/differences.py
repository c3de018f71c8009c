"""What is different between two versions of a mapping."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mappings.models import MappingRule, MappingVersion
from mappings.steps_text import written

ASPECTS = (
    ("source", "Source"), ("steps", "Steps"), ("formula", "Formula"), ("constant", "Constant"), ("condition", "Only when"),
    ("if_empty", "When empty"), ("wait_hours", "Hours to wait"), ("default", "Default"), ("note", "Note"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Change:
    """One aspect of a rule: its name, before, after."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule that is "added", "removed", "changed" or "moved"."""

    target: str
    kind: str
    changes: tuple[Change, ...] = ()


def differences(before: MappingVersion | None, after: MappingVersion) -> list[Difference]:
    """The rules that differ, in the order of the later version; removed ones at the end. None stands for nothing at all."""
    old = _keyed(before.rules.order_by("position", "id")) if before else {}
    new = _keyed(after.rules.order_by("position", "id"))
    moved = _moved([key for key in old if key in new], [key for key in new if key in old])
    found: list[Difference] = []
    for key, row in new.items():
        changes = _changes(old.get(key), row)
        if key not in old:
            found.append(Difference(row.target, "added", changes))
        elif changes:
            found.append(Difference(row.target, "changed", changes))
        elif key in moved:
            found.append(Difference(row.target, "moved"))
    return [*found, *(Difference(row.target, "removed", _changes(row, None)) for key, row in old.items() if key not in new)]


def aspects(row: MappingRule) -> dict[str, str]:
    """A rule as labelled texts, without what is empty or default."""
    texts = {label: _text(row, name) for name, label in ASPECTS}
    return {label: text for label, text in texts.items() if text and not (label == "When empty" and row.if_empty == "omit")}


def _keyed(rows: Iterable[MappingRule]) -> dict[tuple[str, int], MappingRule]:
    """Rules by target; the second rule of the same target is its own."""
    seen: Counter[str] = Counter()
    keyed = {}
    for row in rows:
        keyed[row.target, seen[row.target]] = row
        seen[row.target] += 1
    return keyed


def _moved(old: list[tuple[str, int]], new: list[tuple[str, int]]) -> set[tuple[str, int]]:
    """Rules whose neighbour before them is another one now."""
    before = dict(zip(old, [None, *old], strict=False))
    after = dict(zip(new, [None, *new], strict=False))
    return {key for key in new if before[key] != after[key]}


def _changes(old: MappingRule | None, new: MappingRule | None) -> tuple[Change, ...]:
    left, right = aspects(old) if old else {}, aspects(new) if new else {}
    labels = [label for _, label in ASPECTS if left.get(label, "") != right.get(label, "")]
    return tuple(Change(label, left.get(label, ""), right.get(label, "")) for label in labels)


def _text(row: MappingRule, name: str) -> str:
    if name == "steps":
        return written(row.steps)
    if name == "wait_hours" and row.if_empty != "wait":
        return ""
    if name == "if_empty":
        return row.get_if_empty_display()
    if name == "constant":
        return "" if row.constant is None else row.constant or "(empty text)"
    return str(getattr(row, name))
