"""A file that cannot be trusted as a whole says where and why, and quotes nothing but an amount or a date."""

from __future__ import annotations

import pytest

from reconciliation.core.lines import Kind, Line
from reconciliation.core.statement import Problem
from tests.reconciliation.core.statement.reading import refused, whole
from tests.reconciliation.core.statement.writing import COMMISSION, DOTTED, JAVASCRIPT, V2, Dialect, header, line, table, write

SECRET = "Jane Example, 12 Main Street"
SALE = [line("100.00", sku=SECRET), line("-15.00", COMMISSION, number=4, sku=SECRET), line("3.10", number=5, sku=SECRET)]
RAW = write(SALE)


def _in_line(number: int, old: bytes, new: bytes, raw: bytes = RAW) -> bytes:
    lines = raw.split(b"\n")
    assert old in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new)
    return b"\n".join(lines)


def _without(name: str) -> bytes:
    return write(SALE, dialect=Dialect(columns=[one for one in V2 if one != name]))


CASES: list[tuple[str, bytes, Problem, int | None, str]] = [
    ("a cent is missing", write(SALE, dialect=Dialect(total="88.11")), Problem.TOTAL_MISMATCH, None, "0.01 USD"),
    ("a row is missing", RAW.replace(RAW.split(b"\n")[3] + b"\n", b""), Problem.TOTAL_MISMATCH, None, "-15.00 USD"),
    ("no line came along", write([], dialect=Dialect(total="-5.00")), Problem.TOTAL_MISMATCH, None, "0.00 USD"),
    ("the last line is cut off", RAW[:-60], Problem.TRUNCATED, 5, "line 5"),
    ("the summary row is cut off", RAW[: RAW.index(b"USD") + 3], Problem.TRUNCATED, 2, "line 2"),
    ("the summary row is cut off in its dates", RAW[: RAW.index(b"2026-11-13")], Problem.TRUNCATED, 2, "line 2"),
    ("the column names are cut off", RAW[:80], Problem.UNKNOWN_LAYOUT, 1, "first line"),
    ("nothing but column names", RAW.split(b"\n")[0] + b"\n", Problem.NO_TOTAL, None, "nothing else"),
    ("the summary row is missing", RAW.replace(RAW.split(b"\n")[1] + b"\n", b""), Problem.NO_TOTAL, 2, "summary row is missing"),
    ("no column of totals", _without("total-amount").replace(b"currency", b"curr"), Problem.NO_TOTAL, 2, "export of lines"),
    ("another total in a line", _in_line(4, b"\t" * 5, b"\t" * 4 + b"88.00\t"), Problem.NO_TOTAL, 4, "88.00"),
    ("two settlements", _in_line(5, b"19283746501", b"19283746502"), Problem.SEVERAL_SETTLEMENTS, 5, "another settlement"),
    ("two reports in one file", RAW + RAW.split(b"\n", 1)[1], Problem.SEVERAL_SETTLEMENTS, 6, "second summary row"),
    ("two currencies", _in_line(4, b"\t" * 6, b"\t" * 5 + b"EUR\t"), Problem.MIXED_CURRENCY, 4, "another currency"),
    ("two ways to write dates", _in_line(4, b"2026-11-02 08:30:00 UTC", b"02.11.2026 08:30:00 UTC"), Problem.MIXED_DATES, 4, "02.11.2026"),
    ("a summary row in two ways", _in_line(2, b"2026-11-13 22:07:18", b"13.11.2026 22:07:18"), Problem.MIXED_DATES, 2, "summary row"),
    ("a day that does not exist", _in_line(5, b"2026-11-02 08", b"2026-11-31 08"), Problem.MIXED_DATES, 5, "2026-11-31"),
    ("dates with the month first", _in_line(2, b"2026-10-30 22", b"10/30/2026 22"), Problem.MIXED_DATES, 2, "10/30/2026"),
    ("only a date of two readings", _in_line(4, b"2026-11-02 08:30:00 UTC", b""), Problem.MIXED_DATES, 4, "11/02/26"),
    ("no date at all", _in_line(4, b"11/02/26\t2026-11-02 08:30:00 UTC", b"\t"), Problem.UNREADABLE, 4, "no date"),
    ("two decimal separators", _in_line(5, b"\t3.10\t", b"\t3,10\t"), Problem.MIXED_DECIMALS, 5, "line 5 with"),
    ("an amount in words", _in_line(5, b"\t3.10\t", b"\tthree\t"), Problem.UNREADABLE, 5, "three"),
    ("an amount with an exponent", _in_line(5, b"\t3.10\t", b"\t3.1E+00\t"), Problem.UNREADABLE, 5, "3.1E+00"),
    ("no amount", _in_line(5, b"\t3.10\t", b"\t\t"), Problem.UNREADABLE, 5, "no amount"),
    ("half a cent", _in_line(5, b"\t3.10\t", b"\t3.105\t"), Problem.UNREADABLE, 5, "3.105"),
    ("a total in words", write(SALE, dialect=Dialect(total="much")), Problem.UNREADABLE, 2, "much"),
    ("no currency", _in_line(2, b"USD", b"$"), Problem.UNREADABLE, 2, "currency"),
    ("no period", _in_line(2, b"2026-10-30 22:07:18 UTC", b""), Problem.UNREADABLE, 2, "start"),
    ("a period that ends first", _in_line(2, b"2026-10-30", b"2026-12-30"), Problem.UNREADABLE, 2, "before"),
    ("a mangled settlement id", RAW.replace(b"19283746501", b"1.92837E+10"), Problem.UNREADABLE, 2, "spreadsheet"),
    ("a line of too many values", _in_line(4, b"\t1\t", b"\t1\tx\ty\t"), Problem.UNKNOWN_LAYOUT, 4, "values"),
    ("a carriage return within", _in_line(4, b"AFN", b"A\rFN"), Problem.UNREADABLE, 4, "carriage return"),
    ("a zero byte within", _in_line(4, b"AFN", b"A\0FN"), Problem.UNREADABLE, 4, "zero byte"),
    ("a line without end", b"x" * (5 << 20), Problem.UNREADABLE, 1, "no end"),
    ("a web page", b"<html>\n<body>Sign in</body>\n</html>\n", Problem.UNKNOWN_LAYOUT, 1, "columns"),
    ("a column twice", write(SALE, dialect=Dialect(columns=[*V2, "Amount"])), Problem.UNKNOWN_LAYOUT, 1, "twice"),
    ("a column too few", _without("amount-type"), Problem.UNKNOWN_LAYOUT, 1, "columns"),
    ("a line break within quotes", write([line(sku='a"b\nc')], dialect=Dialect(delimiter=",")), Problem.UNREADABLE, None, ""),
]


