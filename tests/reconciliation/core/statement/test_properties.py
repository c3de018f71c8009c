"""What holds for every settlement report, whatever its lines and however it is written."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.core.lines import Kind, Line
from reconciliation.core.statement import Problem, Quarantined, read
from reconciliation.core.statement.sums import totals
from tests.reconciliation.core.statement.reading import lines_of, whole
from tests.reconciliation.core.statement.writing import DOTTED, ISO, JAVASCRIPT, OFFSET, SLASHED, V2, Dialect, header, write

WORDS = st.text("ABCxyz 019-_+/=#&.äß", max_size=12).map(str.strip)
QUOTED = st.text("AB\"',; 01", max_size=8).map(str.strip)
DAMAGE = [
    b"",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b";",
    b",",
    b'"',
    b"\xff",
    b"\0",
    b"-",
    b"0",
    b"9" * 30,
    b" ",
    b"\xc2\xa0",
    b"\xe2\x80\xa8",
    b":",
    b"(",
    b"E+13",
]
IDS = st.from_regex(r"\A(1[0-9]{2}-[0-9]{7}-[0-9]{7}|S01-[0-9]{7}|)\Z")


@st.composite
def lines(draw: st.DrawFn, most: int = 12) -> list[Line]:
    """Lines as they might stand in a file of USD, numbered as `write` places them."""
    one = st.builds(
        Line,
        number=st.just(3),
        kind=st.builds(Kind, st.sampled_from(["Order", "Refund", "other-transaction"]), st.sampled_from(["ItemPrice", "Item Fees"]), WORDS),
        amount=st.integers(-99_999_999, 99_999_999).map(lambda cents: Decimal(cents).scaleb(-2)),
        posted_at=st.integers(0, 14 * 86_400).map(lambda seconds: datetime(2026, 10, 30, tzinfo=UTC) + timedelta(seconds=seconds)),
        order_id=IDS,
        merchant_order_id=IDS,
        adjustment_id=WORDS,
        shipment_id=WORDS,
        marketplace=st.sampled_from(["", "Amazon.com", "Non-Amazon US"]),
        fulfilment=st.sampled_from(["", "AFN", "MFN"]),
        item_code=st.from_regex(r"\A[0-9]{0,15}\Z"),
        sku=WORDS,
        quantity=st.none() | st.integers(0, 999),
        promotion_id=QUOTED,
    )
    return [replace(each, number=number) for number, each in enumerate(draw(st.lists(one, max_size=most)), start=3)]


@st.composite
def dialects(draw: st.DrawFn) -> Dialect:
    """Ways to write a file."""
    return Dialect(
        delimiter=draw(st.sampled_from("\t\t;,")),
        newline=draw(st.sampled_from(["\n", "\r\n"])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "cp1252"])),
        mark=draw(st.sampled_from(".,")),
        grouped=draw(st.booleans()),
        brackets=draw(st.booleans()),
        dates=draw(st.sampled_from([ISO, DOTTED, SLASHED, OFFSET, JAVASCRIPT])),
        columns=draw(st.permutations(V2)),
        repeated=draw(st.booleans()),
    )


@settings(max_examples=60, deadline=None)
@given(lines(), dialects(), st.sampled_from([50, 700, 1 << 20]))
def test_what_is_written_is_read(written: list[Line], dialect: Dialect, piece: int) -> None:
    statement, found = whole(write(written, dialect=dialect), piece=piece)
    assert found == written
    assert statement.header == header(total=sum((one.amount for one in written), Decimal(0)))


@settings(max_examples=30, deadline=None)
@given(lines(), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(written: list[Line], chance: object) -> None:
    shuffled = list(written)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (sorted(totals(read(BytesIO(write(one))), UTC), key=repr) for one in (written, shuffled))
    assert first == second


@settings(max_examples=30, deadline=None)
@given(lines().filter(bool), st.data())
def test_a_cent_more_or_less_in_any_line_is_refused(written: list[Line], chance: st.DataObject) -> None:
    place = chance.draw(st.integers(0, len(written) - 1))
    cent = chance.draw(st.sampled_from([Decimal("0.01"), Decimal("-0.01")]))
    total = f"{sum((one.amount for one in written), Decimal(0)):.2f}"
    written[place] = replace(written[place], amount=written[place].amount + cent)
    with pytest.raises(Quarantined) as problem:
        whole(write(written, dialect=Dialect(total=total)))
    assert problem.value.code is Problem.TOTAL_MISMATCH


@settings(max_examples=25, deadline=None)
@given(lines(most=4).filter(lambda some: all(one.amount > 0 for one in some) and bool(some)), dialects())
def test_a_file_that_is_cut_anywhere_is_refused_unless_no_money_is_missing(written: list[Line], dialect: Dialect) -> None:
    raw = write(written, dialect=replace(dialect, total=None))
    for length in range(0, len(raw), 7):
        statement = None
        try:
            statement = read(BytesIO(raw[:length]))
            found = lines_of(statement)
        except Quarantined:
            continue
        assert [one.amount for one in found] == [one.amount for one in written]
        assert length > raw.rstrip().rfind(dialect.newline.encode())


@settings(max_examples=100, deadline=None)
@given(lines(most=3), dialects(), st.data())
def test_a_damaged_file_is_read_or_quarantined_and_never_anything_else(
    written: list[Line], dialect: Dialect, chance: st.DataObject
) -> None:
    raw = bytearray(write(written, dialect=dialect))
    for _ in range(chance.draw(st.integers(1, 3))):
        place = chance.draw(st.integers(0, len(raw) - 1))
        raw[place : place + chance.draw(st.integers(0, 40))] = chance.draw(st.sampled_from(DAMAGE) | st.binary(max_size=4))
    with suppress(Quarantined):
        whole(bytes(raw))
