"""How an order of a settlement is found among the orders of the hub (settlement reference, 6.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from reconciliation.core.matching.expected import Expected
from reconciliation.core.matching.settled import Settled


class Orders:
    """Orders of the hub by their numbers: order id first, then merchant order id. A number that two of them carry finds none."""

    def __init__(self, orders: Iterable[Expected]) -> None:
        known = tuple(orders)
        ids = Counter(order.order_id for order in known if order.order_id)
        merchants = Counter(order.merchant_order_id for order in known if order.merchant_order_id)
        self._unclear = {number for counted in (ids, merchants) for number, times in counted.items() if times > 1}
        self._by_id = {order.order_id: order for order in known if ids[order.order_id] == 1}
        self._by_merchant = {order.merchant_order_id: order for order in known if merchants[order.merchant_order_id] == 1}

    def find(self, order_id: str, merchant_order_id: str) -> Expected | None:
        """A multi-channel order carries the other channel's order id as its merchant order id."""
        by_id, by_merchant = self._by_id.get, self._by_merchant.get
        return by_id(order_id) or by_merchant(merchant_order_id) or by_id(merchant_order_id)

    def owner(self, rows: Sequence[Settled]) -> Expected | None:
        """The one order that all rows of a number lead to; None when they lead to none, or to several."""
        found = {order.key: order for row in rows if (order := self.find(row.order_id, row.merchant_order_id))}
        return next(iter(found.values())) if len(found) == 1 else None

    def is_unclear(self, rows: Sequence[Settled]) -> bool:
        """Whether rows that lead to no order have numbers that several orders carry, or lead to several."""
        numbers = {number for row in rows for number in (row.order_id, row.merchant_order_id)}
        return bool(numbers & self._unclear) or any(self.find(row.order_id, row.merchant_order_id) for row in rows)
