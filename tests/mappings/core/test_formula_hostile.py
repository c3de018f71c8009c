"""Formulas from hostile hands: nothing hangs, escapes, grows without end, or loses a digit."""

from __future__ import annotations

import contextlib
import time
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mappings.core.formula import FUNCTIONS, FormulaError, compile_formula, evaluate
from mappings.core.refusal import RefusedError
from mappings.core.values import Facts

RECORD = {"A": Decimal("1.5"), "Q": 3, "Zip": "007", "Nothing": None, "Lines": [{"X": 1, "K": "a"}, {"X": Decimal("2.25")}, {"K": "b"}]}

HOSTILE = [
    "(" * 1_900,
    "-" * 1_900 + "1",
    "NOT " * 450 + "1",
    "IF(" * 600,
    "1" + "+1" * 950,
    "1" * 1_990,
    '"a" & ' * 300 + '"a"',
    "A" * 1_999,
    'SUBSTITUTE("' + "a" * 900 + '", "a", "' + "b" * 900 + '")',
    "9" * 40 + " * " + "9" * 40,
    "[" * 1_000,
    "x" + "[]" * 900,
    "().__class__.__bases__",
    "__import__('os').system('ls')",
    'RIGHT("x", 99999999999999999999999999)',
    'ADDDAYS("2026-01-01", 99999999999)',
    'TEXT(1, "' + "0" * 2000 + '")',
    "ROUND(1, -999999999)",
    "x" * 2_001,
    "SUM(" + "Lines[].X," * 180 + "1)",
    "\x00",
    "🎂",
    "1e999999",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_formula_ends_at_once_in_a_value_or_in_words(text: str) -> None:
    began = time.thread_time()
    with contextlib.suppress(FormulaError, RefusedError):
        evaluate(compile_formula(text), RECORD, Facts())
    assert time.thread_time() - began < 0.5


def test_doubling_text_stops_at_its_limit() -> None:
    doubled = {"T": "x" * 20_000}
    with pytest.raises(RefusedError, match="32,000"):
        evaluate(compile_formula("T & T"), doubled)
    with pytest.raises(RefusedError, match="32,000"):
        evaluate(compile_formula('SUBSTITUTE(T, "x", T)'), doubled)


def test_giant_numbers_of_the_source_end_in_words() -> None:
    for giant in (10**5_000, Decimal("1E+400000"), Decimal("1E-400000"), float("inf")):
        for text in ("N + 1", 'N & ""', "ROUND(N, 2)", "INT(N)", 'TEXT(N, "0.00")', 'LEFT("abc", N)', "N / 3", "ABS(N)", "DATE(N, N, N)"):
            try:
                found = evaluate(compile_formula(text), {"N": giant})
            except RefusedError:
                continue
            assert len(str(found)) < 200


PIECES = st.sampled_from(
    [
        "A",
        "Q",
        "Zip",
        "Lines[].X",
        "Lines",
        "Nothing",
        "1",
        "0",
        "2.5",
        '"x"',
        "(",
        ")",
        "+",
        "-",
        "*",
        "/",
        "&",
        "=",
        "<",
        ">",
        ",",
        "AND",
        "OR",
        "NOT",
        " ",
        "[",
        "]",
        ".",
        '"',
        "$target.x",
        *(name + "(" for name in FUNCTIONS),
    ]
)


@settings(max_examples=400)
@given(text=st.lists(PIECES, max_size=40).map(" ".join) | st.text(max_size=200))
def test_any_text_compiles_or_is_refused_and_then_gives_a_value_or_words(text: str) -> None:
    with contextlib.suppress(FormulaError, RefusedError):
        evaluate(compile_formula(text), RECORD, Facts())


NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=4)


@given(one=NUMBERS, other=NUMBERS)
def test_sums_and_products_are_exact(one: Decimal, other: Decimal) -> None:
    record = {"A": one, "B": other}
    assert evaluate(compile_formula("A + B - B"), record) == one
    assert Fraction(evaluate(compile_formula("A * B"), record)) == Fraction(one) * Fraction(other)


@given(text=st.from_regex(r"[0-9]{1,30}", fullmatch=True))
def test_text_of_digits_stays_as_it_is(text: str) -> None:
    assert evaluate(compile_formula('A & ""'), {"A": text}) == text
