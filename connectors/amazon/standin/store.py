"""The orders that the stand-in holds, and everything that may happen to one; each change is dated and announced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.amazon.standin.order_totals import TIP, add_tip, add_up, market_of
from connectors.amazon.standin.orders import cancel_lines, ship_all
from connectors.amazon.times import written
from connectors.base import Payload
from connectors.sandbox import Book, Refusal

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

KIND, CREATED, DUE, HIDDEN = "orders", "order_created", "order_due", "order_hidden"
CHANGE = "ORDER_CHANGE"
PAYS_AFTER, AMAZON_SHIPS_AFTER, ON_ITS_WAY_AFTER, DELIVERED_AFTER = 1800, 6 * 3600, 3600, 2 * 86400
"""Seconds of the life cycle at scale 1."""
MILLI = timedelta(milliseconds=1)


def declare(book: Book) -> None:
    """Orders by time of change and by time of purchase; what is due by its time."""
    book.order(KIND, lambda row: str(row["lastUpdatedTime"]))
    book.order(CREATED, lambda row: str(row["At"]))
    book.order(DUE, lambda row: str(row["At"]))


def place(box: AmazonSandbox, orders: Iterable[Payload], *, backdated: bool, lives: bool) -> list[str]:
    """Takes orders in; answers their numbers. See `AmazonSandbox.place_many`."""
    with box.book.transaction():
        return [_placed(box, order, backdated=backdated, lives=lives) for order in orders]


def _placed(box: AmazonSandbox, order: Payload, *, backdated: bool, lives: bool) -> str:
    key = str(order["orderId"])
    if box.book.has(KIND, key):
        raise Refusal(409, "Conflict", f"Order {key} exists already.")
    row = order if backdated else {**order, "lastUpdatedTime": written(box.now())}
    box.book.put(KIND, key, row)
    box.book.put(CREATED, key, {"At": row["createdTime"]})
    if box.random.random() < box.hidden_share:
        box.book.put(HIDDEN, key, {"orderId": key})
    if lives:
        _plan_life(box, row)
    box.announce(CHANGE, row)
    return key


def _plan_life(box: AmazonSandbox, order: Payload) -> None:
    status, by = order["fulfillment"]["fulfillmentStatus"], order["fulfillment"]["fulfilledBy"]
    if status == "PENDING":
        plan(box, order["orderId"], "pay", PAYS_AFTER)
    elif status == "UNSHIPPED" and by == "AMAZON":
        plan(box, order["orderId"], "ship", AMAZON_SHIPS_AFTER)


def load(box: AmazonSandbox, key: str) -> Payload:
    """An order whole. Raises Refusal 404."""
    row = box.book.get(KIND, key)
    if row is None:
        raise Refusal(404, "NotFound", "The requested order does not exist.")
    return row


def save(box: AmazonSandbox, order: Payload, *, tell: bool = True, asked: bool = False) -> Payload:
    """Writes a changed order with a later time than before; `tell` announces it, `asked` as the buyer's request to cancel."""
    last = datetime.fromisoformat(order["lastUpdatedTime"])
    order["lastUpdatedTime"] = written(max(box.now(), last + MILLI))
    box.book.put(KIND, order["orderId"], order)
    if tell:
        box.announce(CHANGE, {**order, "buyerRequest": True} if asked else order)
    return order