@pytest.mark.parametrize(("raw", "code", "number", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_file_is_quarantined_with_place_and_reason(raw: bytes, code: Problem, number: int | None, words: str) -> None:
    problem = refused(raw)
    assert (problem.code, problem.line or number) == (code, number or problem.line)
    assert words in problem.words
    assert SECRET[:4] not in problem.words
    assert problem.words == str(problem)


def test_the_difference_is_said_with_both_figures() -> None:
    words = refused(write([line("421.50")], header(currency="AUD"), Dialect(total="212118.95"))).words
    assert "1 lines of settlement 19283746501 add up to 421.50 AUD" in words
    assert "its total is 212118.95 AUD: a difference of 211697.45 AUD" in words


def test_what_deviates_far_down_in_a_file_is_found_with_its_line() -> None:
    lines: list[Line] = [line("1.00", number=number) for number in range(3, 3003)]
    raw = write(lines)
    assert refused(_in_line(2950, b"\t1.00\t", b"\t1,00\t", raw), piece=20_000).line == 2950
    assert refused(_in_line(2950, b"\t1.00\t", b"\t1,00\t", raw)).code is Problem.MIXED_DECIMALS
    assert refused(_in_line(2951, b"UTC", b"PST", raw), piece=20_000).line == 2951
    assert refused(_in_line(2952, b"19283746501", b"1", raw), piece=20_000).line == 2952


def test_a_long_value_is_not_quoted_to_its_end() -> None:
    words = refused(_in_line(5, b"\t3.10\t", b"\t" + b"word " * 30 + b"\t")).words
    assert "word word" in words
    assert "word " * 6 not in words


def test_an_export_of_several_settlements_names_some_of_them() -> None:
    columns = ["SettlementID", "TransactionType", "AmountType", "AmountDescription", "Amount", "PostedDateTime", "OrderID"]
    row = {"TransactionType": "Order", "AmountType": "ItemPrice", "AmountDescription": "Principal", "Amount": "1.00"}
    rows = [row | {"SettlementID": f"2563225484{one}", "PostedDateTime": line().posted_at.strftime(JAVASCRIPT)} for one in (1, 2)]
    problem = refused(table(rows, Dialect(delimiter=";", columns=columns)))
    assert problem.code is Problem.SEVERAL_SETTLEMENTS
    assert "25632254841, 25632254842" in problem.words


def test_a_stated_total_that_an_export_does_not_reach_is_refused() -> None:
    raw = write([line("5.00")], dialect=Dialect(dates=DOTTED, columns=[name for name in V2 if name not in ("total-amount", "currency")]))
    names, _, rest = raw.split(b"\n", 2)
    declared = header(total=line("5.01").amount)
    assert refused(names + b"\n" + rest, declared=declared).code is Problem.TOTAL_MISMATCH
    assert whole(names + b"\n" + rest, declared=header(total=line("5.00").amount))[0].lines == 1


def test_what_a_person_states_does_not_replace_the_files_own_total() -> None:
    assert whole(RAW, declared=header(total=line("5.00").amount))[0].header.total == line("88.10").amount


def test_a_person_may_state_the_total_of_a_report_whose_summary_row_is_missing() -> None:
    names, _, rest = RAW.split(b"\n", 2)
    assert whole(names + b"\n" + rest, declared=header(total=line("88.10").amount))[0].lines == 3


def test_an_export_in_another_currency_than_stated_is_refused() -> None:
    names, _, rest = write(SALE, dialect=Dialect(repeated=True, columns=[name for name in V2 if name != "total-amount"])).split(b"\n", 2)
    problem = refused(names + b"\n" + rest, declared=header(total=line("88.10").amount, currency="EUR"))
    assert problem.code is Problem.MIXED_CURRENCY


def test_a_line_without_a_type_is_money_all_the_same() -> None:
    lines = [line("5.00", Kind("", "ItemPrice", "Principal")), line("1.00", number=4)]
    assert whole(write(lines))[1] == lines
