"""What can be done to a sales order: cancel, hold, release, complete."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, reply
from connectors.tims.standin import documents
from connectors.tims.standin.checks import flaw, refuse
from connectors.tims.standin.kits import follow
from connectors.tims.standin.orders import KIND, reserve, tell
from connectors.tims.standin.stock import give_back
from connectors.tims.standin.totals import dec

ACTIONS = Router()
CONTROLS = Router()
ACTIVE = ("Open", "PartiallyFulfilled")
"""In these an order can be shipped."""
CANCELLABLE = ("Draft", "Open", "OnHold", "PartiallyFulfilled")
NEXT = {
    "Draft": ["Open", "Cancelled"], "Open": ["OnHold", "PartiallyFulfilled", "Fulfilled", "Cancelled"], "OnHold": ["Open", "Cancelled"],
    "PartiallyFulfilled": ["Fulfilled", "Cancelled"], "Fulfilled": ["Completed"],
}  # fmt: skip


def _take(box: Sandbox, request: Request, allowed: tuple[str, ...]) -> Row:
    row = documents.load(box, KIND, request.params["order_id"], "Sales order")
    documents.guard(request, row)
    allow(row, allowed)
    return row


def allow(row: Row, allowed: tuple[str, ...]) -> None:
    """Raises Refusal 409 `state_conflict` for an order in another status."""
    if row["OrderStatus"] not in allowed:
        words = f"Sales order {row['SalesOrderID']} is {row['OrderStatus']}."
        raise Refusal(409, "state_conflict", words, AllowedTransitions=NEXT.get(row["OrderStatus"], []), ExistingStatus=row["OrderStatus"])


def settle(box: Sandbox, row: Row, status: str, changed: list[str], by: str = "api") -> Row:
    """Stores an order in its new status, and announces a status that is another one."""
    before = row["OrderStatus"]
    row["OrderStatus"] = row["Status"] = status
    documents.save(box, KIND, row["SalesOrderID"], row, changed=changed, by=by)
    if before != status:
        tell(box, "sales_order.status_changed", row)
    return row


def open_units(line: Row) -> Decimal:
    """Units of a line that are neither shipped nor cancelled."""
    return dec(line["Quantity"]) - dec(line["QuantityShipped"]) - dec(line["QuantityCancelled"])


@ACTIONS.on("POST", "/api/v1/sales_orders/{order_id}/cancel")
def cancel(box: Sandbox, request: Request) -> Response:
    """Cancels units, or all that are open."""
    row = _take(box, request, CANCELLABLE)
    wish = request.json() if request.body else {}
    return documents.shown(request, cancelled(box, row, wish.get("Lines")))


def cancelled(box: Sandbox, row: Row, lines: list[dict[str, Any]] | None, by: str = "api") -> Row:
    """Cancels `[{"LineNumber", "Quantity"}]`, None = everything open."""
    by_number = {line["LineNumber"]: line for line in row["LineItems"]}
    asked = lines or [{"LineNumber": number, "Quantity": open_units(line)} for number, line in by_number.items()]
    flaws = []
    for at, wish in enumerate(asked):
        line = by_number.get(wish.get("LineNumber"))
        if line is None:
            flaws.append(flaw(f"Lines[{at}].LineNumber", "not_found", "There is no such line.", wish.get("LineNumber")))
        elif dec(wish.get("Quantity")) > open_units(line) or dec(wish.get("Quantity")) < 0:
            flaws.append(flaw(f"Lines[{at}].Quantity", "max_value", f"{open_units(line)} open.", wish.get("Quantity")))
    refuse("cancellation", flaws)
    for wish in asked:
        line, units = by_number[wish["LineNumber"]], dec(wish["Quantity"])
        give_back(box, line, min(units, dec(line["QuantityAllocated"]) + dec(line["QuantityBackordered"])))
        line["QuantityCancelled"] = dec(line["QuantityCancelled"]) + units
        if not open_units(line):
            line["LineStatus"] = "Shipped" if dec(line["QuantityShipped"]) else "Cancelled"
    follow(row)
    row = settle(box, row, status_by_units(row), ["LineItems", "OrderStatus"], by)
    tell(box, "sales_order.line_cancelled", row)
    return row


def status_by_units(row: Row) -> str:
    """What the units of its lines make of an order; one of which nothing is shipped any more is open again."""
    shipped = any(dec(line["QuantityShipped"]) for line in row["LineItems"])
    if any(open_units(line) for line in row["LineItems"]):
        before = str(row["OrderStatus"])
        return "PartiallyFulfilled" if shipped else "Open" if before in ("PartiallyFulfilled", "Fulfilled") else before
    return "Fulfilled" if shipped else "Cancelled"


@ACTIONS.on("POST", "/api/v1/sales_orders/{order_id}/hold")
def hold(box: Sandbox, request: Request) -> Response:
    """Puts an open order on hold."""
    row = _take(box, request, ("Open",))
    wish = request.json() if request.body else {}
    row["Hold"] = {"Code": str(wish.get("Code") or "DATA"), "Comment": wish.get("Comment")}
    return documents.shown(request, settle(box, row, "OnHold", ["Hold", "OrderStatus"]))


@ACTIONS.on("POST", "/api/v1/sales_orders/{order_id}/release")
def release(box: Sandbox, request: Request) -> Response:
    """Opens an order that is on hold, or a draft."""
    row = _take(box, request, ("OnHold", "Draft"))
    if row["OrderStatus"] == "Draft" and row["FulfilledBy"] == "Seller":
        reserve(box, row)
    row["Hold"] = None
    return documents.shown(request, settle(box, row, "Open", ["Hold", "OrderStatus"]))


@ACTIONS.on("POST", "/api/v1/sales_orders/{order_id}/complete")
def complete(box: Sandbox, request: Request) -> Response:
    """Closes a fulfilled order."""
    return documents.shown(request, settle(box, _take(box, request, ("Fulfilled",)), "Completed", ["OrderStatus"]))


@CONTROLS.on("GET", "/__sandbox__/{kind}/{key}")
def one(box: Sandbox, request: Request) -> Response:
    """One document, for a person who follows a link from the hub."""
    row = box.book.get(request.params["kind"], request.params["key"])
    if row is None:
        raise Refusal(404, "not_found", "There is no such document.")
    return reply(row)
