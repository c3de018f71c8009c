"""Expected against settled: per item where the lines say which, otherwise per order (settlement reference, 6.1 and 6.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from operator import add, sub

from reconciliation.core.matching.expected import ZERO, Expected, ExpectedItem
from reconciliation.core.matching.result import Component, Difference
from reconciliation.core.matching.settled import Amounts, Settled, added, has_sale
from reconciliation.core.matching.slots import REFUNDS, Slot
from reconciliation.core.matching.tax import knows_tax, settled_tax

Vector = tuple[Decimal, ...]
"""One amount per Component."""
COMPONENTS = tuple(Component)
TAX = COMPONENTS.index(Component.TAX)
PARTS = (
    (Slot.PRICE, Slot.PRICE_TAX),
    (Slot.SHIPPING, Slot.SHIPPING_TAX),
    (Slot.GIFTWRAP, Slot.GIFTWRAP_TAX),
    (Slot.PROMOTIONS, Slot.PROMOTIONS_TAX),
)
"""The first components: without and with tax."""

ORDER = ExpectedItem()
NET = (*(net for net, _ in PARTS), Slot.OTHER)


@dataclass(frozen=True)
class Group:
    """Items that are compared together: one, or all whose lines do not say to which of them they belong."""

    items: tuple[ExpectedItem, ...]
    expected: Vector
    settled: Vector
    amounts: Amounts
    price_lines: int

    @cached_property
    def over(self) -> Vector:
        """Settled less expected, by component. Tax that merely stands within another component is no difference."""
        found = list(self._over)
        for part in range(TAX):
            if found[TAX] and found[part] == -found[TAX]:
                found[part] = found[TAX] = ZERO
        return tuple(found)

    @cached_property
    def difference(self) -> Decimal:
        """Negative when too little was settled."""
        return sum(self._over, ZERO)

    @cached_property
    def is_clean(self) -> bool:
        """Nothing to say: equal in every component, or equal gross where principal holds the tax."""
        return not self.difference and (bool(self._over[TAX]) or not any(self._over))

    @cached_property
    def _over(self) -> Vector:
        return tuple(map(sub, self.settled, self.expected))


def groups_of(order: Expected, rows: Sequence[Settled]) -> list[Group]:
    """The order's items with what was settled for each. What names no item, on either side, is compared with all items together where
    those agree, otherwise with all that do not agree by themselves."""
    items = order.items or (ORDER,)
    places = _placed(items, rows)
    groups = [_group(order, (item,), places.get(number, ())) for number, item in enumerate(items)]
    stray, unnamed = places.get(None, ()), has_unnamed(items)
    if not stray and not unnamed:
        return groups
    rest = _group(order, (), stray)
    if unnamed and (whole := _pooled(order, groups, rest)).is_clean:
        return [whole]
    if not unnamed and not has_sale(rest.amounts):
        return groups
    clean = [group for group in groups if group.is_clean and not is_unnamed(group.items[0])]
    return [*clean, _pooled(order, [group for group in groups if group not in clean], rest)]


def is_unnamed(item: ExpectedItem) -> bool:
    """Whether this is money of the order as a whole, such as its shipping."""
    return not item.item_code and not item.sku


def has_unnamed(items: Sequence[ExpectedItem]) -> bool:
    """Whether an order has, beside its items, money of the order as a whole."""
    return len(items) > 1 and any(map(is_unnamed, items))


def _placed(items: Sequence[ExpectedItem], rows: Sequence[Settled]) -> dict[int | None, list[Settled]]:
    """Rows by the number of their item: by item code, then by a SKU that one item has; an order of one item takes all."""
    codes, skus = _unique([item.item_code for item in items]), _unique([item.sku for item in items])
    sole = 0 if len(items) == 1 else None
    found: dict[int | None, list[Settled]] = {}
    for row in rows:
        found.setdefault(codes.get(row.item_code, skus.get(row.sku, sole)), []).append(row)
    return found


def _unique(names: Sequence[str]) -> dict[str, int]:
    times = Counter(names)
    return {name: number for number, name in enumerate(names) if name and times[name] == 1}


def _group(order: Expected, items: tuple[ExpectedItem, ...], rows: Sequence[Settled]) -> Group:
    amounts = added(rows)
    expected = _expected(items[0], gross=order.gross) if items else (ZERO,) * len(COMPONENTS)
    return Group(items, expected, _settled(order, amounts), amounts, sum(row.price_lines for row in rows))


def _pooled(order: Expected, groups: Sequence[Group], rest: Group) -> Group:
    items, expected, amounts, lines = list(rest.items), rest.expected, rest.amounts, rest.price_lines
    for group in groups:
        items += group.items
        expected = tuple(map(add, expected, group.expected))
        amounts = tuple(map(add, amounts, group.amounts))
        lines += group.price_lines
    return Group(tuple(items), expected, _settled(order, amounts), amounts, lines)


def _expected(item: ExpectedItem, *, gross: bool) -> Vector:
    return item.price, item.shipping, item.giftwrap, -item.promotions, ZERO if gross else item.tax, ZERO


def _settled(order: Expected, amounts: Amounts) -> Vector:
    if order.gross:
        return (*(amounts[net] + amounts[tax] for net, tax in PARTS), ZERO, amounts[Slot.OTHER])
    return (*(amounts[net] for net, _ in PARTS), settled_tax(amounts, known=knows_tax(order)), amounts[Slot.OTHER])


def differences(groups: Sequence[Group]) -> tuple[Difference, ...]:
    """Every component that differs. An item is named where the order has several and the lines say which it is."""
    return tuple(
        Difference(component=component, expected=expected, settled=expected + over, item_code=item.item_code, sku=item.sku)
        for group in groups
        if not group.is_clean
        for item in [group.items[0] if len(group.items) == 1 < len(groups) else ORDER]
        for component, expected, over in zip(COMPONENTS, group.expected, group.over, strict=True)
        if over
    )


def occurs_again(group: Group) -> bool:
    """Whether the excess is a complete line group once more: the whole item, or one of the equal shares of its quantity."""
    over, quantity = group.over, group.items[0].quantity if len(group.items) == 1 else 1
    if group.price_lines < 2 or group.expected[0] <= 0 or over[0] <= 0 or group.settled[0] != group.expected[0] + over[0]:
        return False
    shares = over[0] * quantity / group.expected[0]
    return shares == shares.to_integral_value() and all(
        more * quantity == shares * once for more, once in zip(over, group.expected, strict=True)
    )


def is_incomplete(group: Group) -> bool:
    """Whether an item, or some pieces of it, was not settled at all; what was settled with another price is complete."""
    price, settled = group.expected[0], group.settled[0]
    if price <= 0 or settled >= price:
        return False
    if not settled or len(group.items) != 1:
        return True
    quantity = group.items[0].quantity
    pieces = (settled * quantity / price).to_integral_value()
    return quantity > 1 and 0 < pieces < quantity and abs(settled * quantity - price * pieces) <= Decimal("0.01") * quantity


def refund_exceeds_sale(amounts: Iterable[Amounts]) -> bool:
    """Whether more was refunded for an item, or for the order as a whole, than its sale brought, both without tax."""
    refunds = ((sum([one[slot] for slot in REFUNDS], ZERO), one) for one in amounts)
    return any(back < 0 and -back > sum([one[slot] for slot in NET], ZERO) for back, one in refunds)
