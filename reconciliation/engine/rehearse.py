"""What a file would become, without anything being stored."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO
from zoneinfo import ZoneInfo

from reconciliation.core.journal import build, values
from reconciliation.core.lines import Header, Sum
from reconciliation.core.statement import Totals, read
from reconciliation.engine import periods, rules
from reconciliation.engine.intake import Progress
from reconciliation.models import Books, Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A file that adds up, its amounts by category, and its journals or why there would be none."""

    header: Header
    lines: int
    categories: dict[str, tuple[Decimal, int]]
    journals: tuple[values.Journal, ...] = ()
    problems: tuple[str, ...] = ()


def rehearse(source: BinaryIO, books: Books, *, progress: Progress | None = None) -> Rehearsal:
    """Reads the file to its end and prepares its journals by the rules in force. Raises Quarantined, RefusedError."""
    published = rules.asked(rules.in_force(books))
    statement = read(source)
    found = Totals(statement, ZoneInfo(books.zone))
    for block in statement.blocks(found.columns):
        found.add(block)
        if progress:
            progress(statement.size)
    return _prepared(statement.header, statement.lines, list(found), books, published)


def _prepared(header: Header, lines: int, sums: list[Sum], books: Books, published: rules.Published) -> Rehearsal:
    made: tuple[values.Journal, ...] = ()
    around = Settlement(starts_at=header.start, ends_at=header.end, deposit_at=header.deposit)
    try:
        prepared = build.prepare(
            header, sums, published.rules, published.accounts, model=values.Model.SUMMARY, periods=periods.periods(books, around),
            zone=ZoneInfo(books.zone),
        )  # fmt: skip
        made, found = prepared.journals, prepared.discrepancies
    except values.NotPostableError as error:
        found = error.discrepancies
    problems = tuple(f"{one.words} {one.advice}".strip() for one in found)
    return Rehearsal(header=header, lines=lines, categories=_categories(sums, published), journals=made, problems=problems)


def _categories(sums: list[Sum], published: rules.Published) -> dict[str, tuple[Decimal, int]]:
    found: dict[str, tuple[Decimal, int]] = {}
    for one in sums:
        category = published.rules.decide(one.kind).category
        amount, lines = found.get(category, (Decimal(), 0))
        found[category] = amount + one.amount, lines + one.lines
    return found
