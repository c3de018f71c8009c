"""Control addresses that play the marketplace: place, change and read orders, and hide some from searches."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from connectors.amazon.standin import store
from connectors.amazon.standin.orders import generate
from connectors.sandbox import Refusal, Request, Response, Router, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

CONTROLS = Router()
WISHES = {
    "Seed": "seed", "Count": "count", "SKUs": "skus", "Failing": "failing", "Marks": "marks", "Weights": "weights", "Kinds": "kinds",
    "Days": "days",
}  # fmt: skip


@CONTROLS.on("GET", "/__sandbox__/orders")
def listing(box: AmazonSandbox, request: Request) -> Response:
    """Every order whole."""
    return reply(box.orders())


@CONTROLS.on("GET", "/__sandbox__/orders/{order_id}")
def one(box: AmazonSandbox, request: Request) -> Response:
    """One order whole, for a person who follows a link from the hub."""
    return reply(store.load(box, request.params["order_id"]))


@CONTROLS.on("POST", "/__sandbox__/orders")
def place(box: AmazonSandbox, request: Request) -> Response:
    """`{"Orders": [...]}` places these; `{"Generate": {"Seed", "Count", "SKUs", "Failing", "Kinds", …}}` invents some.

    "Backdated" keeps their times of change, "Lives" lets them go on by themselves. Answers the numbers, and of invented orders what is
    expected: `[{"order": number, "expected", "skipped", "kind"}]`.
    """
    body = request.json()
    how = {"backdated": bool(body.get("Backdated")), "lives": bool(body.get("Lives"))}
    if "Orders" in body:
        return reply({"Placed": box.place_many(body["Orders"], **how)}, 201)
    made = list(generate(now=box.now(), first=box.book.next_number("generated") * 1_000_000, **_wish(body["Generate"])))
    numbers = box.place_many((one.order for one in made), **how)
    return reply({"Placed": numbers, "Expected": [{**asdict(one), "order": one.order["orderId"]} for one in made]}, 201)


@CONTROLS.on("POST", "/__sandbox__/orders/{order_id}/{verb}")
def act(box: AmazonSandbox, request: Request) -> Response:
    """`cancel`, `request_cancel`, `pay`, `ship_fba`, `tip`, `readdress` (with the address's fields in the body) or `hide`."""
    key, verb = request.params["order_id"], request.params["verb"]
    plain = {name: getattr(box, name) for name in ("cancel", "request_cancel", "pay", "ship_fba", "tip", "hide")}
    if verb == "readdress":
        return reply(box.readdress(key, **request.json()))
    if verb not in plain:
        raise Refusal(404, "NotFound", f"{verb} is not known.")
    return reply(plain[verb](key))


def _wish(asked: dict[str, Any]) -> dict[str, Any]:
    return {"seed": 1, "count": 1, **{ours: asked[theirs] for theirs, ours in WISHES.items() if theirs in asked}}
