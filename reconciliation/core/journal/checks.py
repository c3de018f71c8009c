"""What must hold before and after a settlement becomes journals, and what a person should know about its lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from mappings.core.money import plain
from reconciliation.core.journal.values import ZERO, Discrepancy, Journal, NotPostableError, Share
from reconciliation.core.lines import Header, Kind, Sum
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.categories import TAXES
from reconciliation.core.posting.rules import RuleSet
from reconciliation.core.posting.suggest import suggestion

MOST_LINES = 1000
"""TIMS contract, 9."""


def not_the_total(header: Header, total: Decimal) -> Discrepancy:
    """Amazon does deliver such files: rows are missing (settlement reference, 7)."""
    return Discrepancy(
        level="file", code="total_mismatch", amount=total - header.total, blocking=True,
        words=f"The lines of settlement {header.settlement_id} come to {plain(total)} {header.currency}, "
        f"its total says {plain(header.total)}.",
        advice="Fetch the report again; if it stays so, ask the marketplace for the missing lines.",
    )  # fmt: skip


def too_exact(header: Header, line: Sum, digits: int) -> Discrepancy:
    """A line that is not in whole minor units of the currency."""
    return Discrepancy(
        level="file", code="too_exact", subject=" / ".join(line.kind), amount=line.amount, blocking=True,
        words=f"{plain(line.amount)} has more decimals than {header.currency} knows ({digits}).",
        advice="Check the currency of the report.",
    )  # fmt: skip


def unmapped(shares: Iterable[Share], rules: RuleSet) -> Iterator[Discrepancy]:
    """One for each kind that no rule fits."""
    amounts: dict[Kind, Decimal] = {}
    for share in shares:
        if rules.decide(share.kind).rule is None:
            amounts[share.kind] = amounts.get(share.kind, ZERO) + share.amount
    for kind, amount in sorted(amounts.items()):
        yield Discrepancy(
            level="line", code="unmapped_kind", subject=" / ".join(kind), amount=amount,
            words=f"No posting rule fits “{' / '.join(kind)}” ({plain(amount)}); it goes to suspense.",
            advice=f"Add a rule for it. {suggestion(kind, rules)}",
        )  # fmt: skip


def tax_left(header: Header, shares: Iterable[Share], accounts: Accounts) -> Iterator[Discrepancy]:
    """Tax that a marketplace pays itself and that does not cancel out over the settlement."""
    left: dict[str, Decimal] = {}
    for share in shares:
        if share.category in TAXES and accounts.is_facilitated(share.marketplace):
            left[share.marketplace] = left.get(share.marketplace, ZERO) + share.amount
    for marketplace, amount in sorted(left.items()):
        if amount:
            where = marketplace or "lines without a marketplace"
            yield Discrepancy(
                level="line", code="facilitator_tax", subject=marketplace, amount=amount,
                words=f"Collected and withheld tax of {where} do not cancel out: {plain(amount)} {header.currency} remain.",
                advice="Some orders are taxed by the seller, or a tax was charged later. If the seller owes the tax of this marketplace, "
                "give it the sales tax account in the posting rules.",
            )  # fmt: skip


def check_journal(journal: Journal) -> None:
    """Raises NotPostableError for what the ERP would not take; an unbalanced journal is an error of ours and raises ArithmeticError."""
    if len(journal.lines) > MOST_LINES:
        raise NotPostableError(
            Discrepancy(
                level="journal", code="too_many_lines", blocking=True,
                words=f"Journal {journal.external_id} has {len(journal.lines)} lines; the ERP takes {MOST_LINES}.",
                advice="Book fewer marketplaces apart: give them one account in the posting rules, or ask for shorter settlements.",
            )
        )  # fmt: skip
    wrong = [line.number for line in journal.lines if min(line.debit, line.credit) != 0 or max(line.debit, line.credit) <= 0]
    if journal.debit != journal.credit or wrong:
        raise ArithmeticError(f"Journal {journal.external_id} does not balance: debits {journal.debit}, credits {journal.credit}.")
