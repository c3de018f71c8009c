"""What is decided once per file, from its first lines: columns, date format, decimal separator, and the header."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from reconciliation.core.lines import Header
from reconciliation.core.statement.amounts import Decimals, digits_of, marks, money
from reconciliation.core.statement.dates import DateFormat, format_of
from reconciliation.core.statement.encodings import Encoding
from reconciliation.core.statement.layouts import HEAD, Columns, columns_of
from reconciliation.core.statement.pieces import Piece, piece_of
from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined, quoted

SAMPLE = 400
"""Lines whose amounts decide the decimal separator."""
AMOUNTS = ("amount", "price", "fee", "shipment_fee", "order_fee", "promotion", "direct_payment", "misc_fee", "other_fee", "other")


Row = tuple[int, dict[str, str]]
"""A line of values: its number, and its cells by our names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the first rows say about the whole file."""

    header: Header
    dates: DateFormat
    decimals: Decimals


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """`header_line` is the number of the summary row, 0 when the file has none; `declared`: the header is what a person stated.
    `rest` is what follows the column names."""

    columns: Columns
    header: Header
    header_line: int
    declared: bool
    dates: DateFormat
    decimals: Decimals
    rest: Piece


def gathered(pieces: Iterator[Piece], encoding: Encoding) -> Piece:
    """The first pieces together, until they hold enough lines to decide by."""
    content, last = b"", False
    for piece in pieces:
        content, last = content + piece.content, piece.last
        if last or content.count(b"\n") > SAMPLE:
            break
    return encoding.utf8(piece_of(1, content, last=last))


def opened(piece: Piece, declared: Header | None) -> Opening:
    """Everything that the first lines decide. `declared` is the header of a file that has none itself."""
    text = piece.content.decode().split("\n", SAMPLE)[:SAMPLE]
    lines = [(number, line) for number, line in enumerate(text, start=1) if line.strip()]
    if not lines:
        raise Quarantined(Problem.UNREADABLE, f"The file is empty. {ORIGINAL}")
    named, names = lines[0]
    columns = columns_of(names, named)
    end = piece.lines if piece.open_ended else 0
    rows = [
        (number, dict(zip(columns.names, columns.cells(line, number, cut_off=number == end), strict=True))) for number, line in lines[1:]
    ]
    stated = declared if declared and not _has_total(rows) else None
    header_line, facts = (0, _stated(rows, stated)) if stated else _summary(rows)
    return Opening(
        columns=columns,
        header=facts.header,
        header_line=header_line,
        declared=stated is not None,
        dates=facts.dates,
        decimals=facts.decimals,
        rest=piece_of(named + 1, b"".join(piece.content.split(b"\n", named)[named:]), last=piece.last),
    )


def _has_total(rows: list[Row]) -> bool:
    """Whether the first row of values is a summary row, or a line that repeats one."""
    return bool(rows) and rows[0][1].keys() >= set(HEAD) and rows[0][1]["total"].strip() != ""


def _stated(rows: list[Row], declared: Header) -> Facts:
    """An export of lines: its dates are decided by its first lines."""
    times = [one["posted_at"] for _, one in rows if one.get("posted_at")]
    dates = format_of(times)
    if not dates:
        raise Quarantined(Problem.MIXED_DATES, f"The times of the first lines are not written in one known way. {ORIGINAL}")
    return Facts(header=declared, dates=dates, decimals=_decimals(rows, declared.currency))


def _summary(rows: list[Row]) -> tuple[int, Facts]:
    """The first row of values, with its line number when it is a summary row and not a line that repeats the total."""
    if not _has_total(rows):
        raise _without_total(rows)
    number, row = rows[0]
    currency = row["currency"].strip().upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        raise Quarantined(Problem.UNREADABLE, f"The summary row in line {number} names no currency. {ORIGINAL}", line=number)
    dates = _dates(number, row)
    decimals = _decimals(rows, currency)
    header = Header(
        settlement_id=_settlement(number, row),
        start=_time(number, row["start"], dates),
        end=_time(number, row["end"], dates),
        deposit=_time(number, row["deposit"], dates) if row["deposit"].strip() else None,
        total=_total(number, row["total"], decimals),
        currency=currency,
    )
    if header.start > header.end:
        raise Quarantined(Problem.UNREADABLE, f"The period in line {number} ends before it begins. {ORIGINAL}", line=number)
    return (0 if row["transaction_type"].strip() else number), Facts(header=header, dates=dates, decimals=decimals)


def _without_total(rows: list[Row]) -> Quarantined:
    ids = list(dict.fromkeys(row["settlement_id"] for _, row in rows if row.get("settlement_id")))
    if len(ids) > 1:
        return Quarantined(
            Problem.SEVERAL_SETTLEMENTS,
            f"The file holds lines of more than one settlement ({', '.join(map(_shown, ids[:3]))}…) and no total of any. "
            "Upload each settlement's own report.",
        )
    if not rows:
        words = f"The file holds the names of its columns and nothing else. {ORIGINAL}"
    elif not rows[0][1].keys() >= set(HEAD):
        words = (
            "The file is an export of lines without the settlement's period and total, so that nothing proves it complete. "
            "Upload the settlement report itself."
        )
    else:
        words = f"The summary row is missing: line {rows[0][0]}, the first after the column names, has no total amount. {ORIGINAL}"
    return Quarantined(Problem.NO_TOTAL, words, line=rows[0][0] if rows else None)


def _shown(settlement_id: str) -> str:
    return settlement_id if re.fullmatch(r"\d{1,20}", settlement_id, re.ASCII) else "unreadable"


def _settlement(number: int, row: dict[str, str]) -> str:
    found = row["settlement_id"].strip()
    if not re.fullmatch(r"\d{1,20}", found, re.ASCII):
        words = f"The settlement id in line {number} is not a number of up to 20 digits; a spreadsheet may have changed it. {ORIGINAL}"
        raise Quarantined(Problem.UNREADABLE, words, line=number)
    return found


def _dates(number: int, row: dict[str, str]) -> DateFormat:
    found = format_of([text for name in ("start", "end", "deposit") if (text := row[name].strip())])
    if not found:
        shown = quoted(row["start"].strip())
        words = f"The dates of the summary row in line {number}, such as {shown}, are not written in one known way. {ORIGINAL}"
        raise Quarantined(Problem.MIXED_DATES, words, line=number)
    return found


def _time(number: int, text: str, dates: DateFormat) -> datetime:
    found = dates.one(text.strip())
    if found is None:
        raise Quarantined(
            Problem.UNREADABLE, f"The summary row in line {number} lacks the start or the end of the period. {ORIGINAL}", line=number
        )
    return found


def _decimals(rows: list[Row], currency: str) -> Decimals:
    """Decided by the total and the amounts of the first lines."""
    seen: dict[str, int] = {}
    for number, row in rows:
        for mark in marks(row.get(name, "") for name in ("total", *AMOUNTS)):
            seen.setdefault(mark, number)
    if len(seen) > 1:
        (first, early), (second, late) = seen.items()
        words = f"Line {early} writes decimals with “{first}”, line {late} with “{second}”: it cannot be told which amounts are meant."
        raise Quarantined(Problem.MIXED_DECIMALS, f"{words} {ORIGINAL}", line=late)
    return Decimals(next(iter(seen), "."), digits_of(currency))


def _total(number: int, text: str, decimals: Decimals) -> Decimal:
    found = decimals.one(text)
    if found is None:
        raise Quarantined(Problem.UNREADABLE, f"The total {quoted(text)} in line {number} is no amount. {ORIGINAL}", line=number)
    return money(found, decimals.digits)
