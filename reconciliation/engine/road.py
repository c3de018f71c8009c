"""The whole road of a kept file, as far as it goes without a person: read, matched, its unknown orders asked for, its journals prepared."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from reconciliation.core.lines import Header
from reconciliation.engine import chain, intake, orders
from reconciliation.engine.intake import Progress, Taken, take_in
from reconciliation.engine.match import match
from reconciliation.engine.prepare import prepare
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, Settlement, StatementFile

GO_ON = (Settlement.State.PARSED, Settlement.State.MATCHED)


@dataclass(slots=True, kw_only=True)
class Brought:
    """What became of a file: how it was taken in, its orders by result, and sentences about what a person must do."""

    taken: Taken
    results: dict[str, int] = field(default_factory=dict)
    stops: list[str] = field(default_factory=list)

    @property
    def settlement(self) -> Settlement | None:
        """None for a file that is quarantined."""
        return self.taken.settlement

    @property
    def needs_a_person(self) -> bool:
        """Whether something stops it before its journals were prepared."""
        return bool(self.stops) or self.taken.outcome in (intake.QUARANTINED, intake.REISSUED)


def bring(
    file: StatementFile,
    books: Books,
    *,
    now: datetime,
    by: AbstractBaseUser | None = None,
    declared: Header | None = None,
    progress: Progress | None = None,
    wake_up: bool = True,
) -> Brought:
    """Safe to repeat: each stop finds what is done already."""
    taken = take_in(file, books, now=now, declared=declared, progress=progress)
    brought = Brought(taken=taken)
    settlement = taken.settlement
    if settlement is not None and settlement.connection_id != books.source_id:
        brought.stops.append(f"This file was imported for {settlement.connection} already, hence nothing was done for {books.source}.")
        return brought
    if settlement is None or settlement.state not in GO_ON:
        return brought
    chain.check(settlement, now=now)
    try:
        brought.results = match(settlement, books, now=now, tally=taken.tally)
        settlement.refresh_from_db()
        orders.ask(settlement, books, now=now, wake_up=wake_up)
    except RefusedError as error:
        brought.stops.append(str(error))
    try:
        prepare(settlement, books, by=by, now=now)
        settlement.refresh_from_db()
    except RefusedError as error:
        brought.stops.append(str(error))
    return brought
