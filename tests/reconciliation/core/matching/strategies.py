"""Random orders with what settlements hold for them, right or with something wrong."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from reconciliation.core.lines import Kind, Sum
from reconciliation.core.matching.expected import Expected, ExpectedItem

PARTS = {
    "price": ("Order", "ItemPrice", "Principal"),
    "shipping": ("Order", "ItemPrice", "Shipping"),
    "giftwrap": ("Order", "ItemPrice", "GiftWrap"),
    "promotions": ("Order", "Promotion", "Principal"),
    "tax": ("Order", "ItemPrice", "Tax"),
}
OTHER_KINDS = (
    *PARTS.values(),
    ("Order", "ItemPrice", "ShippingTax"), ("Order", "Promotion", "TaxDiscount"), ("Order", "ItemPrice", "Crating"),
    ("Order", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal"), ("Order", "ItemFees", "Commission"),
    ("Refund", "ItemPrice", "Principal"), ("Refund", "ItemFees", "Commission"), ("Refund", "ItemPrice", "Tax"),
    ("Refund", "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal"), ("Chargeback Refund", "ItemPrice", "Principal"),
    ("other-transaction", "other-transaction", "Storage Fee"),
)  # fmt: skip
SHIPPING = ExpectedItem(shipping=Decimal("7.00"))
cents = st.integers(0, 5000).map(lambda units: Decimal(units) / 100)
days = st.dates(date(2026, 11, 1), date(2026, 11, 15))


@st.composite
def items(draw: st.DrawFn, number: int) -> ExpectedItem:
    """An item; its SKU may be another item's."""
    return ExpectedItem(
        item_code=draw(st.sampled_from((f"C{number}", f"C{number}", "")) if number else st.just("C0")),
        sku=draw(st.sampled_from((f"S{number}", "S0", ""))),
        price=draw(cents),
        shipping=draw(st.sampled_from((Decimal(0), Decimal(5)))),
        promotions=draw(st.sampled_from((Decimal(0), Decimal("1.50")))),
        tax=draw(st.sampled_from((Decimal(0), Decimal(0), Decimal("1.60")))),
        quantity=draw(st.integers(1, 3)),
    )


@st.composite
def orders(draw: st.DrawFn, number: int) -> Expected:
    """An order, some with shipping of the order as a whole; rarely with another currency, the number of another, or of another channel."""
    return Expected(
        key=f"K{number}",
        order_id=draw(st.sampled_from((f"1-{number}",) * 4 + ("1-0",))),
        merchant_order_id=draw(st.sampled_from((f"W{number}", f"W{number}", "", "W0", "1-1"))),
        items=(*(draw(items(one)) for one in range(draw(st.integers(1, 3)))), *draw(st.sampled_from(((), (), (SHIPPING,))))),
        currency=draw(st.sampled_from(("USD",) * 5 + ("CAD", ""))),
        shipped_on=draw(st.sampled_from((date(2026, 11, 1), date(2026, 8, 1), None))),
        gross=draw(st.booleans()),
        multi_channel=draw(st.sampled_from((False,) * 5 + (True,))),
        returned=draw(st.sampled_from((None, None, True, False))),
    )


def settled_right(order: Expected, day: date = date(2026, 11, 15)) -> list[Sum]:
    """The lines of an order that is settled as expected."""
    first = order.items[0]
    base = {"order_id": order.order_id, "merchant_order_id": order.merchant_order_id, "marketplace": "Amazon.com", "day": day}
    return [
        Sum(kind=Kind(*kind), amount=amount, item_code=item.item_code or first.item_code, sku=item.sku or first.sku, **base)
        for item in order.items
        for part, kind in PARTS.items()
        if (amount := -item.promotions if part == "promotions" else getattr(item, part)) and not (part == "tax" and order.gross)
    ]


@st.composite
def lines(draw: st.DrawFn, count: int) -> Sum:
    """Any line, for one of the orders or none."""
    number = draw(st.integers(0, count))
    return Sum(
        kind=Kind(*draw(st.sampled_from(OTHER_KINDS))),
        day=draw(days),
        amount=draw(st.sampled_from((Decimal("1.60"), Decimal("-1.60"), Decimal("0.01"), Decimal(20), Decimal("-20")))),
        lines=draw(st.integers(1, 2)),
        order_id=draw(st.sampled_from((f"1-{number}",) * 4 + ("", "S01-1"))),
        merchant_order_id=draw(st.sampled_from(("", f"W{number}", f"1-{number}"))),
        item_code=draw(st.sampled_from(("", "C0", "C1", "C9"))),
        sku=draw(st.sampled_from(("", "S0", "S1", "S9"))),
        marketplace=draw(st.sampled_from(("Amazon.com",) * 4 + ("", "Non-Amazon US"))),
    )


@st.composite
def settlements(draw: st.DrawFn) -> tuple[list[Expected], list[Sum]]:
    """A few orders, with lines that settle some of them right, twice or in part, and others that do not."""
    count = draw(st.integers(0, 4))
    known = [draw(orders(number)) for number in range(count)]
    found: list[Sum] = []
    for order in known:
        for again in range(draw(st.sampled_from((0, 1, 1, 1, 1, 2)))):
            right = settled_right(order, date(2026, 11, 15) - timedelta(days=again))
            found += right[draw(st.sampled_from((0, 0, 0, 0, 1))) :]
    found += draw(st.lists(lines(count), max_size=6))
    return known, draw(st.permutations(found))


def cent_more(sums: list[Sum], number: int, **more: Any) -> list[Sum]:
    """The same lines with one of them a cent higher."""
    changed = sums[number]
    return [*sums[:number], _with(changed, amount=changed.amount + Decimal("0.01"), **more), *sums[number + 1 :]]


def _with(one: Sum, **more: Any) -> Sum:
    return Sum(**{name: getattr(one, name) for name in Sum.__slots__} | more)
