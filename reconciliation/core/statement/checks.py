"""What every line of a file must agree in: one settlement, one total, one currency."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.statement.amounts import minor
from reconciliation.core.statement.opening import Opening
from reconciliation.core.statement.problems import ORIGINAL, Problem, Quarantined, quoted
from reconciliation.core.statement.rows import Rows


def own(rows: Rows, opening: Opening) -> Rows:
    """The lines of this settlement: without the summary row and without rows that a spreadsheet left empty.

    Raises Quarantined when a line belongs to another settlement, or repeats another total or currency.
    """
    if opening.declared:
        rows = rows.kept(pc.equal(rows.text("settlement_id"), opening.header.settlement_id))
    if rows.count and rows.number(0) == opening.header_line:
        rows = rows.after_first()
    if rows.has("transaction_type", ""):
        rows = rows.kept(pc.invert(_empty(rows)))
        _refuse_second(rows)
    _agrees(rows, opening)
    return rows


def _distinct(rows: Rows, name: str) -> list[str]:
    found: list[str] = rows.coded(name).dictionary.to_pylist()
    return found


def _blank(rows: Rows, name: str) -> Any:
    return pc.equal(pc.utf8_trim_whitespace(rows.text(name)), "")


def _refuse_second(rows: Rows) -> None:
    """A second summary row means that two reports were put into one file."""
    found = pc.and_(_blank(rows, "transaction_type"), pc.invert(_blank(rows, "total")))
    found = pc.and_(found, pc.and_(_blank(rows, "amount_type"), _blank(rows, "amount")))
    if (at := pc.index(found, True).as_py()) >= 0:
        number = rows.number(at)
        words = f"Line {number} is a second summary row: the file holds more than one settlement. Upload each one's own report."
        raise Quarantined(Problem.SEVERAL_SETTLEMENTS, words, line=number)


def _empty(rows: Rows) -> Any:
    empty = pa.repeat(pa.scalar(True), rows.count)
    for name in rows.columns:
        empty = pc.and_(empty, _blank(rows, name))
    return empty


def _agrees(rows: Rows, opening: Opening) -> None:
    header = opening.header
    total = minor(header.total, opening.decimals.digits)
    for value in _distinct(rows, "settlement_id"):
        if value.strip() != header.settlement_id:
            number = _number(rows, "settlement_id", value)
            words = f"Line {number} belongs to another settlement than {header.settlement_id}, or to none. Upload each one's own report."
            raise Quarantined(Problem.SEVERAL_SETTLEMENTS, words, line=number)
    for value in _distinct(rows, "currency"):
        if value.strip().upper() not in ("", header.currency):
            number = _number(rows, "currency", value)
            words = f"Line {number} is in another currency than {header.currency}, in which the total is. {ORIGINAL}"
            raise Quarantined(Problem.MIXED_CURRENCY, words, line=number)
    for value in _distinct(rows, "total"):
        if value.strip() and opening.decimals.one(value) != total:
            number = _number(rows, "total", value)
            words = f"Line {number} gives the total as {quoted(value)}, the first lines as {header.total}. {ORIGINAL}"
            raise Quarantined(Problem.NO_TOTAL, words, line=number)


def _number(rows: Rows, name: str, value: str) -> int:
    """The first line with this value."""
    return rows.number(pc.index(rows.text(name), value).as_py())
