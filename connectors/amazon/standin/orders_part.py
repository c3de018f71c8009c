"""Orders as one area of the stand-in, and what tests and demonstrations may do with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from connectors.amazon.standin import orders_api, orders_control, shipping, store
from connectors.amazon.standin.order_totals import TIP
from connectors.amazon.standin.parts import Part, joined
from connectors.base import Payload
from connectors.sandbox import Sandbox

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

PART = Part(
    routes=joined([orders_api.ORDERS, shipping.SHIPPING]),
    controls=orders_control.CONTROLS,
    declare=lambda box: store.declare(box.book),
    advance=store.advance,
)


class OrderPlay(Sandbox):
    """What buyers and Amazon do to orders. Every change gets a later `lastUpdatedTime` and is announced as "ORDER_CHANGE" with the order,
    a buyer's wish to cancel with `buyerRequest` beside it. All raise Refusal 404 for an unknown order and 400 for what cannot be.
    """

    hidden_share = 0.0
    """So many of the orders placed from now on never show up in searchOrders, only by their number and in reports."""

    def place(self, order: Payload) -> str:
        """One order arrives; answers its number."""
        return self.place_many([order])[0]

    def place_many(self, orders: Iterable[Payload], *, backdated: bool = False, lives: bool = False) -> list[str]:
        """Orders arrive; answers their numbers. Raises Refusal 409 for a number that is known.

        Their time of change is now, so that a search sees them two minutes later; `backdated` keeps the time they have. Orders that
        `live` are paid and shipped by Amazon by themselves (`advance`).
        """
        return store.place(self._box, orders, backdated=backdated, lives=lives)

    def order(self, key: str) -> Payload:
        """An order whole, as Amazon keeps it."""
        return store.load(self._box, key)

    def orders(self) -> list[Payload]:
        """All orders whole, hidden ones too."""
        return list(self.book.rows(store.KIND))

    def cancel(self, key: str, *, by: str = "BUYER", reason: str = "Cancelled", items: Sequence[str] | None = None) -> Payload:
        """What is not shipped is cancelled, of all lines or of these `items`; `by` is BUYER, MERCHANT or AMAZON."""
        return store.cancel(self._box, key, by=by, reason=reason, items=items)

    def request_cancel(self, key: str, *, reason: str = "Changed mind") -> Payload:
        """The buyer asks to cancel."""
        return store.request_cancel(self._box, key, reason=reason)

    def pay(self, key: str) -> Payload:
        """A pending order is paid: PENDING -> UNSHIPPED."""
        return store.pay(self._box, key)

    def ship_fba(self, key: str) -> Payload:
        """Amazon ships what it fulfils: UNSHIPPED -> SHIPPED."""
        return store.ship_fba(self._box, key)

    def tip(self, key: str, amount: Decimal = TIP, status: str = "FINALIZED") -> Payload:
        """The tip changes or is settled."""
        return store.tip(self._box, key, amount=amount, status=status)

    def readdress(self, key: str, **fields: str) -> Payload:
        """The buyer corrects members of the delivery address."""
        return store.readdress(self._box, key, fields)

    def hide(self, key: str) -> Payload:
        """From now on no search shows this order."""
        self.book.put(store.HIDDEN, key, {"orderId": key})
        return self.order(key)

    @property
    def _box(self) -> AmazonSandbox:
        return cast("AmazonSandbox", self)
