"""A settlement report becomes a header and lines, whatever the order, spelling and dialect of its columns."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import UTC, datetime
from io import BytesIO

import pytest

from reconciliation.core.lines import Kind, Line
from reconciliation.core.statement import SCHEMA, Layout, read
from tests.reconciliation.core.statement.reading import whole
from tests.reconciliation.core.statement.writing import (
    COMMISSION,
    DOTTED,
    JAVASCRIPT,
    OFFSET,
    SLASHED,
    V2,
    Dialect,
    header,
    line,
    write,
)

SALE = [line("1234.50"), line("-2.10", COMMISSION, number=4), line("-0.07", COMMISSION, number=5, item_code="", sku="", quantity=None)]


def test_a_header_is_known_before_any_line_is_read() -> None:
    statement = read(BytesIO(write(SALE)))
    assert statement.header == header(total=statement.header.total)
    assert (str(statement.header.total), statement.lines, statement.layout) == ("1232.33", 0, Layout.V2)


def test_the_fingerprint_is_of_the_bytes_as_they_came() -> None:
    raw = b"\xef\xbb\xbf" + write(SALE, dialect=Dialect(newline="\r\n"))
    statement, _ = whole(raw)
    assert statement.sha256 == hashlib.sha256(raw).hexdigest()
    assert statement.size == len(raw)


@pytest.mark.parametrize(
    "dialect",
    [
        Dialect(),
        Dialect(newline="\r\n"),
        Dialect(mark=",", dates=DOTTED),
        Dialect(mark=",", grouped=True, dates=DOTTED),
        Dialect(mark=".", grouped=True),
        Dialect(brackets=True),
        Dialect(dates=DOTTED),
        Dialect(dates=SLASHED, encoding="cp932"),
        Dialect(dates=OFFSET),
        Dialect(dates=JAVASCRIPT, delimiter=";"),
        Dialect(delimiter=","),
        Dialect(delimiter=",", mark=",", grouped=True),
        Dialect(repeated=True),
        Dialect(encoding="utf-8-sig"),
        Dialect(encoding="cp1252", mark=","),
    ],
    ids=repr,
)
@pytest.mark.parametrize("piece", [64, 1 << 20])
def test_every_way_to_write_the_same_lines_gives_the_same_lines(dialect: Dialect, piece: int) -> None:
    statement, found = whole(write(SALE, dialect=dialect), piece=piece)
    assert found == SALE
    assert statement.lines_total == statement.header.total


def test_columns_stand_in_any_order_and_unknown_ones_are_passed_over() -> None:
    columns = [*V2, "tax-region", ""]
    random.Random(4).shuffle(columns)
    assert whole(write(SALE, dialect=Dialect(columns=columns)))[1] == SALE


@pytest.mark.parametrize(
    "spelling", [str.upper, str.title, lambda name: name.replace("-", "_"), lambda name: f" {name.replace('-', ' ')} "]
)
def test_names_of_columns_are_known_in_any_spelling(spelling: object) -> None:
    first, _, rest = write(SALE).partition(b"\n")
    names = "\t".join(spelling(name) for name in first.decode().split("\t"))  # type: ignore[operator]
    assert whole(names.encode() + b"\n" + rest)[1] == SALE


def test_a_line_keeps_its_number_in_the_file_when_lines_before_it_are_blank() -> None:
    names, summary, *lines = write(SALE).splitlines(keepends=True)
    raw = b"".join([names, b"\n", summary, b"  \n", lines[0], b"\n\n", *lines[1:], b"\n \n\t\t\n"])
    assert [one.number for one in whole(raw)[1]] == [5, 8, 9]
    assert [one.number for one in whole(raw, piece=70)[1]] == [5, 8, 9]


def test_empty_lines_count_as_lines_of_the_file() -> None:
    raw = write(SALE).replace(b"\n", b"\n\n")
    assert [one.number for one in whole(raw)[1]] == [5, 7, 9]


def test_a_line_end_that_is_cut_in_half_ends_the_line() -> None:
    assert whole(write(SALE, dialect=Dialect(newline="\r\n")).removesuffix(b"\n"))[1] == SALE


def test_a_currency_is_known_in_any_case() -> None:
    assert read(BytesIO(write(SALE).replace(b"\tUSD\t", b"\tusd \t"))).header.currency == "USD"


def test_lines_of_other_settlements_in_an_export_are_passed_over() -> None:
    columns = [name for name in V2 if name not in ("total-amount", "currency")]
    (names, _, *own), (_, _, *other) = (
        write(SALE, header(settlement_id=one), Dialect(columns=columns)).splitlines(keepends=True) for one in ("11111", "22222")
    )
    raw = b"".join([names, *other, *own, *other])
    statement, found = whole(raw, declared=header(settlement_id="11111", total=sum(one.amount for one in SALE)))
    assert found == [replace(one, number=one.number + 2) for one in SALE]
    assert (statement.lines, statement.layout) == (3, Layout.LINES)


def test_columns_that_an_editor_trimmed_from_line_ends_are_blank() -> None:
    raw = b"\n".join(one.rstrip(b"\t ") for one in write(SALE).splitlines()) + b"\n"
    assert whole(raw)[1] == SALE


def test_rows_that_a_spreadsheet_left_empty_are_no_lines() -> None:
    raw = write(SALE, dialect=Dialect(delimiter=",")) + b"," * 23 + b"\n" + b"," * 23
    assert whole(raw)[1] == SALE


def test_a_last_line_without_its_end_counts_when_it_is_complete() -> None:
    assert whole(write(SALE).removesuffix(b"\n"))[1] == SALE


@pytest.mark.parametrize("padding", ["    ", "\u00a0"])
def test_blanks_behind_an_amount_do_not_matter(padding: str) -> None:
    raw = write(SALE).replace(b"\t-2.10\t", f"\t-2.10{padding}\t".encode())
    assert whole(raw)[1] == SALE


def test_equal_lines_and_lines_of_zero_are_kept() -> None:
    lines = [line("5.00"), line("5.00", number=4), line("0.00", number=5), line("-0.00", number=6)]
    statement, found = whole(write(lines))
    assert (statement.lines, [one.amount for one in found]) == (4, [one.amount for one in lines])


@pytest.mark.parametrize("promotion", ['Save 5" off "today', '"', "Subscribe & Save #MP-1", "割引", "Größe"])
def test_a_quote_in_the_marketplaces_own_file_is_a_character(promotion: str) -> None:
    lines = [line("5.00", promotion_id=promotion), line("1.00", number=4)]
    assert whole(write(lines))[1] == lines


def test_a_spreadsheet_quotes_what_holds_commas_and_quotes() -> None:
    lines = [line("1234.50", sku='A,B "C"', promotion_id=";"), line("1.00", number=4)]
    assert whole(write(lines, dialect=Dialect(delimiter=",", grouped=True)))[1] == lines


def test_item_codes_that_a_spreadsheet_rounded_are_left_out_with_a_warning() -> None:
    lines = [line(item_code="5.7658E+13"), line(number=4, item_code="57658000000002")]
    statement, found = whole(write(lines, dialect=Dialect(delimiter=",")))
    assert [one.item_code for one in found] == ["", "57658000000002"]
    assert statement.warnings == [
        "1 item codes were rounded by a spreadsheet and are left out; orders are matched by SKU or number instead."
    ]


def test_the_time_is_used_and_the_date_only_where_it_is_blank_and_clear() -> None:
    columns = [name for name in V2 if name != "posted-date"] + ["posted-date"]
    raw = write([line()], dialect=Dialect(columns=columns)).replace(b"2026-11-02 08:30:00 UTC", b"").replace(b"11/02/26", b"2026-11-02")
    assert whole(raw)[1][0].posted_at == datetime(2026, 11, 2, tzinfo=UTC)


def test_yen_have_no_decimals() -> None:
    lines = [line("1234567"), line("-45", COMMISSION, number=4)]
    statement, found = whole(write(lines, header(currency="JPY"), Dialect(digits=0, grouped=True)), marketplace="Amazon.co.jp")
    assert (found, statement.digits, str(statement.header.total)) == (lines, 0, "1234522")


def test_an_amount_that_a_spreadsheet_shortened_is_the_same_amount() -> None:
    raw = write([line("12.50"), line("3.00", number=4)], dialect=Dialect(total="15.5"))
    assert [str(one.amount) for one in whole(raw.replace(b"\t12.50\t", b"\t12.5\t").replace(b"\t3.00\t", b"\t3\t"))[1]] == ["12.50", "3.00"]


def test_a_report_may_hold_no_lines_when_its_total_is_zero() -> None:
    statement, found = whole(write([]))
    assert (found, statement.lines, str(statement.header.total)) == ([], 0, "0.00")


def test_a_total_of_zero_may_be_made_of_a_reserve() -> None:
    reserve = Kind("other-transaction", "other-transaction", "Current Reserve Amount")
    lines = [line("820.44"), line("-820.44", reserve, number=4, order_id="", merchant_order_id="")]
    assert whole(write(lines))[1] == lines


def test_a_total_may_be_owed_to_the_marketplace() -> None:
    fee = Kind("other-transaction", "other-transaction", "Subscription Fee")
    lines = [line("-39.99", fee, order_id="", merchant_order_id="", marketplace="", fulfilment="", item_code="", sku="", quantity=None)]
    statement, found = whole(write(lines))
    assert (found, str(statement.header.total)) == (lines, "-39.99")


def test_a_deposit_date_may_be_missing() -> None:
    assert read(BytesIO(write(SALE, header(deposit=None)))).header.deposit is None


def test_a_total_that_every_line_repeats_is_read_without_a_summary_row() -> None:
    names, summary, *lines = write(SALE, dialect=Dialect(repeated=True)).splitlines(keepends=True)
    dates = b"\t".join(summary.split(b"\t")[1:4])
    raw = names + b"".join(one.replace(b"\t\t\t\t", b"\t" + dates + b"\t", 1) for one in lines)
    assert whole(raw)[1] == [replace(one, number=one.number - 1) for one in SALE]


def test_orders_of_other_channels_and_odd_numbers_are_kept_as_they_stand() -> None:
    lines = [line(order_id="S01-2404075-0212429", merchant_order_id="CONSUMER-2025922", adjustment_id="amzn1:crow:0Uc+z5/Av5g==")]
    assert whole(write(lines))[1] == lines


def test_only_the_columns_that_are_asked_for_are_given() -> None:
    (block,) = read(BytesIO(write(SALE))).blocks(["amount", "number"])
    assert block.to_pydict() == {"number": [3, 4, 5], "amount": [123450, -210, -7]}


def test_every_block_has_the_columns_that_are_written_down() -> None:
    for block in read(BytesIO(write(SALE)), piece=64).blocks():
        assert block.schema.equals(SCHEMA)


def test_blocks_are_read_once() -> None:
    statement = read(BytesIO(write(SALE)))
    list(statement.blocks())
    with pytest.raises(RuntimeError):
        statement.blocks()


def test_reading_may_be_given_up_halfway() -> None:
    blocks = read(BytesIO(write(SALE * 300)), piece=1000).blocks()
    next(blocks)
    blocks.close()  # type: ignore[attr-defined]


def test_lines_of_very_many_kinds_are_told_apart() -> None:
    lines: list[Line] = [line("1.00", Kind("Order", f"type {number % 7}", f"words {number}"), number=number + 3) for number in range(300)]
    assert whole(write(lines), piece=2000)[1] == lines
