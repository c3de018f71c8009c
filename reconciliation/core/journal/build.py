"""A settlement becomes journals: one per period, balanced by construction, every line in exactly one place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, timedelta, tzinfo

from reconciliation.core.journal.checks import check_journal, tax_left, unmapped
from reconciliation.core.journal.gathered import Gathered, gathered, shares_of
from reconciliation.core.journal.lines import Bookings, bookings_of
from reconciliation.core.journal.names import journal_name
from reconciliation.core.journal.payments import payments_of
from reconciliation.core.journal.sorter import Sorter
from reconciliation.core.journal.values import Discrepancy, Journal, Model, NotPostableError, Prepared
from reconciliation.core.lines import Header, Sum
from reconciliation.core.periods import Part, Period, PeriodError, local_day, parts_of
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.categories import ORDER_CLEARING
from reconciliation.core.posting.rules import RuleSet

MOMENT = timedelta(microseconds=1)


def prepare(
    header: Header,
    sums: Iterable[Sum],
    rules: RuleSet,
    accounts: Accounts,
    *,
    model: Model,
    periods: Sequence[Period],
    zone: tzinfo = UTC,
    revision: int = 1,
    invoiced: Collection[str] = (),
) -> Prepared:
    """Journals and payments of a settlement, as they are posted.

    `sums` hold every line once, their days in the ledger's `zone`, and are read once. The summary model needs no orders in them, the
    invoice model needs the order of everything that an invoice holds. `invoiced` are the orders that the ERP has an invoice of.
    Raises NotPostableError.
    """
    sorter = Sorter(rules, accounts, model=model, invoiced=invoiced)
    found = gathered(header, sums, sorter)
    parts = _parts(header, found, periods, zone)
    shares = shares_of(found, parts, sorter)
    bookings = bookings_of(header, shares, parts, sorter, model=model)
    journals = tuple(_journals(header, bookings, parts, revision))
    paid = payments_of(header, found, parts, account=accounts.account(ORDER_CLEARING) or "", revision=revision)
    discrepancies = (*unmapped(shares, rules), *tax_left(header, shares, accounts))
    return Prepared(
        parts=tuple(parts), journals=journals, payments=tuple(paid), left_out=tuple(bookings.left_out), discrepancies=discrepancies
    )


def _parts(header: Header, found: Gathered, periods: Sequence[Period], zone: tzinfo) -> list[Part]:
    start = local_day(header.start, zone)
    # A settlement that ends at midnight ends with the day before.
    end = max(start, local_day(header.end - MOMENT, zone))
    deposit = local_day(header.deposit, zone) if header.deposit else None
    try:
        return parts_of({group.day for group in found.amounts}, start=start, end=end, deposit=deposit, periods=periods)
    except PeriodError as error:
        raise NotPostableError(Discrepancy(level="journal", code="period_closed", words=str(error), blocking=True)) from error


def _journals(header: Header, bookings: Bookings, parts: Sequence[Part], revision: int) -> Iterator[Journal]:
    for part in parts:
        lines = bookings.lines[part.number]
        if not lines:
            continue
        period = part.period.name if len(parts) > 1 else ""
        journal = Journal(
            external_id=journal_name(header.settlement_id, period=period, revision=revision), settlement_id=header.settlement_id,
            part=part, parts=len(parts), revision=revision, currency=header.currency, lines=tuple(lines),
            description=_description(header, part, len(parts)),
        )  # fmt: skip
        check_journal(journal)
        yield journal


def _description(header: Header, part: Part, parts: int) -> str:
    which = f", part {part.number} of {parts}" if parts > 1 else ""
    return f"Settlement {header.settlement_id}{which}: lines of {part.first_day} to {part.last_day}"
