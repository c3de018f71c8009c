"""Invoice model: what the settlement pays for every invoiced order, as payments on its invoice and against its credit memo."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from reconciliation.core.journal.names import payment_name
from reconciliation.core.journal.shares import Sorter
from reconciliation.core.journal.values import ZERO, OrderPayment, PaymentType
from reconciliation.core.lines import Header, Kind, Sum, normalised
from reconciliation.core.periods import Part


def payments_of(
    header: Header, sums: Iterable[Sum], parts: Sequence[Part], sorter: Sorter, *, account: str, revision: int
) -> list[OrderPayment]:
    """At most one receipt and one refund per order, dated like the journal that holds the latest of its lines.

    A sale that nets to less than zero is a refund, a refund that nets to more a receipt.
    """
    orders: dict[str, list[Sum]] = {}
    for line in sums:
        if sorter.is_paid(line):
            orders.setdefault(line.order_id, []).append(line)
    return [
        _payment(header, order_id, kind, lines, parts, account=account, revision=revision)
        for order_id, found in sorted(orders.items())
        for kind, lines in _sides(found)
    ]


def _sides(lines: Sequence[Sum]) -> list[tuple[PaymentType, list[Sum]]]:
    """The lines of the sale and those of the refund, by what they come to."""
    sides: dict[PaymentType, list[Sum]] = {}
    for is_refund in (False, True):
        of_one = [line for line in lines if (normalised(line.kind.transaction_type) == "refund") is is_refund]
        if of_one:
            total = _total(of_one)
            is_back = total < 0 or (total == 0 and is_refund)
            sides.setdefault(PaymentType.REFUND if is_back else PaymentType.RECEIPT, []).extend(of_one)
    return sorted(sides.items())


def _payment(
    header: Header, order_id: str, kind: PaymentType, lines: Sequence[Sum], parts: Sequence[Part], *, account: str, revision: int
) -> OrderPayment:
    latest = max(line.day for line in lines)
    kinds: dict[Kind, Decimal] = {}
    for line in lines:
        kinds[line.kind] = kinds.get(line.kind, ZERO) + line.amount
    return OrderPayment(
        external_id=payment_name(header.settlement_id, order_id, kind=kind, revision=revision),
        settlement_id=header.settlement_id,
        order_id=order_id,
        type=kind,
        amount=abs(_total(lines)),
        currency=header.currency,
        day=next(part.entry_date for part in parts if latest <= part.last_day),
        account=account,
        kinds=tuple(sorted(kinds.items())),
    )


def _total(lines: Iterable[Sum]) -> Decimal:
    return sum((line.amount for line in lines), ZERO)
