"""Takes settlement reports in: reads them, matches their orders, prepares their journals, and says what a person must do."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from connectors.errors import ConnectorError
from hub.console import console, table
from hub.models import Connection
from reconciliation.core.posting.categories import CATEGORIES
from reconciliation.core.statement import Quarantined
from reconciliation.engine import fetch as reports
from reconciliation.engine import files, ledger
from reconciliation.engine.intake import NEW
from reconciliation.engine.rehearse import Rehearsal, rehearse
from reconciliation.engine.road import Brought, bring
from reconciliation.engine.setup import begin, books_of
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, StatementFile

FETCH = "fetch"
FINE = {"matched", "within_tolerance", "multi_channel"}


class Command(BaseCommand):
    """Ends with 0 when everything went as far as it can without a person, else with 1."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", nargs="+", metavar="fetch | FILE", help="fetch new reports from the marketplace, or read these files")
        parser.add_argument("--account", default="", metavar="SLUG", help="the selling account's connection, where several have books")
        parser.add_argument("--ledger", default="", metavar="SLUG", help="the ERP's connection: begins the account's books with it")
        parser.add_argument("--approve", action="store_true", help="also hand the prepared journals to the ERP")
        parser.add_argument("--dry-run", action="store_true", help="only show what the files would become")

    def handle(self, *args: Any, **options: Any) -> None:
        to = console()
        try:
            books = _books(options["account"], options["ledger"])
            went_well = _rehearsed(options["what"], books, to) if options["dry_run"] else _taken_in(options, books, to)
        except (ConnectorError, RefusedError) as error:
            raise CommandError(str(error)) from None
        if not went_well:
            raise SystemExit(1)


def _books(account: str, ledger_slug: str) -> Books:
    if not ledger_slug:
        return books_of(account)
    target = Connection.objects.filter(slug=ledger_slug).first()
    source = Connection.objects.filter(slug=account).first()
    if target is None or source is None:
        raise CommandError(f"There is no connection {ledger_slug if target is None else account!r}. --ledger needs --account, too.")
    return begin(source, target, now=timezone.now())


def _paths(what: list[str]) -> list[Path]:
    paths = [Path(one) for one in what]
    for path in paths:
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
    return paths


def _taken_in(options: dict[str, Any], books: Books, to: Console) -> bool:
    found = _fetched(books) if options["what"] == [FETCH] else _uploaded(_paths(options["what"]), books)
    brought: list[Brought] = []
    with _bar(to) as progress:
        for file in found:
            shown = progress.add_task(file.name, total=file.size)
            brought.append(bring(file, books, now=timezone.now(), progress=lambda done, at=shown: progress.update(at, completed=done)))  # type: ignore[misc]
            progress.update(shown, completed=file.size)
    stops = [words for one in brought for words in one.stops]
    if options["approve"]:
        stops += _approved(brought, books)
    _summary(brought, to)
    for words in dict.fromkeys([*(one.taken.words for one in brought if one.needs_a_person and not one.stops), *stops]):
        to.print(f"• {words}", markup=False)
    return not stops and not any(one.needs_a_person for one in brought)


def _fetched(books: Books) -> Iterator[StatementFile]:
    yield from reports.left_behind(books)
    yield from reports.fetch(books, now=timezone.now())


def _uploaded(paths: list[Path], books: Books) -> Iterator[StatementFile]:
    for path in paths:
        yield files.keep(files.chunks_of(path), connection=books.source, name=path.name, now=timezone.now())


def _approved(brought: list[Brought], books: Books) -> list[str]:
    """Hands in what is prepared; answers why some of it cannot be."""
    stops = []
    for one in brought:
        if one.settlement and one.settlement.state == one.settlement.State.READY:
            try:
                ledger.approve(one.settlement, books, by=None, now=timezone.now())
                one.settlement.refresh_from_db()
            except RefusedError as error:
                stops.append(str(error))
    return stops


def _bar(to: Console) -> Progress:
    return Progress(
        SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn(), console=to, transient=True
    )


def _summary(brought: list[Brought], to: Console) -> None:
    columns = ("settlement", "lines", "total", "rest", "matched", "state")
    to.print(table("Settlements", columns, map(_line, brought)) if brought else "There is no new settlement report.")


def _line(one: Brought) -> tuple[object, ...]:
    """`rest` is what the lines leave of the total; a settlement that is no news shows that instead of its state."""
    made, orders = one.settlement, sum(one.results.values())
    if made is None:
        return one.taken.file.name[:20], 0, "", "", "", one.taken.outcome
    fine = sum(count for result, count in one.results.items() if result in FINE)
    total, rest = f"{made.total:.2f} {made.currency}", f"{made.total - made.lines_total:.2f}"
    state = made.get_state_display() if one.taken.outcome == NEW else one.taken.outcome
    return made.settlement_id, made.line_count, total, rest, f"{fine} of {orders}" if one.results else "", state


def _rehearsed(what: list[str], books: Books, to: Console) -> bool:
    if what == [FETCH]:
        raise CommandError("What the marketplace has cannot be shown without fetching it; name files instead.")
    went_well = True
    for path in _paths(what):
        try:
            with files.unzipped(path) as source:
                found = rehearse(source, books)
        except Quarantined as problem:
            to.print(f"{path.name}: {problem.words}", markup=False)
            went_well = False
            continue
        _show(path, found, to)
        went_well = went_well and bool(found.journals) and not found.problems
    to.print("Nothing was stored.")
    return went_well


def _show(path: Path, found: Rehearsal, to: Console) -> None:
    title = f"{path.name}: settlement {found.header.settlement_id}, {found.lines} lines, {found.header.total:.2f} {found.header.currency}"
    rows = [
        (label, found.categories[code][1], f"{found.categories[code][0]:.2f}")
        for code, label in CATEGORIES.items()
        if code in found.categories
    ]
    to.print("", table(title, ("category", "lines", "amount"), rows))
    for journal in found.journals:
        lines = [(line.account, line.memo, f"{line.debit:.2f}", f"{line.credit:.2f}") for line in journal.lines]
        to.print("", table(f"Journal {journal.external_id} of {journal.part.entry_date}", ("account", "memo", "debit", "credit"), lines))
    for words in found.problems:
        to.print(f"• {words}", markup=False)
