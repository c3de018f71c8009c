"""Formulas: what they give, and how they say what is wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from mappings.core.formula import FUNCTIONS, FormulaError, compile_formula, evaluate, paths_in, tables_in
from mappings.core.refusal import RefusedError, UnansweredError
from mappings.core.state import Scope, State
from mappings.core.values import Facts, Need

RECORD: dict[str, Any] = {
    "A": Decimal("1.5"),
    "Q": 3,
    "Zip": "007",
    "Name": " Dana  Ruiz ",
    "Nothing": None,
    "Yes": True,
    "Order Date": "2026-11-20T04:30:00Z",
    "Lines": [{"X": 1, "K": "a"}, {"X": Decimal("2.25"), "K": "b"}, {"K": "b"}],
    "Group": {"Inner": {"Deep": "ok"}},
    "Charges": [{"Type": "Shipping", "Amount": Decimal("4.00")}],
}
FACTS = Facts(tables={"t": {"k": "v", "*": "other"}, "empty": {}}, settings={"time_zone": "America/Denver", "mode": "x"})


def value(text: str) -> Any:
    return evaluate(compile_formula(text), RECORD, FACTS)


@pytest.mark.parametrize(
    ("text", "place", "expected"),
    [
        ("", 1, "a field"),
        ("1 +", 4, "a field"),
        ("1 2", 3, "an operator"),
        ("(1", 3, ")"),
        ("IF(1,2", 7, ")"),
        ('"open', 1, 'a closing "'),
        ("x[", 2, "a closing ]"),
        ("FOO(1)", 1, "is not a function"),
        ("IF(1)", 1, "IF(condition, then, otherwise)"),
        ("1 < 2 < 3", 7, "AND or OR"),
        ("a ** b", 4, "a field"),
        ("a ^ b", 3, "is not understood"),
        ("a.b(3)", 4, "an operator"),
        ("x for x in y", 3, "an operator"),
        ("lambda: 1", 7, "is not understood"),
        ("LOOKUP(A, 1)", 8, "name of a lookup table"),
        ("{1}", 1, "is not understood"),
        ("a; b", 2, "is not understood"),
        ("`ls`", 1, "is not understood"),
        ("1.2.3", 4, "an operator"),
    ],
)
def test_a_bad_formula_names_the_place_and_what_was_expected(text: str, place: int, expected: str) -> None:
    with pytest.raises(FormulaError) as wrong:
        compile_formula(text)
    assert wrong.value.place == place
    assert expected in str(wrong.value)


def test_a_lookup_table_that_does_not_exist_is_a_bad_formula() -> None:
    with pytest.raises(FormulaError, match='no lookup table "nope"'):
        compile_formula('LOOKUP("nope", Q)', Scope(tables=frozenset({"t"})))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1/0", "divide by zero"),
        ("Q / Nothing", "divide by zero"),
        ("Name + 1", "not a number"),
        ("Yes + 1", "not a number"),
        ('Lines & ""', "list or a group"),
        ('A > "x"', "compared"),
        ("IF(Name, 1, 2)", "yes or no"),
        ('LOOKUP("empty", "k")', "no row"),
        ("DATE(2026, 2, 30)", "not a date"),
        ("LOCALDATE(Q)", "not a time"),
        ('LOCALDATE([Order Date], "Mars")', "time zone"),
        ("99999999999999999999 * 99999999999999999999 * 99", "40 digits"),
        ("0.00000000000000000001 * 0.00000000000000000001 * 0.1", "40 digits"),
        ('TEXT(1, "#")', "zeros"),
        ("ROUND(1, 1.5)", "whole number"),
        ("ROUND(1, 99999)", "whole number"),
    ],
)
def test_what_cannot_be_worked_out_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        value(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A * Q + 1", Decimal("5.5")),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 2 - 3", 5),
        ("2 - -3", 5),
        ("-A", Decimal("-1.5")),
        ("0.1 + 0.2", Decimal("0.3")),
        ("1 / 3", Decimal("0.3333333333333333333333333333")),
        ("Zip", "007"),
        ('Zip & "x"', "007x"),
        ("Zip = 7", True),
        ('Zip = "7"', False),
        ("Nothing = 0", True),
        ('Nothing = ""', True),
        ("Nope + 1", 1),
        ('"a" < "b"', True),
        ("Q > 2 AND A < 2", True),
        ("NOT Q > 2", False),
        ("NOT(Q > 2) OR TRUE", True),
        ('IF(Q >= 3, "many", "few")', "many"),
        ("IF(FALSE, 1)", None),
        ('IFERROR(1/0, "none")', "none"),
        ('COALESCE(Nothing, "", Q)', 3),
        ("ISBLANK(Nothing)", True),
        ("LEFT(Zip, 2)", "00"),
        ("RIGHT(Zip, 2)", "07"),
        ("RIGHT(Zip, 0)", ""),
        ('MID("abcdef", 2, 3)', "bcd"),
        ("LEN(Zip)", 3),
        ("TRIM(Name)", "Dana Ruiz"),
        ('UPPER("ß")', "SS"),
        ('LOWER("ABC")', "abc"),
        ('SUBSTITUTE("a-b-c", "-", "")', "abc"),
        ('CONCAT("a", Q, Nothing, A)', "a31.5"),
        ('TEXTJOIN("|", "a", "", "b")', "a|b"),
        ('TEXT(3.456, "000.00")', "003.46"),
        ('TEXT(7, "00000")', "00007"),
        ('VALUE("12.50")', Decimal("12.50")),
        ("ROUND(2.675, 2)", Decimal("2.68")),
        ("ROUND(2.5)", 3),
        ("INT(-1.5)", -2),
        ("ABS(0 - A)", Decimal("1.5")),
        ("MIN(Lines[].X)", 1),
        ("MAX(Lines[].X, 9)", 9),
        ("SUM(Lines[].X, 1)", Decimal("4.25")),
        ('SUMIF(Lines[].K, "b", Lines[].X)', Decimal("2.25")),
        ("COUNT(Lines[].X)", 2),
        ("ALLSAME(Lines[].K)", None),
        ("Lines[1].K", "b"),
        ("Lines[K=b].X", Decimal("2.25")),
        ('LOOKUP("t", "k")', "v"),
        ('LOOKUP("t", "zz")', "other"),
        ('LOOKUP("empty", "k", "d")', "d"),
        ('SETTING("mode")', "x"),
        ('SETTING("nope", "d")', "d"),
        ("$settings.mode", "x"),
        ('CONTAINS("abc", "b")', True),
        ('STARTSWITH("abc", "ab")', True),
        ('ENDSWITH("abc", "bc")', True),
        ("DATE(2026, 2, 3)", "2026-02-03"),
        ("LOCALDATE([Order Date])", "2026-11-19"),
        ('LOCALDATE([Order Date], "UTC")', "2026-11-20"),
        ('ADDDAYS("2026-11-30", 1)', "2026-12-01"),
        ('DAYSBETWEEN("2026-11-19", "2026-12-01")', 12),
        ("YEAR([Order Date])", 2026),
        ('POBOX("P.O. Box 12")', True),
        ('POBOX("12 Box Lane")', False),
        ('MINORUNITS("JPY")', 0),
        ("Group.Inner.Deep", "ok"),
        ("Charges[Type=Shipping].Amount", Decimal("4.00")),
        ("$source.Q", 3),
        ('"say ""hi"""', 'say "hi"'),
        ("'it''s'", "it's"),
        ("Q <> 4", True),
        ("Q != 4", True),
        ("[Order Date] = [Order Date]", True),
    ],
)
def test_a_formula_gives(text: str, expected: Any) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected) or isinstance(found, (int, Decimal))


