"""A match in an accountant's words: what differs, where, and what to do."""

from __future__ import annotations

from decimal import Decimal

from mappings.core.money import minor_units, plain, rounded
from reconciliation.core.matching.result import Component, Difference, Flag, Match, Result

LABELS = {
    Component.PRICE: "Price",
    Component.SHIPPING: "Shipping",
    Component.GIFTWRAP: "Gift wrap",
    Component.PROMOTIONS: "Promotions",
    Component.TAX: "Tax",
    Component.OTHER: "Other charges",
}
ADVICE = {
    Result.SHORT_PAID: "Open a case at Amazon or accept the difference with a reason.",
    Result.OVER_PAID: "Check the order for a change after it was delivered, then accept the difference with a reason.",
    Result.DUPLICATE_PAYMENT: "Amazon may take it back in a later settlement: wait for it, or accept the difference with a reason.",
    Result.PARTLY_SETTLED: "Nothing to do yet: the rest should come with a later settlement.",
    Result.CURRENCY_MISMATCH: "Check the order's currency in the hub; the amounts were not compared.",
    Result.UNMATCHED_ORDER: "Fetch the order. If its channel does not know it either, its money is posted to the account set for that.",
    Result.NOT_SETTLED: "Look the order up in Seller Central and open a case at Amazon if it was shipped and not refunded.",
}
NOTES = {
    Flag.REFUND_WITHOUT_RETURN: "It was refunded, and no goods came back. Check whether Amazon owes a reimbursement.",
    Flag.RETURN_WITHOUT_REFUND: "Goods came back, and nothing was refunded. Check the return.",
    Flag.REFUND_EXCEEDS_SALE: "More was refunded than its sale brought. Check the refund, it may hold goodwill.",
    Flag.COMMISSION_NOT_RETURNED: "It was refunded, and Amazon did not give the commission back. Claim it at Amazon.",
    Flag.SHIFTED: "Its parts differ and make up for each other. Nothing is missing in sum.",
    Flag.SEVERAL_ORDERS: "Several orders of the hub carry this number. Assign the right one.",
    Flag.PAID_FOR_OTHER_CHANNEL: "Amazon paid for an order of another channel. That is no revenue from Amazon; check it there.",
}


def money(amount: Decimal, currency: str) -> str:
    """An amount with the decimal places of its currency: `5.00`, in JPY `5`."""
    return plain(rounded(amount, minor_units(currency)))


def advice(match: Match) -> str:
    """What to do about an order; "" when there is nothing to do."""
    return ADVICE.get(match.result, "")


def sentences(match: Match) -> list[str]:
    """The result, each part that differs and each note, one sentence or two each. Empty for an order that simply matches."""
    return [*_result(match), *(_difference(match, one) for one in match.differences), *(_note(match, flag) for flag in match.flags)]


def explained(match: Match) -> str:
    """All of it in one paragraph, with what to do: `Shipping of order 112-1: expected 5.00, settled 4.00: 1.00 short. Open a case at
    Amazon or accept the difference with a reason.`"""
    notes = [_note(match, flag) for flag in match.flags]
    return " ".join(filter(None, (*_result(match), *(_difference(match, one) for one in match.differences), advice(match), *notes)))


def _result(match: Match) -> list[str]:
    order, currency = f"Order {match.order_id}", match.currency
    expected = money(match.expected or Decimal(0), currency)
    return {
        Result.DUPLICATE_PAYMENT: [f"{order} was settled again: expected {expected}, settled {money(match.settled, currency)}."],
        Result.PARTLY_SETTLED: [f"{order} is settled in part: {money(match.settled, currency)} of {expected}."],
        Result.CURRENCY_MISMATCH: [f"{order} is in another currency than its settlement ({currency})."],
        Result.UNMATCHED_ORDER: [f"{order} is not in the hub; the settlement holds {money(match.settled, currency)} {currency} for it."],
        Result.MULTI_CHANNEL: [f"{order} was shipped by Amazon for another channel: {match.merchant_order_id or match.key}."],
        Result.NOT_SETTLED: [f"{order} of {expected} {currency} was shipped, and no settlement holds it."],
        Result.AWAITED: [f"{order} of {expected} {currency} is not settled yet."],
    }.get(match.result, [])


def _difference(match: Match, one: Difference) -> str:
    within = f"{one.sku or one.item_code} in order" if one.sku or one.item_code else "order"
    amount, expected, settled = (money(value, match.currency) for value in (abs(one.amount), one.expected, one.settled))
    side = "short" if one.amount < 0 else "too much"
    return f"{LABELS[one.component]} of {within} {match.order_id}: expected {expected}, settled {settled}: {amount} {side}."


def _note(match: Match, flag: Flag) -> str:
    if flag is Flag.TAX_NOT_ZERO:
        left = f"{money(match.tax_left, match.currency)} {match.currency}"
        return f"Tax that the marketplace collected and withheld leaves {left}. Check whether the rest comes in another settlement."
    return f"Order {match.order_id}: {NOTES[flag]}"
