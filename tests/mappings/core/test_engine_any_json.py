"""Whatever JSON comes, the engine answers; whatever lists come, their order and length stay."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mappings.core.engine import apply, compile_rules
from mappings.core.values import IF_EMPTY, TYPES, Facts, Outcome, Rule, Step
from tests.mappings.core.samples import Everything, order, order_map, rule, tables

NAMES = st.sampled_from(["A", "B", "L", "SKU", "Quantity", "Currency", "Totals"])
GIANTS = st.sampled_from([10**400, Decimal("1E+400000"), Decimal("1E-400000"), Decimal("-0.001")])
WORDS = st.text(max_size=20) | st.sampled_from(["2026-11-20T04:30:00Z", "0001-01-01T00:00:00+23:59", "007", "USD", "JPY"])
NUMBERS = st.integers() | st.floats() | st.decimals(allow_nan=False, allow_infinity=False) | GIANTS
LEAVES = st.none() | st.booleans() | NUMBERS | WORDS
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=25)


def mutated(draw: Any, value: Any) -> Any:
    """The sample order with some of its values replaced by any JSON."""
    if isinstance(value, dict):
        return {name: draw(JSON) if draw(st.integers(0, 14)) == 0 else mutated(draw, one) for name, one in value.items()}
    if isinstance(value, list):
        return [draw(JSON) if draw(st.integers(0, 14)) == 0 else mutated(draw, one) for one in value]
    return draw(JSON) if draw(st.integers(0, 14)) == 0 else value


@st.composite
def orders(draw: Any) -> Any:
    return mutated(draw, order())


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(source=orders() | JSON, mode=st.sampled_from(["", "parent", "explode", "component_only"]), trace=st.booleans())
def test_the_shipped_map_answers_for_any_record(source: Any, mode: str, trace: bool) -> None:
    facts = Facts(tables=tables(), settings={"time_zone": "America/Denver", "kit_mode": mode}, answers=Everything())
    found = apply(order_map(), source, facts, trace=trace)
    assert isinstance(found, Outcome)
    assert all(problem.path or not isinstance(source, dict) for problem in found.problems)


PATHS = st.sampled_from(
    ["A", "B", "A.B", "L[].A", "L[].B", "L[].L[].A", "L[0].A", "L[A=x].B", "$target.A", "$target.L[].A", "$settings.x", "L", ""]
)
TARGETS = st.sampled_from(["A", "B", "A.B", "L[].A", "L[].B", "L[].L[].A", "L[]", "K[A=x].B", "K[A=x]", "K[]", "L[].K[A=y].B", "T[]"])
FORMULAS = st.sampled_from(
    ["", "A + 1", "L[].A", "SUM(L[].A)", "A & B", "1/0", "A > B", "IF(A, 1, 2)", "$target.A", "ROUND(A, 2)", "LOCALDATE(A)"]
)
STEPS = st.sampled_from(
    [Step(name=name, args=args) for name, args in (
        ("trim", {"length": 3, "cut": True}), ("dec", {"scale": 2}), ("dec", {}), ("int", {}), ("upper", {}), ("bool", {}), ("utc", {}),
        ("local_date", {}), ("negative", {}), ("sum", {}), ("concat", {"paths": ["A", "L"]}), ("coalesce", {"paths": "A,B"}), ("addr", {}),
        ("phone", {"country": "A"}), ("split_name", {"part": "last"}), ("email", {}), ("mask", {}), ("currency", {}), ("balance", {}),
        ("lookup", {"table": "t"}), ("map", {"values": {"x": 1}}), ("reference", {"stream": "s"}), ("known", {"stream": "s"}),
        ("prorate", {"part": "A", "whole": "B"}), ("largest", {"by": "A", "take": "B"}), ("pobox", {"kind": "A"}), ("kits", {}),
        ("apportion", {"amount": "A", "weight": "B", "limit": "A"}), ("stop", {"when": "A > 1", "message": "no"}), ("nope", {}),
    )]
)  # fmt: skip
RULES = st.builds(
    Rule,
    target=TARGETS,
    source=PATHS,
    steps=st.lists(STEPS, max_size=3).map(tuple),
    formula=FORMULAS,
    condition=FORMULAS,
    constant=st.none() | st.just("x"),
    default=st.sampled_from(["", "5"]),
    if_empty=st.sampled_from(IF_EMPTY),
    type=st.sampled_from(["", *TYPES]),
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(rules=st.lists(RULES, max_size=8), source=st.dictionaries(NAMES, JSON, max_size=6), trace=st.booleans())
def test_any_rules_compile_and_answer_for_any_record(rules: list[Rule], source: Any, trace: bool) -> None:
    compiled = compile_rules(rules, tables=["t"])
    assert isinstance(apply(compiled, source, Facts(tables={"t": {"x": "y"}}), trace=trace), Outcome)


@given(lines=st.lists(st.dictionaries(NAMES, JSON, max_size=4), max_size=12))
def test_lists_keep_order_and_length_whatever_fails_in_them(lines: list[Any]) -> None:
    rules = [rule("T[].A", "L[].A", type="number"), rule("T[].B", "L[].B", ("utc", {})), rule("T[].N", "L[].N", if_empty="error")]
    numbered = [{**line, "N": place} for place, line in enumerate(lines)]
    found = apply(compile_rules(rules), {"L": numbered}, Facts())
    assert [line["N"] for line in found.payload["T"]] == list(range(len(lines)))
