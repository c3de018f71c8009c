"""What holds for every settlement whatever its lines are (settlement reference, 8: 2, 3, 4, 7, 8, 11)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.core.journal.values import Model, NotPostableError, PaymentType, Prepared, Share
from reconciliation.core.lines import Header, Kind, Sum
from reconciliation.core.periods import Period
from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import Accounts
from tests.reconciliation.core.journal import values
from tests.reconciliation.core.journal.values import RULES, balances, header, month

KINDS = (
    values.PRINCIPAL, values.SHIPPING, values.TAX, values.WITHHELD, values.PROMOTION, values.COMMISSION, values.FBA, values.REFUND,
    values.STORAGE, values.PAYABLE, values.CHARGE, values.CURRENT_RESERVE, values.UNKNOWN, Kind("Refund", "ItemPrice", "Tax"),
    Kind("Chargeback Refund", "ItemPrice", "Principal"), Kind("order", "item-price", "PRINCIPAL"),
)  # fmt: skip
FIRST, MONTHS = date(2026, 10, 20), ("2026-10", "2026-11", "2026-12", "2027-01", "2027-02")
ORDERS = ("", "112-1", "112-2", "112-3")
BOTH = {flag: Accounts(starter.accounts(), book_facilitator_tax=flag) for flag in (True, False)}


@dataclass(frozen=True)
class Case:
    """A settlement of three months, and how it is to be posted."""

    sums: tuple[Sum, ...]
    header: Header
    model: Model
    invoiced: frozenset[str]
    periods: tuple[Period, ...]
    books_tax: bool

    def prepared(self, **fields: Any) -> Prepared:
        sums = fields.pop("sums", self.sums)
        return values.prepared(
            *sums, about=fields.pop("about", self.header), model=self.model, invoiced=self.invoiced, periods=self.periods,
            accounts=BOTH[self.books_tax], **fields,
        )  # fmt: skip


SUMS = st.builds(
    Sum,
    kind=st.sampled_from(KINDS),
    day=st.integers(0, 75).map(lambda days: FIRST + timedelta(days)),
    amount=st.integers(-999, 999).map(lambda cents: Decimal(cents).scaleb(-2)),
    lines=st.integers(1, 3),
    order_id=st.sampled_from(ORDERS),
    marketplace=st.sampled_from(("", "Amazon.com", "Amazon.de", "Non-Amazon US")),
    fulfilment=st.sampled_from(("", "AFN")),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    sums = draw(st.lists(SUMS, max_size=14).map(lambda found: (*found, *found[:2])))
    closed = draw(st.sets(st.sampled_from(MONTHS[:4])))
    start, end = datetime(2026, 10, 20, tzinfo=UTC), datetime(2027, 1, 4, tzinfo=UTC)
    return Case(
        sums=sums,
        header=header(*sums, start=start, end=end, deposit=end + timedelta(2)),
        model=draw(st.sampled_from(Model)),
        invoiced=frozenset(draw(st.sets(st.sampled_from(ORDERS[1:])))),
        periods=tuple(month(name, is_open=name not in closed) for name in MONTHS),
        books_tax=draw(st.booleans()),
    )


def shares(found: Prepared) -> list[Share]:
    held = [share for journal in found.journals for line in journal.lines for share in line.shares]
    return held + [one.share for one in found.left_out]


@settings(max_examples=40, deadline=None)
@given(cases())
def test_every_line_is_in_exactly_one_place(case: Case) -> None:
    found = case.prepared()
    paid_orders = {payment.order_id for payment in found.payments}
    parts = {part.number: part for part in found.parts}
    claimed: Counter[int] = Counter()
    for share in shares(found):
        for number, line in enumerate(case.sums):
            of_part = parts[share.part].first_day <= line.day <= parts[share.part].last_day
            of_kind = (line.kind, line.marketplace, line.fulfilment) == (share.kind, share.marketplace, share.fulfilment)
            if of_part and of_kind and share.paid == (line.order_id in paid_orders and share_can_be_paid(line, case)):
                claimed[number] += 1
    assert claimed == Counter(range(len(case.sums)))
    assert sum(share.lines for share in shares(found)) == sum(line.lines for line in case.sums)
    keys = [(one.part, one.kind, one.marketplace, one.fulfilment, one.paid) for one in shares(found)]
    assert len(keys) == len(set(keys))


def share_can_be_paid(line: Sum, case: Case) -> bool:
    """What an invoice holds, written down once more."""
    category = RULES.decide(line.kind).category
    kind = line.kind.transaction_type.lower()
    if category.startswith("tax"):
        return kind in ("order", "refund") and line.marketplace == "Amazon.de"
    return (category.startswith(("sales", "promotions")) and kind == "order") or category == "refunds"


@settings(max_examples=40, deadline=None)
@given(cases())
def test_categories_and_parts_come_to_the_total(case: Case) -> None:
    found = shares(case.prepared())
    assert sum((share.amount for share in found), Decimal(0)) == case.header.total
    by_category = {category: [one.amount for one in found if one.category == category] for category in {one.category for one in found}}
    assert sum((sum(amounts, Decimal(0)) for amounts in by_category.values()), Decimal(0)) == case.header.total
    assert all(share.category == RULES.decide(share.kind).category for share in found)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_journals_balance_and_only_the_last_pays_out_the_total(case: Case) -> None:
    journals = case.prepared().journals
    assert all(journal.debit == journal.credit > 0 for journal in journals)
    assert all(
        (line.debit > 0) != (line.credit > 0) and min(line.debit, line.credit) == 0 for journal in journals for line in journal.lines
    )
    payouts = [(journal, line) for journal in journals for line in journal.lines if line.category == "clearing"]
    assert [line.debit - line.credit for _, line in payouts] == ([case.header.total] if case.header.total else [])
    assert all(journal is journals[-1] for journal, _ in payouts)


@settings(max_examples=40, deadline=None)
@given(cases())
def test_a_booking_is_what_its_lines_come_to(case: Case) -> None:
    for journal in case.prepared().journals:
        for line in journal.lines:
            if line.shares:
                assert line.credit - line.debit == sum((share.amount for share in line.shares), Decimal(0))
                assert {share.part for share in line.shares} == {journal.part.number}


@settings(max_examples=40, deadline=None)
@given(cases())
def test_nothing_remains_carried_forward(case: Case) -> None:
    carried = [line for journal in case.prepared().journals for line in journal.lines if line.category == "carried_forward"]
    assert sum((line.debit - line.credit for line in carried), Decimal(0)) == 0


@settings(max_examples=40, deadline=None)
@given(cases())
def test_payments_bring_marketplace_clearing_to_zero(case: Case) -> None:
    found = case.prepared()
    paid = sum((one.amount if one.type is PaymentType.RECEIPT else -one.amount for one in found.payments), Decimal(0))
    assert balances(*found.journals).get("1105", Decimal(0)) + paid == 0
    assert {one.order_id for one in found.payments} <= case.invoiced
    assert (
        len({one.external_id for one in found.payments}) == len({(one.order_id, one.type) for one in found.payments}) == len(found.payments)
    )
    assert all(one.amount >= 0 for one in found.payments)


@settings(max_examples=25, deadline=None)
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(case: Case, random: Any) -> None:
    mixed = list(case.sums)
    random.shuffle(mixed)
    assert case.prepared(sums=mixed) == case.prepared()


@settings(max_examples=25, deadline=None)
@given(cases())
def test_lines_added_up_beforehand_give_the_same_journals(case: Case) -> None:
    def key(line: Sum) -> tuple[Any, ...]:
        return line.kind, line.day, line.order_id, line.marketplace, line.fulfilment

    groups = [list(group) for _, group in groupby(sorted(case.sums, key=key), key=key)]
    added = [
        replace(group[0], amount=sum((one.amount for one in group), Decimal(0)), lines=sum(one.lines for one in group)) for group in groups
    ]
    assert case.prepared(sums=added) == case.prepared()


@settings(max_examples=25, deadline=None)
@given(cases(), st.sampled_from([1, -1]), st.integers(0, 99))
def test_one_cent_anywhere_is_refused(case: Case, cent: int, place: int) -> None:
    changed = list(case.sums) or [values.a_sum(values.PRINCIPAL, "0.00")]
    place %= len(changed)
    changed[place] = replace(changed[place], amount=changed[place].amount + Decimal(cent).scaleb(-2))
    with pytest.raises(NotPostableError, match="its total says"):
        case.prepared(sums=changed)


@settings(max_examples=25, deadline=None)
@given(cases())
def test_nothing_is_dated_in_a_closed_period(case: Case) -> None:
    found = case.prepared()
    is_open = {period.name: period.is_open for period in case.periods}
    days = [journal.part.entry_date for journal in found.journals] + [payment.day for payment in found.payments]
    assert all(is_open[f"{day:%Y-%m}"] for day in days)
