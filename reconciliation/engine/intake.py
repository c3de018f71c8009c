"""A kept file becomes a settlement with its lines, all in one transaction: or is quarantined, and nothing of it is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import DataError, IntegrityError, transaction
from django.db.models import Max

from hub.models import Connection
from reconciliation.core.lines import Header
from reconciliation.core.statement import Problem, Quarantined, Statement, read
from reconciliation.engine import files
from reconciliation.engine.lines import Lines
from reconciliation.engine.reissued import differences, same_lines
from reconciliation.engine.tally import Tally
from reconciliation.models import Books, Settlement, StatementFile

State = StatementFile.State
Progress = Callable[[int], None]
"""Told how many bytes of the file were read so far."""
NEW, REISSUED, ALREADY, QUARANTINED = "imported", "re-issued", "already imported", "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What became of a file, in one word and a sentence for a person; `settlement` where there is one."""

    file: StatementFile
    outcome: str
    words: str
    settlement: Settlement | None = None
    tally: Tally | None = None
    """What its lines say of its orders, where they were just read."""


def take_in(file: StatementFile, books: Books, *, now: datetime, declared: Header | None = None, progress: Progress | None = None) -> Taken:
    """Reads a kept file into the database. The same bytes a second time, or at the same moment, change nothing.

    `declared`: the header of an export of lines that has none of its own, as a person states it.
    """
    try:
        with transaction.atomic():
            file = StatementFile.objects.select_for_update().get(pk=file.pk)
            if file.state == State.IMPORTED:
                return _already(file)
            return _take_in(file, books, now=now, declared=declared, progress=progress or (lambda _: None))
    except Quarantined as problem:
        return _quarantine(file, problem)
    except DataError:
        words = "A value of the file is longer than any that a settlement report has. Fetch the report again or upload the original file."
        return _quarantine(file, Quarantined(Problem.UNREADABLE, words))


def _take_in(file: StatementFile, books: Books, *, now: datetime, declared: Header | None, progress: Progress) -> Taken:
    with files.opened(file) as source:
        statement = read(source, marketplace=_marketplace(books.source), declared=declared)
        before, made = _begun(file, books, statement, now)
        lines, tally = Lines(made.pk, statement), Tally()
        for block in statement.blocks():
            lines.add(block)
            tally.add(block, statement.kinds, digits=statement.digits)
            progress(statement.size)
    made.lines_total, made.line_count, made.notes = statement.lines_total, statement.lines, statement.warnings
    made.save(update_fields=["lines_total", "line_count", "notes"])
    if before is not None and same_lines(before, made):
        made.lines.all().delete()
        made.delete()
        return _done(file, Taken(file=file, outcome=ALREADY, words=f"{before} is there already, with the same lines.", settlement=before))
    taken = Taken(
        file=file, outcome=NEW, words=f"{made}: {made.line_count} lines, {made.total} {made.currency}.", settlement=made, tally=tally
    )
    return _done(file, replace(taken, outcome=REISSUED, words=_told(before, made)) if before else taken)


def _begun(file: StatementFile, books: Books, statement: Statement, now: datetime) -> tuple[Settlement | None, Settlement]:
    """The settlement that counts so far, and the new one. Of two files of one settlement that come at the same moment the second waits
    for the first, and then sees it."""
    try:
        with transaction.atomic():
            before = _live(books.source, statement.header.settlement_id)
            return before, _begin(file, books, statement, before, now)
    except IntegrityError:
        before = _live(books.source, statement.header.settlement_id)
        return before, _begin(file, books, statement, before, now)


def _live(connection: Connection, settlement_id: str) -> Settlement | None:
    """The settlement of that id that counts; locked, so that nobody decides about it meanwhile."""
    rows = Settlement.objects.select_for_update().filter(connection=connection, settlement_id=settlement_id)
    return rows.exclude(state__in=Settlement.PAST).first()


def _begin(file: StatementFile, books: Books, statement: Statement, before: Settlement | None, now: datetime) -> Settlement:
    header = statement.header
    same = Settlement.objects.filter(connection=books.source, settlement_id=header.settlement_id)
    last = same.aggregate(last=Max("revision"))["last"] or 0
    return Settlement.objects.create(
        connection=books.source, settlement_id=header.settlement_id, revision=last + 1, file=file, currency=header.currency,
        state=Settlement.State.PROPOSED if before else Settlement.State.PARSED, starts_at=header.start, ends_at=header.end,
        deposit_at=header.deposit, total=header.total, lines_total=header.total, line_count=0, zone=books.zone,
        model=before.model if before else books.model, replaces=before, imported_at=now, changed_at=now,
    )  # fmt: skip


def _told(before: Settlement, made: Settlement) -> str:
    found = differences(before, made)
    kinds = "; ".join(f"{one.kind}: {one.before:.2f} → {one.after:.2f}" for one in found[:3])
    more = f" and {len(found) - 3} more kinds" if len(found) > 3 else ""
    what = f"{kinds}{more}" if found else "The amounts of every kind are the same, other columns differ"
    return (
        f"{made} was issued again with other content: {before.total:.2f} → {made.total:.2f} {made.currency}, {before.line_count} → "
        f"{made.line_count} lines. {what}. The earlier one counts until somebody decides."
    )


def _done(file: StatementFile, taken: Taken) -> Taken:
    file.state, file.code, file.problem, file.line = State.IMPORTED, "", "", None
    if taken.settlement:
        file.connection = taken.settlement.connection
    file.save(update_fields=["state", "code", "problem", "line", "connection"])
    return taken


def _already(file: StatementFile) -> Taken:
    settlement = file.settlements.order_by("-revision").first()
    return Taken(file=file, outcome=ALREADY, words=f"{file} was imported on {file.received_at:%Y-%m-%d}.", settlement=settlement)


def _quarantine(file: StatementFile, problem: Quarantined) -> Taken:
    values = {"code": str(problem.code), "problem": problem.words[:600], "line": problem.line}
    StatementFile.objects.filter(pk=file.pk).exclude(state=State.IMPORTED).update(state=State.QUARANTINED, **values)
    file.refresh_from_db()
    return Taken(file=file, outcome=QUARANTINED, words=problem.words)


def _marketplace(connection: Connection) -> str:
    """What tells the character set of a file that is not UTF-8: Japan's where the account sells there."""
    places = f"{connection.settings.get('marketplace_ids', '')} {connection.settings.get('region', '')}".upper()
    return "JP" if "JP" in places or "A1VC38T7YXB528" in places or "FE" in places.split() else ""
