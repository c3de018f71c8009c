"""The values a mapping is made of and what applying one answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.base import Payload
from connectors.errors import Problem

IF_EMPTY = ("omit", "null", "default", "error", "wait")
LONGEST_WAIT = 720
"""Hours for which a value can be waited for."""
TYPES = ("text", "whole number", "number", "yes/no", "date", "time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transform with its arguments, such as `lookup` with {"table": "ca_ship", "miss": "error"}."""

    name: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What fills one target field: a source path with steps, or a formula, or a constant.

    `target` is a path such as `LineItems[].SKU`, `Charges[Type=Shipping].Amount` or `TotalAmount`; `[]` in source and target
    walk the same list side by side. `condition` is a formula; the rule applies only when it is true, and on a list target
    (`LineItems[]`) it decides which elements stay. `default` is used when the value is empty and `if_empty` is "default".
    `wait_hours`: with `if_empty` "wait", how long a value that is missing may still come before the record is refused.
    `type` is the target field's type from its schema (one of TYPES or ""), to which every result is converted.
    """

    target: str
    source: str = ""
    steps: tuple[Step, ...] = ()
    formula: str = ""
    condition: str = ""
    constant: str | None = None
    default: str = ""
    if_empty: str = "omit"
    wait_hours: int = 24
    note: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A question a mapping cannot answer from the record.

    `kind` "reference": the target's id of the source record `key` of `stream`; "record": `key` must exist in the target's `stream`;
    "hazard": the hazard class of `key` in the target's `stream`, "" for what is not hazardous or not known; "origin": whether the target
    brought its record `key` of `stream` to the source, "" where nobody knows.
    Two needs are equal when they ask the same; `path` (the target field that asks) does not count.
    """

    kind: str
    stream: str
    key: str
    path: str = field(default="", compare=False)


class Facts:
    """What a mapping may ask besides the record: lookup tables, settings, and answers about other records.

    `asked` collects the needs that had no answer yet. The caller fills `answers` for many records at once and applies again;
    the answer None means that the thing is not there (yet), and the delivery waits for it.
    """

    __slots__ = ("answers", "asked", "settings", "tables")

    def __init__(
        self,
        *,
        tables: Mapping[str, Mapping[str, str]] | None = None,
        settings: Mapping[str, str] | None = None,
        answers: Mapping[Need, str | None] | None = None,
    ) -> None:
        self.tables: Mapping[str, Mapping[str, str]] = tables or {}
        self.settings: Mapping[str, str] = settings or {}
        self.answers: Mapping[Need, str | None] = {} if answers is None else answers
        self.asked: set[Need] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """What one rule did to one record, for the Try page.

    `path` is the target path with its indexes; `source` what stood at the source path, `result` what was written.
    `applied` is False when the condition was false or nothing was written.
    """

    index: int
    path: str
    source: Any = None
    result: Any = None
    problems: tuple[Problem, ...] = ()
    applied: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a record became.

    `problems` stop the delivery; `warnings` do not. `waits` were asked and answered "not there": the delivery is held for exactly
    these. `asked` still has no answer. `hold` is "" or a code under which the target keeps the document back (TOTALS, ADDRESS).
    `trace` has one entry per rule and element, only when asked for.
    """

    payload: Payload
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()
    waits: tuple[Need, ...] = ()
    asked: frozenset[Need] = frozenset()
    trace: tuple[RuleResult, ...] = ()
    hold: str = ""
