"""The end of a month: the clearing account, and the close packet as a page to print, a workbook and a CSV file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import islice
from typing import Any, cast

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from hub.admin.base import PageAdmin, page, person
from hub.admin.export import csv_answer
from mappings.table_files import safe_cell
from mappings.workbooks import write_sheets
from reconciliation.admin.choice import Choice, chosen
from reconciliation.admin.words import in_units, money
from reconciliation.engine.clearing import Proven, clearing
from reconciliation.engine.packet import Row, Section, packet

PRINTED = 500
"""Rows of a section on the page; workbook and CSV hold all of them."""
MOST_ROWS = 1_000_000
"""A sheet of a workbook holds hardly more."""
SHORT = 20
"""Letters that stand in one line."""
CUT = "There are more rows; the CSV holds all of them."
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def clearing_page(admin: PageAdmin, request: HttpRequest) -> HttpResponse:
    """Settlements posted less deposits matched, and why each item is open."""
    choice = chosen(request)
    if choice is None:
        return page(admin, request, "reconciliation/no_books.html", "Clearing")
    rows = [_proven(one) for one in clearing(choice.books, choice.month)]
    return page(admin, request, "reconciliation/clearing.html", "Clearing", rows=rows, **choice.context)


def packet_page(admin: PageAdmin, request: HttpRequest) -> HttpResponse:
    """The close packet, to be read, printed or saved as PDF."""
    choice = chosen(request)
    if choice is None:
        return page(admin, request, "reconciliation/no_books.html", "Close packet")
    sections = [_printed(one) for one in packet(choice.books, choice.month)]
    return page(
        admin, request, "reconciliation/packet.html", f"Close packet {choice.month}", sections=sections, made_at=timezone.now(),
        made_by=person(request), **choice.context,
    )  # fmt: skip


def packet_csv(request: HttpRequest) -> HttpResponseBase:
    """All sections one below the other, streamed; the first column says which."""
    choice = chosen(request)
    lines = _csv_lines(choice) if choice else iter(())
    return csv_answer(_name(choice), ("Section",), lines)


def packet_xlsx(request: HttpRequest) -> HttpResponseBase:
    """A sheet per section."""
    choice = chosen(request)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    sections = packet(choice.books, choice.month) if choice else []
    about = _about(choice) if choice else [("No account has books yet.",)]
    write_sheets(cast(Any, file), [("About", about), *((one.title, _sheet(one)) for one in sections)])
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{_name(choice)}.xlsx", content_type=XLSX)


def _name(choice: Choice | None) -> str:
    return f"close-packet-{choice.books.source.slug}-{choice.month}" if choice else "close-packet"


def _about(choice: Choice) -> list[Row]:
    return [
        ("Account", safe_cell(str(choice.books.source))), ("Posted to", safe_cell(str(choice.books.target))), ("Month", str(choice.month)),
        ("Days are counted in", choice.books.zone), ("Made (UTC)", f"{timezone.now():%Y-%m-%d %H:%M}"),
    ]  # fmt: skip


def _csv_lines(choice: Choice) -> Iterator[Row]:
    for row in _about(choice):
        yield ("About", *row)
    for section in packet(choice.books, choice.month):
        yield (section.title, *section.head)
        for row in _rows(section):
            yield (section.title, *row)


def _rows(section: Section) -> Iterator[Row]:
    """The rows with amounts in the units of their currency."""
    at = section.head.index("Currency") if "Currency" in section.head else None
    for row in section.rows():
        currency = "" if at is None else row[at]
        yield tuple(in_units(value, currency) if isinstance(value, Decimal) else value for value in row)


def _sheet(section: Section) -> Iterator[Row]:
    yield section.head
    rows = _rows(section)
    yield from (tuple(safe_cell(value) if isinstance(value, str) else value for value in row) for row in islice(rows, MOST_ROWS))
    if next(rows, None) is not None:
        yield (CUT,)


def _printed(section: Section) -> dict[str, Any]:
    rows = list(islice(_rows(section), PRINTED + 1))
    looks = [_look([row[at] for row in rows]) for at in range(len(section.head))]
    shown = [[{"words": _shown(value), "look": look} for value, look in zip(row, looks, strict=True)] for row in rows[:PRINTED]]
    columns = [{"name": name, "look": look} for name, look in zip(section.head, looks, strict=True)]
    return {"title": section.title, "columns": columns, "rows": shown, "empty": section.empty, "cut": len(rows) > PRINTED}


def _look(values: list[Any]) -> str:
    """How a column stands: numbers at the right, short words in one line."""
    if any(isinstance(value, Decimal | int) for value in values):
        return "hub-number"
    return "packet-short" if all(len(_shown(value)) <= SHORT for value in values) else ""


def _shown(value: Any) -> str:
    if isinstance(value, Decimal | int):
        return f"{value:,f}".replace("-", "−") if isinstance(value, Decimal) else f"{value:,}"
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value or "")


def _proven(one: Proven) -> dict[str, Any]:
    rolled, currency = one.rolled, one.rolled.currency
    items = [{"item": item, "amount": money(item.amount, currency)} for item in rolled.open_items]
    return {
        "currency": currency, "account": one.account, "items": items, "proof": bool(one.unexplained),
        **{name: money(getattr(rolled, name), currency) for name in ("opening", "posted", "matched", "closing")},
        "booked": money(one.booked, currency), "unexplained": money(one.unexplained, currency),
    }  # fmt: skip
