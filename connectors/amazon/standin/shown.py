"""What a caller sees of an order: the blocks that were asked for, and personal data only where Amazon gives it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from connectors.amazon.times import written
from connectors.base import Payload
from connectors.sandbox import Refusal

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

ORDER_BLOCKS = {
    "buyer": "BUYER", "recipient": "RECIPIENT", "proceeds": "PROCEEDS", "payment": "PAYMENT", "tax": "TAX", "fulfillment": "FULFILLMENT",
    "packages": "PACKAGES", "fulfillmentOrders": "FULFILLMENT_ORDERS",
}  # fmt: skip
ITEM_BLOCKS = {
    "proceeds": "PROCEEDS", "expense": "EXPENSE", "promotion": "PROMOTION", "cancellation": "CANCELLATION", "fulfillment": "FULFILLMENT",
    "tax": "TAX",
}  # fmt: skip
INCLUDED = frozenset({*ORDER_BLOCKS.values(), *ITEM_BLOCKS.values()})
PERSONAL = frozenset({"BUYER", "RECIPIENT"})
WITH_MAIL = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED", "SHIPPED"})


def shown(box: AmazonSandbox, order: Payload, included: Collection[str]) -> Payload:
    """The order with the blocks of `included` and what always comes."""
    wanted = set(included)
    if box.personal_data != "given":
        wanted -= PERSONAL
    status, by = order["fulfillment"]["fulfillmentStatus"], order["fulfillment"]["fulfilledBy"]
    if status == "PENDING":
        wanted -= PERSONAL | {"PROCEEDS", "PAYMENT", "PROMOTION"}
    if by == "AMAZON":
        wanted.discard("PACKAGES")
    found = {name: value for name, value in order.items() if ORDER_BLOCKS.get(name) in wanted or name not in ORDER_BLOCKS}
    found["orderItems"] = [_item(line, wanted) for line in order["orderItems"]]
    if "buyer" in found and (by == "AMAZON" or status not in WITH_MAIL):
        found["buyer"] = _without(found["buyer"], "buyerEmail")
    if "recipient" in found and _phone_is_kept(box, order):
        recipient = found["recipient"]
        found["recipient"] = {**recipient, "deliveryAddress": _without(recipient["deliveryAddress"], "phone")}
    return found


def may_ask(box: AmazonSandbox, included: Collection[str]) -> None:
    """Raises Refusal 403 where personal data is asked for that the application has no role for."""
    if box.personal_data == "refused" and PERSONAL & set(included):
        raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")


def _item(line: Payload, wanted: set[str]) -> Payload:
    found = {name: value for name, value in line.items() if ITEM_BLOCKS.get(name) in wanted or name not in ITEM_BLOCKS}
    if "PROCEEDS" not in wanted:
        found["product"] = _without(line["product"], "price")
    if "fulfillment" in found and "packing" in found["fulfillment"] and "RECIPIENT" not in wanted:
        gift = _without(found["fulfillment"]["packing"].get("giftOption", {}), "giftMessage")
        found["fulfillment"] = {**found["fulfillment"], "packing": {"giftOption": gift}}
    return found


def _phone_is_kept(box: AmazonSandbox, order: Payload) -> bool:
    """Withheld for Amazon's shipments, and for shipped orders once they should be delivered (Amazon SP-API reference, 3.5)."""
    fulfillment = order["fulfillment"]
    late = str(fulfillment.get("deliverByWindow", {}).get("latestDateTime", "9"))
    return fulfillment["fulfilledBy"] == "AMAZON" or (fulfillment["fulfillmentStatus"] == "SHIPPED" and late < written(box.now()))


def _without(group: Payload, name: str) -> Payload:
    return {key: value for key, value in group.items() if key != name}
