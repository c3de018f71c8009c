"""Trying a version on one record: the same engine as in earnest, nothing is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import Payload
from connectors.errors import Problem
from connectors.wire import decode
from mappings.core.values import Facts, Need, Outcome, Rule, RuleResult
from mappings.live import compiled_version, tables
from mappings.models import MappingVersion
from mappings.samples import provider
from mappings.schemas import problems_of_payload

MOST_BYTES, ROUNDS, DEEPEST = 1_000_000, 5, 60


class RecordError(ValueError):
    """What was pasted is not a record; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTrial:
    """One rule and what it did: a result per element of the list it walks."""

    rule: Rule
    results: tuple[RuleResult, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def state(self) -> str:
        """ "bad", "problem", "written" or "nothing"."""
        if self.problems:
            return "bad"
        if any(one.problems for one in self.results):
            return "problem"
        return "written" if any(one.applied for one in self.results) else "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a version makes of a record. `unknown` would be looked up in earnest but cannot be answered here."""

    outcome: Outcome
    rules: tuple[RuleTrial, ...]
    schema_problems: tuple[Problem, ...]
    unknown: tuple[Need, ...] = ()

    @property
    def ready(self) -> bool:
        """Would this record be sent?"""
        bad = any(one.problems for one in self.rules)
        return not (bad or self.outcome.problems or self.outcome.waits or self.schema_problems or self.unknown)


def try_version(version: MappingVersion, record: Payload, *, settings: dict[str, str] | None = None) -> Trial:
    """Runs a version on a record with the lookup tables as they are now. Never raises for any JSON object."""
    live = compiled_version(version)
    facts = Facts(tables=tables(live.tables), settings=settings or {})
    outcome = live.apply(record, facts, trace=True)
    for _ in range(ROUNDS):
        if not _answered(version, outcome, facts):
            break
        outcome = live.apply(record, facts, trace=True)
    by_rule: dict[int, list[RuleResult]] = {}
    for result in outcome.trace:
        by_rule.setdefault(result.index, []).append(result)
    bad: dict[int, list[Problem]] = {}
    for index, problem in live.compiled.problems:
        bad.setdefault(index, []).append(problem)
    rules = tuple(
        RuleTrial(rule=rule, results=tuple(by_rule.get(index, ())), problems=tuple(bad.get(index, ())))
        for index, rule in enumerate(live.compiled.rules)
    )
    return Trial(outcome=outcome, rules=rules, schema_problems=_schema_problems(version, outcome), unknown=_sorted(outcome.asked))


def pasted(text: str) -> Payload:
    """A record that somebody pasted. RecordError in words for anything but a JSON object of sensible size."""
    if len(text.encode()) > MOST_BYTES:
        raise RecordError(f"The record is larger than {MOST_BYTES // 1_000_000} MB. Paste one record only.")
    try:
        found = decode(text)
    except (ValueError, RecursionError) as wrong:
        raise RecordError(f"This is not JSON: {wrong}. Paste one record, from its opening {{ to its closing }}.") from None
    if not isinstance(found, dict):
        raise RecordError("A record is one group of fields in { and }. Paste one record, not a list or a single value.")
    if _depth(found) > DEEPEST:
        raise RecordError(f"The record is nested deeper than {DEEPEST} levels. Paste a record of the source system.")
    return found


def _answered(version: MappingVersion, outcome: Outcome, facts: Facts) -> bool:
    """Were new answers found for what was asked?"""
    keeper = provider()
    if not outcome.asked or keeper is None:
        return False
    found = keeper.answers(version.mapping, _sorted(outcome.asked))
    new = {need: answer for need, answer in found.items() if need not in facts.answers}
    facts.answers = {**facts.answers, **new}
    return bool(new)


def _schema_problems(version: MappingVersion, outcome: Outcome) -> tuple[Problem, ...]:
    """What the target would refuse, without what a rule's own problem or an open question explains already."""
    explained = {one.path for one in outcome.problems} | {need.path for need in (*outcome.waits, *outcome.asked)}
    return tuple(one for one in problems_of_payload(version.mapping, outcome.payload) if one.path not in explained)


def _sorted(needs: Any) -> tuple[Need, ...]:
    return tuple(sorted(needs, key=lambda need: (need.kind, need.stream, need.key)))


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level and deepest <= DEEPEST:
        deepest += 1
        level = [below for one in level for below in _inside(one)]
    return deepest


def _inside(value: Any) -> Sequence[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else ()
