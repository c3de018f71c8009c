"""Invoice model: what the settlement pays for every invoiced order, as payments on its invoice and against its credit memo."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from reconciliation.core.journal.gathered import Gathered, Side
from reconciliation.core.journal.names import payment_name
from reconciliation.core.journal.values import OrderPayment, PaymentType
from reconciliation.core.lines import Header
from reconciliation.core.periods import Part


def payments_of(header: Header, found: Gathered, parts: Sequence[Part], *, account: str, revision: int) -> list[OrderPayment]:
    """At most one receipt and one refund per order, dated like the journal that holds the latest of its lines.

    A sale that nets to less than zero is a refund, a refund that nets to more a receipt.
    """
    return [
        OrderPayment(
            external_id=payment_name(header.settlement_id, order_id, kind=kind, revision=revision), settlement_id=header.settlement_id,
            order_id=order_id, type=kind, amount=abs(side.amount), currency=header.currency, day=_dated(side.day, parts), account=account,
        )
        for order_id in sorted({*found.sales, *found.refunds})
        for kind, side in _sides(found.sales.get(order_id), found.refunds.get(order_id))
    ]  # fmt: skip


def _sides(sale: Side | None, refund: Side | None) -> list[tuple[PaymentType, Side]]:
    sides: dict[PaymentType, Side] = {}
    if sale:
        sides[PaymentType.REFUND if sale.amount < 0 else PaymentType.RECEIPT] = sale
    if refund:
        kind = PaymentType.RECEIPT if refund.amount > 0 else PaymentType.REFUND
        before = sides.get(kind)
        sides[kind] = Side(before.amount + refund.amount, max(before.day, refund.day)) if before else refund
    return sorted(sides.items())


def _dated(day: date, parts: Sequence[Part]) -> date:
    return next(part.entry_date for part in parts if day <= part.last_day)
