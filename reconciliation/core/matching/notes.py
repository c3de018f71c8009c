"""What a person should know about an order beside its result: refunds, returns, commissions, tax (settlement reference, 6.2 and 4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from reconciliation.core.matching.compare import Group, refund_exceeds_sale
from reconciliation.core.matching.expected import ZERO, Expected
from reconciliation.core.matching.result import Difference, Flag, Match
from reconciliation.core.matching.settled import Amounts, has_sale
from reconciliation.core.matching.slots import Slot


def flags_of(
    match: Match,
    order: Expected | None,
    amounts: Amounts,
    *,
    groups: Sequence[Group] = (),
    differences: Sequence[Difference] = (),
    over: Decimal = ZERO,
    several: bool = False,
    of_other_channel: bool = False,
) -> tuple[Flag, ...]:
    """The flags of a match, in the order of Flag. Refunds are held against the sale only where `groups` were compared."""
    found = set(_of_refunds(order, amounts))
    if several:
        found.add(Flag.SEVERAL_ORDERS)
    if of_other_channel and has_sale(amounts):
        found.add(Flag.PAID_FOR_OTHER_CHANNEL)
    if match.tax_left:
        found.add(Flag.TAX_NOT_ZERO)
    if groups and refund_exceeds_sale((amounts, *(group.amounts for group in groups))):
        found.add(Flag.REFUND_EXCEEDS_SALE)
    if len(differences) > 1 and sum(abs(one.amount) for one in differences) > abs(over):
        found.add(Flag.SHIFTED)
    return tuple(flag for flag in Flag if flag in found) if found else ()


def _of_refunds(order: Expected | None, amounts: Amounts) -> Iterator[Flag]:
    """A chargeback or a claim brings no goods back, and a refund of postage alone neither goods nor commission."""
    if amounts[Slot.REFUND_PRINCIPAL]:
        if order and order.returned is False:
            yield Flag.REFUND_WITHOUT_RETURN
        if not amounts[Slot.COMMISSION_BACK]:
            yield Flag.COMMISSION_NOT_RETURNED
    elif order and order.returned and not amounts[Slot.CHARGEBACK]:
        yield Flag.RETURN_WITHOUT_REFUND
