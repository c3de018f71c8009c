"""Sales orders of the stand-in: create, read, change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, reply
from connectors.tims.standin import documents, invoicing, totals
from connectors.tims.standin.checks import Flaw, address_flaws, code_flaws, customer_flaws, flaw, refuse, shape
from connectors.tims.standin.events import announce
from connectors.tims.standin.kits import kit_flaws, parents
from connectors.tims.standin.stock import allocate
from connectors.tims.standin.totals import dec

ORDERS = Router()
KIND = "sales_orders"
PATCHABLE = ("ShippingAddress", "ShippingMethod", "Notes", "RequestedShipDate", "PaymentStatus", "Hold")
CODES = {"ShippingMethod": "shipping_methods", "CarrierID": "carriers", "FulfillmentLocationCode": "locations"}
AT_FIRST = ("Draft", "Open", "OnHold")
SHIPPED_AT_FIRST = (*AT_FIRST, "Fulfilled", "Completed")
UNITS = ("QuantityAllocated", "QuantityShipped", "QuantityCancelled", "QuantityInvoiced", "QuantityReturned", "QuantityBackordered")


def declare(box: Sandbox) -> None:
    """The indexes and the order of sales orders."""
    box.book.order(KIND, lambda row: str(row["UpdatedAt"]))
    box.book.index(KIND, "external", lambda row: [f"{row['SourceSystem']}\x1f{row['ExternalOrderID']}"])
    box.book.index(KIND, "status", lambda row: [str(row["OrderStatus"])])
    box.book.index(KIND, "market", lambda row: [_market(row)] if _market(row) else [])


def _market(row: Row) -> str:
    return f"{row.get('MarketplaceName') or ''}\x1f{row['MarketplaceOrderID']}" if row.get("MarketplaceOrderID") else ""


@ORDERS.on("GET", "/api/v1/sales_orders")
def listed(box: Sandbox, request: Request) -> Response:
    """Delta list; a question for one external id is answered from the index."""
    system, external = request.arg("source_system"), request.arg("external_order_id")
    if system and external:
        rows = [documents.public(box.book.get(KIND, key) or {}) for key in box.book.find(KIND, "external", f"{system}\x1f{external}")]
        return reply({"Data": rows, "Paging": {"Limit": 50, "HasMore": False, "NextCursor": None}, "ServerTime": box.stamp()})
    return documents.listing(box, request, KIND, _filter)


_PLAIN = (
    ("external_order_id", "ExternalOrderID"), ("marketplace_order_id", "MarketplaceOrderID"), ("source_system", "SourceSystem"),
    ("customer_id", "CustomerID"), ("status", "OrderStatus"),
)  # fmt: skip


def _filter(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    wanted = [(member, query[name][-1]) for name, member in _PLAIN if name in query]
    return lambda row: all(row.get(member) == value for member, value in wanted)


@ORDERS.on("GET", "/api/v1/sales_orders/{order_id}")
def read(box: Sandbox, request: Request) -> Response:
    """One sales order."""
    return documents.shown(request, documents.load(box, KIND, request.params["order_id"], "Sales order"))


@ORDERS.on("POST", "/api/v1/sales_orders")
def create(box: Sandbox, request: Request) -> Response:
    """Creates a sales order."""
    row = add(box, request, request.json())
    return documents.shown(request, row, 201, {"Location": f"/api/v1/sales_orders/{row['SalesOrderID']}"})


@ORDERS.on("POST", "/api/v1/sales_orders/validate")
def validate(box: Sandbox, request: Request) -> Response:
    """All checks, nothing stored."""
    return reply({"Valid": True, **documents.public(_checked(box, request, request.json()))})


def add(box: Sandbox, request: Request, body: Any) -> Row:
    """Checks and stores a new sales order. Raises Refusal 422, 409."""
    row = _checked(box, request, body)
    number = f"SO-{box.book.next_number('sales_orders', 1000001)}"
    row = {"SalesOrderID": number, **row}
    if row["FulfilledBy"] == "Seller" and row["OrderStatus"] != "Draft":
        reserve(box, row)
    documents.save(box, KIND, number, row, changed=[])
    tell(box, "sales_order.created", row)
    if row["OrderStatus"] in ("Fulfilled", "Completed"):
        invoicing.invoice_shipped(box, row, row["OrderDate"])
        row = documents.load(box, KIND, number, "Sales order")
    return row


def reserve(box: Sandbox, row: Row) -> None:
    """Reserves what the lines need; a kit that is there with its components needs nothing itself."""
    kits = parents(row)
    for line in row["LineItems"]:
        if line["LineNumber"] not in kits:
            allocate(box, line, line.get("LocationCode") or row.get("FulfillmentLocationCode"))


def tell(box: Sandbox, event: str, row: Row) -> None:
    """Queues an event of a sales order."""
    about = {"SalesOrderID": row["SalesOrderID"], "ExternalOrderID": row["ExternalOrderID"], "OrderStatus": row["OrderStatus"]}
    announce(box, event, ("sales_order", row["SalesOrderID"], f"sales_orders/{row['SalesOrderID']}"), row["Version"], about)


def _checked(box: Sandbox, request: Request, body: Any) -> Row:
    row, flaws = shape(request, body, "sales_order")
    flaws += [flaw(name, "required", "A value is required.") for name in ("SourceSystem", "ExternalOrderID") if not row.get(name)]
    if flaws:
        refuse("sales order", flaws)
    defaults = {"OrderStatus": "Open", "FulfilledBy": "Seller", "PricesIncludeTax": False, "TaxCollectedBy": "Seller"}
    row.update({name: value for name, value in defaults.items() if row.get(name) is None})
    _twice(box, row)
    allowed = SHIPPED_AT_FIRST if row["FulfilledBy"] == "External" else AT_FIRST
    if row["OrderStatus"] not in allowed:
        raise Refusal(409, "state_conflict", f"A new order cannot be {row['OrderStatus']}.", AllowedTransitions=list(allowed))
    for at, line in enumerate(row["LineItems"]):
        line.update({"LineNumber": line.get("LineNumber") or at + 1, **dict.fromkeys(UNITS, 0), "LineStatus": "Open"})
    refuse("sales order", _flaws(box, row) + _line_flaws(box, row) + kit_flaws(row) + totals.fill(row))
    row["Status"] = row["OrderStatus"]
    return row


def _twice(box: Sandbox, row: Row) -> None:
    for code, index, mark in (
        ("duplicate_external_id", "external", f"{row['SourceSystem']}\x1f{row['ExternalOrderID']}"),
        ("duplicate_marketplace_order", "market", _market(row)),
    ):
        found = box.book.find(KIND, index, mark) if mark else []
        if found:
            held = box.book.get(KIND, found[0]) or {}
            named = "ExternalOrderID" if index == "external" else "MarketplaceOrderID"
            raise Refusal(
                409, code, f"{named} {row[named]} of {held['SourceSystem']} already exists.",
                headers={"Location": f"/api/v1/sales_orders/{found[0]}"}, ExistingID=found[0], ExistingVersion=held["Version"],
                ExistingStatus=held["OrderStatus"],
            )  # fmt: skip


def _flaws(box: Sandbox, row: Row) -> list[Flaw]:
    flaws = code_flaws(box, row, CODES) + address_flaws(row.get("ShippingAddress"), "ShippingAddress")
    flaws += address_flaws(row.get("BillingAddress"), "BillingAddress")
    flaws += customer_flaws(box, row["CustomerID"])
    if row["OrderDate"] > (box.now() + timedelta(days=1)).date().isoformat():
        flaws.append(flaw("OrderDate", "max_value", "The order date lies in the future.", row["OrderDate"]))
    if row["FulfilledBy"] == "Seller":
        flaws += [flaw(name, "required", "A value is required.") for name in ("ShippingMethod", "ShippingAddress") if not row.get(name)]
    if row["Currency"] != "USD" and not row.get("ExchangeRate"):
        flaws.append(flaw("ExchangeRate", "required", f"An exchange rate for {row['Currency']} is required."))
    return flaws


def _line_flaws(box: Sandbox, row: Row) -> list[Flaw]:
    flaws: list[Flaw] = []
    seen: set[str] = set()
    for at, line in enumerate(row["LineItems"]):
        path = f"LineItems[{at}]"
        flaws += _item_flaws(box, line, path)
        if line.get("ExternalLineID") in seen:
            flaws.append(flaw(f"{path}.ExternalLineID", "not_unique", "This line id is used twice.", line["ExternalLineID"]))
        seen.add(line.get("ExternalLineID") or f"#{at}")
        if line.get("LocationCode") and not box.book.has("reference", f"locations/{line['LocationCode']}"):
            flaws.append(flaw(f"{path}.LocationCode", "not_found", "There is no such location.", line["LocationCode"]))
        if line.get("DiscountCode") and not box.book.has("reference", f"discount_codes/{line['DiscountCode']}"):
            flaws.append(flaw(f"{path}.DiscountCode", "not_found", "There is no such discount code.", line["DiscountCode"]))
    return flaws


def _item_flaws(box: Sandbox, line: Row, path: str) -> list[Flaw]:
    item = box.book.get("items", str(line["SKU"]).upper())
    if item is None or item.get("Deleted"):
        return [flaw(f"{path}.SKU", "unknown_sku", f"Item {line['SKU']} does not exist.", line["SKU"])]
    line["SKU"] = item["SKU"]
    line.setdefault("UnitOfMeasure", item["UnitOfMeasure"])
    if not item["Sellable"] or item["Status"] != "Active":
        return [flaw(f"{path}.SKU", "inactive", f"Item {line['SKU']} is {item['Status']} or not sellable.", line["SKU"])]
    if item["UnitOfMeasure"] == "EA" and dec(line["Quantity"]) % 1:
        return [flaw(f"{path}.Quantity", "max_decimals", "Whole numbers only for items counted in EA.", line["Quantity"])]
    return []


@ORDERS.on("PATCH", "/api/v1/sales_orders/{order_id}")
def change(box: Sandbox, request: Request) -> Response:
    """Changes what may still be changed."""
    row = documents.load(box, KIND, request.params["order_id"], "Sales order")
    documents.guard(request, row)
    body = request.json()
    if row["OrderStatus"] not in ("Open", "OnHold"):
        raise Refusal(409, "state_conflict", f"A sales order that is {row['OrderStatus']} cannot be changed.", AllowedTransitions=[])
    refuse("sales order", [flaw(name, "read_only", "This member cannot be changed.") for name in body if name not in PATCHABLE])
    for name in ("ShippingAddress", "Hold"):
        if isinstance(body.get(name), dict):
            body[name] = {**(row.get(name) or {}), **body[name]}
    body, flaws = shape(request, body, "sales_order", partial=True)
    merged = {**row, **body}
    refuse("sales order", flaws + code_flaws(box, body, CODES) + address_flaws(merged.get("ShippingAddress"), "ShippingAddress"))
    return documents.shown(request, documents.save(box, KIND, row["SalesOrderID"], merged, changed=sorted(body)))