def settle_status(order: Payload) -> None:
    """The status that the quantities of the lines stand for."""
    ordered = sum(line["quantityOrdered"] for line in order["orderItems"])
    sent = sum(line["fulfillment"]["quantityFulfilled"] for line in order["orderItems"])
    if not ordered:
        order["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    elif order["fulfillment"]["fulfillmentStatus"] != "PENDING":
        order["fulfillment"]["fulfillmentStatus"] = "UNSHIPPED" if not sent else "PARTIALLY_SHIPPED" if sent < ordered else "SHIPPED"


def cancel(box: AmazonSandbox, key: str, *, by: str, reason: str, items: Sequence[str] | None) -> Payload:
    """Cancels what is not shipped of all lines, or of `items`. Raises Refusal 404, or 400 where nothing can be cancelled."""
    with box.book.transaction():
        order = load(box, key)
        lines = [line for line in order["orderItems"] if items is None or line["orderItemId"] in items]
        if items is not None and len(lines) < len(set(items)):
            raise Refusal(400, "InvalidInput", f"Order {key} has no such order item.")
        open_lines = [line for line in lines if line["fulfillment"]["quantityUnfulfilled"]]
        if not open_lines:
            raise Refusal(400, "InvalidInput", f"Order {key} is already {order['fulfillment']['fulfillmentStatus']}.")
        cancel_lines(order, open_lines, by=by, reason=reason)
        add_up(order, market_of(order))
        settle_status(order)
        return save(box, order)


def request_cancel(box: AmazonSandbox, key: str, *, reason: str) -> Payload:
    """The buyer asks to cancel; nothing else changes."""
    with box.book.transaction():
        order = load(box, key)
        for line in order["orderItems"]:
            line.setdefault("cancellation", {})["cancellationRequest"] = {"requester": "BUYER", "cancelReason": reason}
        return save(box, order, asked=True)


def pay(box: AmazonSandbox, key: str) -> Payload:
    """The payment of a pending order is cleared: amounts and address appear. Raises Refusal 400 for another one."""
    with box.book.transaction():
        order = load(box, key)
        _only(order, "PENDING")
        order["fulfillment"]["fulfillmentStatus"] = "UNSHIPPED"
        if box.book.has(DUE, f"{key} pay") and order["fulfillment"]["fulfilledBy"] == "AMAZON":
            plan(box, key, "ship", AMAZON_SHIPS_AFTER)
        return save(box, order)


def ship_fba(box: AmazonSandbox, key: str) -> Payload:
    """Amazon ships an order that it fulfils. Raises Refusal 400 for another one."""
    with box.book.transaction():
        order = load(box, key)
        _only(order, "UNSHIPPED")
        if order["fulfillment"]["fulfilledBy"] != "AMAZON":
            raise Refusal(400, "InvalidInput", f"Order {key} is shipped by the merchant.")
        ship_all(order)
        return save(box, order)


def tip(box: AmazonSandbox, key: str, *, amount: Decimal = TIP, status: str = "FINALIZED") -> Payload:
    """The tip of an order changes or is settled."""
    with box.book.transaction():
        order = load(box, key)
        add_tip(order, market_of(order), amount=amount, status=status)
        return save(box, order)


def readdress(box: AmazonSandbox, key: str, fields: dict[str, str]) -> Payload:
    """The buyer corrects the address of an order that Amazon does not ship itself."""
    with box.book.transaction():
        order = load(box, key)
        order["recipient"]["deliveryAddress"] |= fields
        return save(box, order)


def plan(box: AmazonSandbox, key: str, step: str, seconds: float, **about: str) -> None:
    """Something will happen to an order after so many seconds of the life cycle."""
    name = " ".join((key, step, *about.values()))
    box.book.put(DUE, name, {"At": written(box.now() + box.delay(seconds)), "Order": key, "Step": step, **about})


def advance(box: AmazonSandbox, now: datetime) -> None:
    """Everything that is due by now happens, in its order; what has become impossible is dropped."""
    until = written(now)
    while due := box.book.after(DUE, ("", ""), 1):
        ((at, name), row) = due[0]
        if at > until:
            return
        with suppress(Refusal):
            STEPS[row["Step"]](box, row)
        box.book.delete(DUE, name)


def _package(status: str) -> Callable[[AmazonSandbox, Payload], Payload]:
    def move(box: AmazonSandbox, row: Payload) -> Payload:
        order = load(box, row["Order"])
        for package in order["packages"]:
            if package["packageReferenceId"] == row["Package"]:
                package["packageStatus"] = {"status": status}
        return save(box, order, tell=False)

    return move


STEPS: dict[str, Callable[[AmazonSandbox, Payload], Payload]] = {
    "pay": lambda box, row: pay(box, row["Order"]),
    "ship": lambda box, row: ship_fba(box, row["Order"]),
    "on its way": _package("IN_TRANSIT"),
    "delivered": _package("DELIVERED"),
}


def _only(order: Payload, status: str) -> None:
    if order["fulfillment"]["fulfillmentStatus"] != status:
        raise Refusal(400, "InvalidInput", f"Order {order['orderId']} is {order['fulfillment']['fulfillmentStatus']}, not {status}.")
