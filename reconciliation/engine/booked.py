"""Where settlement lines are booked: many lines at once, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from reconciliation.models import JournalEntry, JournalShare, PaymentEntry, SettlementLine

ENDED = (PaymentEntry.State.REVERSED, PaymentEntry.State.DISCARDED)
_NEEDED = ("journal_line__journal__target", "journal_line__journal__rules__rule_set", "journal_line__journal__approved_by")
Place = tuple[int, int]
"""A line: its settlement and its number."""


def shares_of(lines: Sequence[SettlementLine]) -> dict[Place, JournalShare]:
    """Where each line is booked, or left out; a line is missing while its settlement's journals are not prepared. Two queries.

    The lines must have their settlement read.
    """
    settlements = {line.settlement_id for line in lines}
    rows = JournalShare.objects.filter(settlement__in=settlements, kind__in={line.kind_id for line in lines}, live=True)
    shares = list(rows.select_related(*_NEEDED))
    payments = PaymentEntry.objects.filter(settlement__in=settlements, order_id__in={line.order_id for line in lines}, reversal_of=None)
    paid = set(payments.exclude(state__in=ENDED).values_list("settlement_id", "order_id"))
    found = ((line, _share(line, shares, is_paid=(line.settlement_id, line.order_id) in paid)) for line in lines)
    return {(line.settlement_id, line.number): share for line, share in found if share}


def _share(line: SettlementLine, shares: Iterable[JournalShare], *, is_paid: bool) -> JournalShare | None:
    day = line.posted_at.astimezone(ZoneInfo(line.settlement.zone)).date()
    about = line.settlement_id, line.kind_id, line.marketplace, line.fulfilment
    fitting = [
        one
        for one in shares
        if (one.settlement_id, one.kind_id, one.marketplace, one.fulfilment) == about and one.first_day <= day <= one.last_day
    ]
    if len(fitting) > 1:
        fitting = [one for one in fitting if one.paid is is_paid]
    return fitting[0] if fitting else None


def number_words(journal: JournalEntry) -> str:
    """The journal's number in the ERP, or that it has none."""
    return f"{journal.target}: {journal.target_key}" if journal.target_key else f"not in {journal.target}"
