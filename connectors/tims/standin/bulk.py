"""Many creations in one call, partly or all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, reply
from connectors.tims.standin import customers, gl_entries, invoices, items, orders, payments
from connectors.wire import decode

BULK = Router()
MOST = 100
COLLECTIONS: dict[str, tuple[Callable[[Sandbox, Request, Any], Row], str]] = {
    "sales_orders": (orders.add, "SalesOrderID"),
    "customers": (customers.add, "CustomerID"),
    "items": (items.add, "SKU"),
    "gl_entries": (gl_entries.add, "EntryID"),
    "invoices": (invoices.add, "InvoiceID"),
    "payments": (payments.add, "PaymentID"),
}


class _UndoneError(Exception):
    """An atomic call failed in one part."""


@BULK.on("POST", "/api/v1/{collection}/bulk")
def bulk(box: Sandbox, request: Request) -> Response:
    """200 when all succeeded, 207 mixed, 422 when none did or an atomic call was undone."""
    add, key = COLLECTIONS.get(request.params["collection"], (None, ""))
    if add is None:
        raise Refusal(404, "not_found", "There is no such address.")
    wish = request.json()
    operations, mode = wish.get("Operations"), wish.get("Mode", "partial")
    if mode not in ("partial", "atomic") or not isinstance(operations, list) or not 1 <= len(operations) <= MOST:
        raise Refusal(400, "invalid_parameter", "Mode is partial or atomic, Operations holds 1 to 100.")
    results: list[Row] = []
    try:
        with box.book.transaction():
            results += [_one(box, request, one, add, key) for one in operations]
            if mode == "atomic" and any(one["Status"] >= 300 for one in results):
                raise _UndoneError
    except _UndoneError:
        results = [one if one["Status"] >= 300 else {"Ref": one["Ref"], "Status": 424, "Error": {"Code": "undone"}} for one in results]
    failed = sum(one["Status"] >= 300 for one in results)
    status = 200 if not failed else 422 if failed == len(results) else 207
    return reply({"Results": results, "Summary": {"Succeeded": len(results) - failed, "Failed": failed}}, status)


def _one(box: Sandbox, request: Request, operation: Any, add: Callable[[Sandbox, Request, Any], Row], key: str) -> Row:
    ref = str(operation.get("Ref", ""))

    def act() -> Response:
        if operation.get("Method", "POST") != "POST":
            raise Refusal(400, "invalid_parameter", "Only POST can be done in bulk.")
        row = add(box, request, operation.get("Body"))
        return reply({"Status": 201, "ID": row[key], "Version": row["Version"]})

    own = str(operation.get("IdempotencyKey") or "")
    try:
        with box.book.transaction():
            response = box.once(f"/api/v1/{request.params['collection']} {own}#part" if own else "", operation.get("Body"), act)
        status, answered = response.status, decode(response.body)
    except Refusal as refusal:
        status, answered = refusal.status, box.error_body(refusal, request)
    return {"Ref": ref, **answered} if status < 300 else {"Ref": ref, "Status": status, "Error": answered["Error"]}