def test_a_formula_names_its_fields_and_tables() -> None:
    text = 'IF(A > 1, LOOKUP("t", Lines[].K), [Order Date] & A)'
    assert paths_in(text) == ["A", "Lines[].K", "Order Date"]
    assert tables_in(text) == ["t"]


def test_every_function_has_help() -> None:
    assert all(one.help and one.signature.startswith(one.name + "(") for one in FUNCTIONS.values())


def test_a_question_about_another_record_is_asked_once_and_then_answered() -> None:
    compiled, facts = compile_formula('ORIGIN("orders", Id) & "/" & KNOWNAS("orders", Id)'), Facts(answers={})
    with pytest.raises(UnansweredError):
        evaluate(compiled, {"Id": " 7 "}, facts)
    assert facts.asked == {Need(kind="origin", stream="orders", key="7")}
    known = {Need(kind="origin", stream="orders", key="7"): "here", Need(kind="reference", stream="orders", key="7"): "SO-1"}
    assert evaluate(compiled, {"Id": "7"}, Facts(answers=known)) == "here/SO-1"


@pytest.mark.parametrize(("kind", "name", "answer"), [("origin", "ORIGIN", ""), ("reference", "KNOWNAS", None)])
def test_what_nobody_knows_is_blank_and_not_waited_for(kind: str, name: str, answer: str | None) -> None:
    state = State({"Id": "7"}, Facts(answers={Need(kind=kind, stream="orders", key="7"): answer}))
    assert compile_formula(f'ISBLANK({name}("orders", Id))')(state) is True
    assert state.waits == []


def test_without_a_number_nothing_is_asked() -> None:
    facts = Facts(answers={})
    assert evaluate(compile_formula('ISBLANK(ORIGIN("orders", Id))'), {"Id": "  "}, facts) is True
    assert not facts.asked
