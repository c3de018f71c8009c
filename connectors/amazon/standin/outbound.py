"""The stand-in's multi-channel fulfilment, version 2020-07-01 (Amazon SP-API reference, 11; model fulfillmentOutbound_2020-07-01)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.amazon.standin import outbound_checks, outbound_life
from connectors.amazon.standin.outbound_life import KIND, switches
from connectors.amazon.standin.parts import Operations, Part
from connectors.amazon.times import written
from connectors.sandbox import Refusal, Request, Response, Router, Row, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

OUTBOUND = Operations()
CONTROLS = Router()
PATH = "/fba/outbound/2020-07-01/fulfillmentOrders"
PAGE = 20
_HEAD = (
    "sellerFulfillmentOrderId", "marketplaceId", "displayableOrderId", "displayableOrderDate", "displayableOrderComment",
    "shippingSpeedCategory", "destinationAddress", "fulfillmentAction", "fulfillmentPolicy", "featureConstraints", "notificationEmails",
)  # fmt: skip
_ITEM = ("sellerSku", "sellerFulfillmentOrderItemId", "displayableComment", "giftMessage", "perUnitDeclaredValue")


@OUTBOUND.operation("createFulfillmentOrder", "POST", PATH)
def create(box: AmazonSandbox, request: Request) -> Response:
    """A new order; its number is unique for ever."""
    wish = outbound_checks.new_order(request.json(), request.principal.marketplaces)
    if box.book.has(KIND, wish["sellerFulfillmentOrderId"]):
        raise outbound_checks.invalid(f"Fulfillment order {wish['sellerFulfillmentOrderId']} already exists.")
    outbound_life.begin(box, wish, request.principal.marketplaces[0])
    return reply({})


@OUTBOUND.operation("listAllFulfillmentOrders", "GET", PATH)
def listed(box: AmazonSandbox, request: Request) -> Response:
    """Those whose status changed since a time, oldest first; a token stands alone."""
    token, since = request.arg("nextToken"), request.arg("queryStartDate")
    if token and since:
        raise outbound_checks.invalid("nextToken is used without other parameters.")
    start, _, after = token.partition("~") if token else (outbound_checks.moment(since, "queryStartDate") if since else "", "", "")
    rows = sorted((row["StatusAt"], row["ID"], row) for row in box.book.rows(KIND) if row["StatusAt"] >= start)
    behind = [one for one in rows if f"{one[0]} {one[1]}" > after]
    page = behind[:PAGE]
    more = {"nextToken": f"{start}~{page[-1][0]} {page[-1][1]}"} if len(behind) > PAGE else {}
    return reply({"payload": {"fulfillmentOrders": [_head(row) for _, _, row in page], **more}})


@OUTBOUND.operation("getFulfillmentOrder", "GET", f"{PATH}/{{order_id}}")
def one(box: AmazonSandbox, request: Request) -> Response:
    """One order with its lines, shipments and packages."""
    row = _found(box, request)
    lines = [{**{name: item[name] for name in _ITEM if name in item}, **_counts(item)} for item in row["Items"]]
    whole = {
        "fulfillmentOrder": _head(row), "fulfillmentOrderItems": lines, "fulfillmentShipments": row["Shipments"], "returnItems": [],
        "returnAuthorizations": [],
    }  # fmt: skip
    return reply({"payload": whole})


@OUTBOUND.operation("updateFulfillmentOrder", "PUT", f"{PATH}/{{order_id}}")
def update(box: AmazonSandbox, request: Request) -> Response:
    """Changes and releases, before planning; quantities only go down."""
    row = _found(box, request)
    wish = outbound_checks.changes(request.json())
    if row["Status"] not in ("New", "Received"):
        raise outbound_checks.invalid(f"Fulfillment order {row['ID']} can no longer be updated: its status is {row['Status']}.")
    outbound_life.change(box, row, wish)
    return reply({})


@OUTBOUND.operation("cancelFulfillmentOrder", "PUT", f"{PATH}/{{order_id}}/cancel")
def cancel(box: AmazonSandbox, request: Request) -> Response:
    """Takes the wish; whether it comes true is seen later."""
    row = _found(box, request)
    if row["Status"] not in ("New", "Received", "Planning"):
        raise outbound_checks.invalid(f"Fulfillment order {row['ID']} can no longer be cancelled: its status is {row['Status']}.")
    outbound_life.ask_to_cancel(box, row)
    return reply({})


@CONTROLS.on("POST", "/__sandbox__/outbound/switches")
def switch(box: AmazonSandbox, request: Request) -> Response:
    """`{"split": 0.5, "late": 1, "ignored_cancels": 0, "missing": ["SKU"]}`, any of them; see `outbound_life.switches`."""
    return reply(switches(box, **request.json()))


@CONTROLS.on("POST", "/__sandbox__/outbound/orders/{order_id}/call_off")
def call_off(box: AmazonSandbox, request: Request) -> Response:
    """Somebody cancels it in Seller Central: the whole order, or `{"Units": {"1": 2}}` of some lines before it is planned."""
    row = _found(box, request)
    outbound_life.call_off(box, row, (request.json() if request.body else {}).get("Units"))
    return reply({})


def _found(box: AmazonSandbox, request: Request) -> Row:
    row = box.book.get(KIND, request.params["order_id"])
    if row is None:
        raise Refusal(404, "NotFound", "Requested order not found.")
    return row


def _head(row: Row) -> dict[str, Any]:
    kept = {name: row["Wish"][name] for name in _HEAD if name in row["Wish"]}
    return {
        **kept, "receivedDate": row["Received"], "fulfillmentOrderStatus": row["Status"].upper() if row["Loud"] else row["Status"],
        "statusUpdatedDate": row["StatusAt"],
    }  # fmt: skip


def _counts(item: Row) -> Row:
    return {name: item[name] for name in ("quantity", "cancelledQuantity", "unfulfillableQuantity")}


def _declare(box: AmazonSandbox) -> None:
    box.book.order(KIND, lambda row: str(row["Next"]))


PART = Part(routes=OUTBOUND, controls=CONTROLS, declare=_declare, advance=lambda box, now: outbound_life.advance(box, written(now)))
