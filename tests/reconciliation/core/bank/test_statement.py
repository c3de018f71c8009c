"""Bank statements as banks write them, read by the columns that a person chose."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.bank.statement import Columns, StatementRefusedError, headings, read

SIMPLE = Columns(date="Date", amount="Amount", text=("Text",))


def rows(*lines: str, head: str = "Date,Amount,Text") -> bytes:
    return "\n".join((head, *lines)).encode()


def amounts(content: bytes, columns: Columns = SIMPLE, currency: str = "USD") -> list[Decimal]:
    return [line.amount for line in read(content, columns, currency=currency).lines]


def test_a_german_statement_with_a_preamble_is_read() -> None:
    content = (
        "Kontoauszug;;\n\nBuchungstag;Empfänger;Verwendungszweck;Betrag;Währung\n"
        '21.11.2026;AMAZON PAYMENTS;"Zahlung;  12345";"1.234,56";eur\n20.11.2026;Miete;;-900,00;EUR\n'
    )
    columns = Columns(date="Buchungstag", amount="Betrag", currency="Währung", text=("Empfänger", "Verwendungszweck"))
    for encoding in ("utf-8-sig", "cp1252", "utf-16"):
        statement = read(content.encode(encoding), columns, currency="USD")
        first, second = statement.lines
        assert (first.row, first.on, first.amount, first.currency) == (4, date(2026, 11, 21), Decimal("1234.56"), "EUR")
        assert first.text == "AMAZON PAYMENTS Zahlung; 12345"
        assert (second.row, second.amount) == (5, Decimal("-900.00"))
        assert (statement.mark, statement.dates, statement.problems) == (",", "DD.MM.YYYY", ())


@pytest.mark.parametrize(("text", "amount"), [
    ("1234.56", "1234.56"), ("1,234.56", "1234.56"), ("(55.00)", "-55"), ("55.00-", "-55"), ("+5.5", "5.5"), ("$1,234.00", "1234"),
    ("1 234.50", "1234.5"), ("EUR 7.00", "7"), ("-0.00", "0"), ("1'000.00", "1000"), ("−3.10", "-3.1"),
])  # fmt: skip
def test_an_amount_may_be_written_in_many_ways(text: str, amount: str) -> None:
    assert amounts(rows(f'2026-11-21,"{text}",x', "2026-11-21,0.01,y")) == [Decimal(amount), Decimal("0.01")]


def test_the_decimal_mark_is_decided_by_the_whole_file() -> None:
    assert amounts(rows('2026-11-21,"1.234",x', '2026-11-21,"0,01",y')) == [Decimal(1234), Decimal("0.01")]


def test_yen_have_no_decimals() -> None:
    assert amounts(rows('2026-11-21,"1,234",x'), currency="JPY") == [Decimal(1234)]


def test_a_file_that_can_be_read_in_two_ways_asks_instead_of_guessing() -> None:
    with pytest.raises(StatementRefusedError, match=r"dates of the file can be read in several ways \(DD/MM/YYYY or MM/DD/YYYY\)"):
        read(rows("03/04/2026,1.00,x"), SIMPLE, currency="USD")
    chosen = Columns(date="Date", amount="Amount", dates="MM/DD/YYYY")
    assert read(rows("03/04/2026,1.00,x"), chosen, currency="USD").lines[0].on == date(2026, 3, 4)
    with pytest.raises(StatementRefusedError, match="Choose the decimal mark"):
        read(rows('2026-11-21,"1,234",x'), SIMPLE, currency="KWD")
    marked = Columns(date="Date", amount="Amount", mark=",")
    assert amounts(rows('2026-11-21,"1,234",x'), marked, currency="KWD") == [Decimal("1.234")]


def test_one_day_above_twelve_decides_the_dates_of_the_whole_file() -> None:
    statement = read(rows("03/04/2026,1.00,x", "13/04/2026,1.00,x"), SIMPLE, currency="USD")
    assert [line.on.day for line in statement.lines] == [3, 13]


def test_rows_that_cannot_be_read_are_named_and_the_others_kept() -> None:
    statement = read(rows("2026-11-21,1.00,x", "21.11.2026,2.00,x", "2026-11-21,n/a,x", ",,", "Total,3.00,"), SIMPLE, currency="USD")
    assert [line.row for line in statement.lines] == [2]
    assert [problem.split(":")[0] for problem in statement.problems] == [
        "Row 3 has no date written as YYYY-MM-DD, like the others",
        "Row 4 has no amount that can be read like the others",
        "Row 6 has no date written as YYYY-MM-DD, like the others",
    ]


@pytest.mark.parametrize(("cells", "amount"), [("5.00,", "5"), (",5.00", "-5"), (",-5.00", "-5"), ("0.00,5.00", "-5"), ("7.00,0.00", "7")])
def test_credit_and_debit_may_stand_in_columns_of_their_own(cells: str, amount: str) -> None:
    columns = Columns(date="Date", credit="In", debit="Out")
    assert amounts(rows(f"2026-11-21,{cells}", head="Date,In,Out"), columns) == [Decimal(amount)]


def test_a_row_without_credit_and_debit_is_named() -> None:
    columns = Columns(date="Date", credit="In", debit="Out")
    assert len(read(rows("2026-11-21,,", "2026-11-21,1.00,", head="Date,In,Out"), columns, currency="USD").problems) == 1


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(StatementRefusedError, match="no column Betrag, Datum"):
        read(rows("2026-11-21,1.00,x"), Columns(date="Datum", amount="Betrag"), currency="USD")
    with pytest.raises(StatementRefusedError, match="No column holds the amount"):
        read(rows(), Columns(date="Date"), currency="USD")


def test_the_headings_are_offered_to_choose_from() -> None:
    assert headings(b"My bank;;\n\nDate;Amount;Text\n2026-11-21;1.00;x") == ["Date", "Amount", "Text"]
    with pytest.raises(StatementRefusedError, match="no row of headings"):
        headings(b"\n\n")


def test_a_row_imported_twice_is_recognised_and_equal_rows_of_one_file_are_two() -> None:
    once = read(rows("2026-11-21,5.00,AMAZON", "2026-11-21,5.00,AMAZON", "2026-11-22,5.00,AMAZON"), SIMPLE, currency="USD")
    again = read(rows("22.11.2026;5,00;AMAZON", "21.11.2026;5,0;AMAZON ", head="Date;Amount;Text"), SIMPLE, currency="USD")
    keys = [line.key for line in once.lines]
    assert len(set(keys)) == 3
    assert [line.key for line in again.lines] == [keys[2], keys[0]]


@given(st.lists(st.tuples(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-(10**9), 10**9)), min_size=1))
def test_what_a_bank_writes_is_what_is_read(bookings: list[tuple[date, int]]) -> None:
    written = [(day, Decimal(cents) / 100) for day, cents in bookings]
    content = rows(*(f"{day},{amount:.2f},x" for day, amount in written))
    assert [(line.on, line.amount) for line in read(content, SIMPLE, currency="USD").lines] == written
