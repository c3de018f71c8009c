"""Control addresses that play the marketplace: place, change, cancel and ship orders, and read them for comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.channeladvisor.standin.orders import generate
from connectors.sandbox import CONTROL, Refusal, Request, Response, Sandbox, reply

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox


@CONTROL.on("GET", "/__sandbox__/orders")
def listing(box: Sandbox, request: Request) -> Response:
    """Every order with `Exported` and `SellerOrderID`."""
    return reply(_ours(box).orders())


@CONTROL.on("GET", "/__sandbox__/orders/{number}")
def one(box: Sandbox, request: Request) -> Response:
    """One order with its shipments, for a person who follows a link from the hub."""
    for order in _ours(box).orders():
        if str(order["ChannelAdvisorOrderID"]) == request.params["number"]:
            return reply({**order, "Shipments": _ours(box).shipments(order["ChannelAdvisorOrderID"])})
    raise Refusal(404, "not_found", "There is no such order.")


@CONTROL.on("POST", "/__sandbox__/orders")
def place(box: Sandbox, request: Request) -> Response:
    """`{"Orders": [...]}` places these; `{"Generate": {"Seed", "Count", "SKUs", "Bundles", "Failing", "Marks"}}` invents some.

    Answers the numbers, and for invented ones what is expected of each.
    """
    ours, body = _ours(box), request.json()
    if "Orders" in body:
        return reply({"Placed": ours.place_many(body["Orders"])}, 201)
    made = list(
        generate(now=ours.now(), first_id=ours.book.next_number("generated", 1) * 1_000_000 + 19_000_000, **_wish(body["Generate"]))
    )
    numbers = ours.place_many(one.order for one in made)
    return reply({"Placed": numbers, "Expected": [one.expected for one in made]}, 201)


@CONTROL.on("POST", "/__sandbox__/orders/{number}/change")
def change(box: Sandbox, request: Request) -> Response:
    """The fields in the body change, e.g. `{"ShippingAddress": {"AddressLine1": "1 New Road"}}`."""
    return reply(_ours(box).change(int(request.params["number"]), **request.json()))


@CONTROL.on("POST", "/__sandbox__/orders/{number}/cancel")
def cancel(box: Sandbox, request: Request) -> Response:
    """Cancels all, or `{"Items": [{"ItemID", "Quantity"}]}`."""
    entries = (request.json() if request.body else {}).get("Items")
    units = {one["ItemID"]: one["Quantity"] for one in entries} if entries else None
    return reply(_ours(box).cancel(int(request.params["number"]), units))


@CONTROL.on("POST", "/__sandbox__/orders/{number}/ship")
def ship(box: Sandbox, request: Request) -> Response:
    """Everything is shipped."""
    return reply(_ours(box).ship(int(request.params["number"])))


def _wish(asked: dict[str, Any]) -> dict[str, Any]:
    names = {"Seed": "seed", "Count": "count", "SKUs": "skus", "Bundles": "bundles", "Failing": "failing", "Marks": "marks"}
    given = {ours: asked[theirs] for theirs, ours in names.items() if theirs in asked}
    return {"seed": 1, "count": 1, **given, "failing": float(given.get("failing", 0.02))}


def _ours(box: Any) -> ChannelAdvisorSandbox:
    if not hasattr(box, "place_many"):
        raise Refusal(404, "not_found", "There is no such address.")
    found: ChannelAdvisorSandbox = box
    return found
