"""Each transform: bad input first, then what it gives."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.core.declare import ARGUMENT_TYPES
from mappings.core.engine import compile_rules
from mappings.core.transforms import TRANSFORMS
from mappings.core.values import Need
from tests.mappings.core.samples import outcome, rule, stepped

D = Decimal
MAP = {"New": "Open"}
Steps = tuple[tuple[str, dict[str, Any]], ...]


@pytest.mark.parametrize(
    ("value", "steps", "code"),
    [
        ("x" * 11, (("trim", {"length": 10}),), "max_length"),
        ("abc", (("dec", {}),), "type_mismatch"),
        ([1], (("dec", {}),), "type_mismatch"),
        ("1.5.2", (("int", {}),), "type_mismatch"),
        ("maybe", (("bool", {}),), "type_mismatch"),
        ("yesterday", (("local_date", {}),), "bad_date"),
        ("2026-11-20", (("utc", {}),), "bad_date"),
        ("Odd", (("map", {"values": MAP}),), "map"),
        ("Odd", (("lookup", {"table": "t"}),), "lookup"),
        ("Odd", (("lookup", {"table": "t", "miss": "default"}),), "lookup"),
        ("US Dollar", (("currency", {}),), "currency"),
        ("text", (("addr", {}),), "type_mismatch"),
        ("text", (("largest", {"by": "A", "take": "B"}),), "type_mismatch"),
        ({"a": 1}, (("upper", {}),), "type_mismatch"),
        ("x", (("stop", {"when": "In = 'x'", "message": "No.", "code": "why"}),), "why"),
    ],
)
def test_a_value_that_does_not_fit_is_a_problem_in_words(value: Any, steps: Steps, code: str) -> None:
    found = stepped(value, *steps, tables={"t": {"a": "b"}})
    assert [problem.code for problem in found.problems] == [code]
    assert found.problems[0].message.startswith("Out: ")
    assert found.payload == {}


@pytest.mark.parametrize(
    ("value", "steps", "expected"),
    [
        ("  Wide \t open\u0000  ", (("trim", {}),), "Wide open"),
        ("cafe\u0301", (("trim", {"length": 4}),), "café"),
        ("one two three", (("trim", {"length": 9, "cut": True}),), "one two"),
        ("x" * 12, (("trim", {"length": 10, "cut": "true"}),), "x" * 10),
        ("Hello 🎂!", (("trim", {"emoji": False}),), "Hello !"),
        (" ", (("coalesce", {"paths": ["Empty", "B"]}),), "b"),
        ("a", (("coalesce", {"paths": "B"}),), "a"),
        ("a", (("concat", {"sep": "-", "paths": ["Empty", "B", "N"]}),), "a-b-5"),
        ("New", (("map", {"values": MAP}),), "Open"),
        ("Odd", (("map", {"values": MAP, "miss": "passthrough"}),), "Odd"),
        ("Odd", (("map", {"values": MAP, "miss": "default", "default": "Draft"}),), "Draft"),
        ("Odd", (("map", {"values": MAP, "miss": "blank"}),), None),
        (5, (("lookup", {"table": "t"}),), "five"),
        ("zz", (("lookup", {"table": "any"}),), "rest"),
        ("zz", (("lookup", {"table": "t", "miss": "passthrough"}),), "zz"),
        ("zz", (("lookup", {"table": "t", "miss": "blank"}),), None),
        ("zz", (("lookup", {"table": "t", "miss": "default", "default": "d"}),), "d"),
        ("zz", (("lookup", {"table": "t", "miss": "default", "default": "d", "default_setting": "s"}),), "from setting"),
        ("abc", (("upper", {}),), "ABC"),
        ("ABC", (("lower", {}),), "abc"),
        ("Yes", (("bool", {}),), True),
        (0, (("bool", {}),), False),
        ("Dana@Shop.example ", (("email", {}),), "dana@shop.example"),
        ("not a mail", (("email", {}),), None),
        ("4111111111111111", (("mask", {"shown": 4}),), "************1111"),
        ("12.345", (("dec", {"scale": 2}),), D("12.35")),
        (D("10.5"), (("dec", {"scale": "currency", "currency": "Yen"}),), D("11")),
        (D("10.55555"), (("dec", {"currency": "Dinar"}),), D("10.556")),
        ("2.5", (("int", {}),), 3),
        (5, (("negative", {}),), D(-5)),
        (D("-5.00"), (("negative", {}),), D("-5.00")),
        ([D("1.1"), None, "2"], (("sum", {}),), D("3.1")),
        ([], (("sum", {}),), None),
        (D("9.00"), (("prorate", {"part": "N - 3", "whole": "N"}),), D("3.6")),
        ([{"A": -1, "C": "x"}, {"A": -5, "C": "y"}, 7], (("largest", {"by": "A", "take": "C"}),), "y"),
        ([], (("largest", {"by": "A", "take": "C"}),), None),
        ("2026-11-20T04:30:00Z", (("local_date", {"tz": "America/Denver"}),), "2026-11-19"),
        ("2026-11-20T04:30:00Z", (("local_date", {}),), "2026-11-20"),
        ("2026-11-20T04:30:00+01:00", (("utc", {}),), "2026-11-20T03:30:00Z"),
        ("usd", (("currency", {}),), "USD"),
        ("Dr. Ana de la Cruz", (("split_name", {"part": "last"}),), "de la Cruz"),
        ("Yamada Taro", (("split_name", {"part": "last", "country": "Land"}),), "Yamada"),
        ("(206) 555-0142 x12", (("phone", {"country": "B2"}),), "+12065550142"),
        ("(206) 555-0142 x12", (("phone", {"country": "B2", "part": "rest"}),), "ext. 12"),
        ("call me", (("phone", {"country": "B2"}),), None),
    ],
)
def test_a_transform_gives(value: Any, steps: Steps, expected: Any) -> None:
    source = {"B": "b", "N": 5, "Empty": "", "Yen": "JPY", "Dinar": "KWD", "Land": "Japan", "B2": "US"}
    found = stepped(value, *steps, source=source, tables={"t": {"5": "five"}, "any": {"*": "rest"}}, settings={"s": "from setting"})
    assert found.problems == ()
    assert found.payload == ({} if expected is None else {"Out": expected})


@pytest.mark.parametrize("name", [name for name, one in TRANSFORMS.items() if not one.takes_blank and not one.structure])
def test_a_blank_value_passes_by_and_stays_blank(name: str) -> None:
    args = {"map": {"values": {}}, "lookup": {"table": "t"}, "prorate": {"part": "1", "whole": "0"}, "largest": {"by": "A", "take": "B"}}
    args |= {
        "split_name": {"part": "last"},
        "known": {"stream": "items"},
        "rate": {"table": "t", "date": "In"},
        "hazmat": {"stream": "items"},
    }
    for blank in (None, "", "  "):
        found = stepped(blank, (name, args.get(name, {})), tables={"t": {}})
        assert (found.payload, found.problems, found.asked) == ({}, (), frozenset())


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ((("nope", {}),), 'no step "nope"'),
        ((("trim", {"lenght": 3}),), "no argument lenght"),
        ((("trim", {"length": "long"}),), "whole number"),
        ((("lookup", {}),), "needs Lookup table"),
        ((("lookup", {"table": "gone"}),), 'no lookup table "gone"'),
        ((("lookup", {"table": "t", "miss": "cry"}),), "must be one of error, default"),
        ((("map", {"values": ["a"]}),), "table of values"),
        ((("coalesce", {"paths": "A["}),), "not closed"),
        ((("coalesce", {"paths": 5}),), "list of fields"),
        ((("dec", {"scale": 99}),), "between 0 and 12"),
        ((("local_date", {"tz": "Mars"}),), "time zone"),
        ((("stop", {"when": "1 +", "message": "x"}),), "character 4"),
        ((("apportion", {"amount": "1", "weight": "1"}),), "lines of a list"),
        ((("kits", {}),), "list itself"),
    ],
)
def test_a_badly_made_step_is_a_problem_of_the_rule(steps: Steps, words: str) -> None:
    compiled = compile_rules([rule("Out", "In", *steps)], tables={"t"})
    assert [index for index, _ in compiled.problems] == [0]
    assert words in compiled.problems[0][1].message


def test_a_lookup_miss_names_the_table_and_the_key_and_groups_by_both() -> None:
    problem = stepped("UPS|SLOW", ("lookup", {"table": "ca_ship"}), tables={"ca_ship": {}}).problems[0]
    assert "ca_ship" in problem.message
    assert "UPS|SLOW" in problem.message
    assert problem.cause == "lookup:ca_ship:UPS|SLOW"


def test_the_default_of_a_lookup_is_used_with_a_warning() -> None:
    found = stepped("zz", ("lookup", {"table": "t", "miss": "default", "default": "d"}), tables={"t": {}})
    assert [warning.cause for warning in found.warnings] == ["lookup:t:zz"]


def test_a_cut_text_and_lost_emoji_are_warned_about() -> None:
    found = stepped("🎂 " + "word " * 200, ("trim", {"length": 500, "cut": True, "emoji": False}))
    assert len(found.payload["Out"]) <= 500
    assert [warning.code for warning in found.warnings] == ["cut", "cut"]


def test_a_reference_is_asked_then_waited_for_then_taken() -> None:
    need = Need(kind="reference", stream="customers", key="640-1")
    step = ("reference", {"stream": "customers"})
    asking = stepped("640-1", step)
    waiting = stepped("640-1", step, answers={need: None})
    answered = stepped("640-1", step, answers={need: "C-1"})
    assert (asking.asked, asking.waits, asking.payload, asking.problems) == (frozenset({need}), (), {}, ())
    assert (waiting.asked, waiting.waits, waiting.payload, waiting.problems) == (frozenset(), (need,), {}, ())
    assert waiting.waits[0].path == "Out"
    assert (answered.waits, answered.payload) == ((), {"Out": "C-1"})


def test_a_reference_keeps_a_value_that_is_already_there() -> None:
    step = ("reference", {"stream": "customers", "key": "Key"})
    assert stepped("C-HOUSE", step, source={"Key": "k"}).payload == {"Out": "C-HOUSE"}
    assert stepped("", step, source={"Key": "k"}).asked == frozenset({Need(kind="reference", stream="customers", key="k")})
    assert stepped("", step, source={"Key": ""}).asked == frozenset()


def test_a_known_record_takes_the_spelling_of_the_target_and_an_unknown_one_is_waited_for_or_refused() -> None:
    need = Need(kind="record", stream="items", key="TK-1")
    lower = Need(kind="record", stream="items", key="tk-1")
    assert stepped("tk-1", ("known", {"stream": "items"}), answers={lower: "TK-1"}).payload == {"Out": "TK-1"}
    assert stepped("TK-1", ("known", {"stream": "items"}), answers={need: None}).waits == (need,)
    refused = stepped("TK-1", ("known", {"stream": "items", "miss": "error"}), answers={need: None})
    assert (refused.waits, refused.problems[0].cause) == ((), "unknown_record:items:TK-1")


def test_an_unanswered_question_is_no_missing_value() -> None:
    made = rule("Out", "In", ("reference", {"stream": "customers"}), if_empty="error")
    assert outcome([made], {"In": "k"}).problems == ()


def test_every_transform_declares_its_form() -> None:
    for name, one in TRANSFORMS.items():
        assert name == one.name
        assert one.label
        assert one.help
        assert all(argument.label and argument.type in ARGUMENT_TYPES for argument in one.args)


def test_no_message_holds_the_value_of_a_personal_field() -> None:
    secret = "Dana Canary"
    for steps in ((("dec", {}),), (("trim", {"length": 3}),), (("local_date", {}),), (("email", {}),), (("phone", {}),), (("bool", {}),)):
        found = stepped(secret, *steps)
        assert all(secret not in one.message + one.cause for one in (*found.problems, *found.warnings))
