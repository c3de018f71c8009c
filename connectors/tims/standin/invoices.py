"""Invoices and credit memos of the stand-in: entered, posted, paid by payments, taken back (TIMS contract 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, reply
from connectors.tims.standin import chart, documents, ledger, named, receivables
from connectors.tims.standin.checks import customer_flaws, flaw, refuse, shape
from connectors.tims.standin.events import announce
from connectors.tims.standin.invoice_checks import account_flaws, link_flaws, refuse_over_credit, unit_flaws
from connectors.tims.standin.receivables import KIND, owed
from connectors.tims.standin.totals import dec

INVOICES = Router()
NAME = "ExternalInvoiceID"
MOST_KEYS = 100
FIRST_NUMBER = 912
FILTERS = {"status": "Status", "customer_id": "CustomerID", "document_type": "DocumentType", "applies_to": "AppliesToInvoiceID"}


def declare(box: Sandbox) -> None:
    """The order, the names, and which documents belong to an order or an invoice."""
    named.declare(box, KIND, NAME)
    box.book.index(KIND, "order", lambda row: [str(row["SalesOrderID"])] if row.get("SalesOrderID") else [])
    box.book.index(KIND, "credits", lambda row: [str(row["AppliesToInvoiceID"])] if row.get("AppliesToInvoiceID") else [])


@INVOICES.on("GET", "/api/v1/invoices")
def listed(box: Sandbox, request: Request) -> Response:
    """Delta list with filters; `sales_order_id` and `invoice_id` may be repeated, 100 at most, and are answered whole."""
    keys = [
        *(one for order in request.query.get("sales_order_id", ()) for one in box.book.find(KIND, "order", order)),
        *(one for one in request.query.get("invoice_id", ()) if box.book.has(KIND, one)),
    ]
    asked = len(request.query.get("sales_order_id", ())) + len(request.query.get("invoice_id", ()))
    if asked > MOST_KEYS:
        raise Refusal(400, "invalid_parameter", f"At most {MOST_KEYS} documents can be asked for at once.")
    if not asked:
        return named.asked(box, request, KIND, NAME, "external_invoice_id") or documents.listing(box, request, KIND, _filter)
    rows = [documents.public(box.book.get(KIND, key) or {}) for key in dict.fromkeys(keys)]
    return reply({"Data": rows, "Paging": {"Limit": len(rows), "HasMore": False, "NextCursor": None}, "ServerTime": box.stamp()})


def _filter(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    wanted = [(member, query[name][-1]) for name, member in FILTERS.items() if name in query]
    return lambda row: all(row.get(member) == value for member, value in wanted)


@INVOICES.on("GET", "/api/v1/invoices/{invoice_id}")
def read(box: Sandbox, request: Request) -> Response:
    """One document."""
    return documents.shown(request, _load(box, request))


@INVOICES.on("POST", "/api/v1/invoices")
def create(box: Sandbox, request: Request) -> Response:
    """Enters a draft."""
    row = add(box, request, request.json())
    return documents.shown(request, row, 201, {"Location": f"/api/v1/{KIND}/{row['InvoiceID']}"})


@INVOICES.on("POST", "/api/v1/invoices/{invoice_id}/post")
def post(box: Sandbox, request: Request) -> Response:
    """Posts a draft; from then on only a credit memo corrects it."""
    row = _load(box, request)
    documents.guard(request, row)
    documents.allow(row, row["InvoiceID"], ("Draft",))
    return documents.shown(request, posted(box, row))


@INVOICES.on("POST", "/api/v1/invoices/{invoice_id}/void")
def void(box: Sandbox, request: Request) -> Response:
    """Takes a document back on which nothing was paid: `{"PostingDate"}`, else its own."""
    row = _load(box, request)
    documents.guard(request, row)
    documents.allow(row, row["InvoiceID"], ("Draft", "Posted"))
    wish, flaws = shape(request, {"InvoiceID": row["InvoiceID"], **(request.json() if request.body else {})}, "invoice_void")
    refuse("void", flaws)
    if any((box.book.get(KIND, key) or {})["Status"] != "Void" for key in box.book.find(KIND, "credits", row["InvoiceID"])):
        raise Refusal(409, "state_conflict", f"{row['InvoiceID']} has credit memos.", AllowedTransitions=[], ExistingStatus=row["Status"])
    return documents.shown(request, voided(box, row, wish.get("PostingDate") or row["PostingDate"]))


def add(box: Sandbox, request: Request, body: Any) -> Row:
    """Checks and stores a draft. Raises Refusal 422, 409."""
    row, flaws = shape(request, body, "invoice")
    refuse("invoice", [*flaws, *named.flaws(row, NAME)])
    named.refuse_twice(box, KIND, row, NAME)
    if (row.pop("Status", None) or "Draft") != "Draft":
        raise Refusal(409, "state_conflict", "A new invoice is a draft.", AllowedTransitions=["Draft"])
    if row["DocumentType"] == "CreditMemo" and not row.get("ReasonCode"):
        flaws.append(flaw("ReasonCode", "required", "A credit memo needs its reason."))
    order = box.book.get("sales_orders", str(row.get("SalesOrderID")))
    row["_Inclusive"] = bool((order or {}).get("PricesIncludeTax"))
    flaws += customer_flaws(box, row["CustomerID"]) + named.currency_flaws(box, row) + link_flaws(box, row, order) + account_flaws(box, row)
    refuse("invoice", [*flaws, *unit_flaws(box, row, order), *receivables.fill(row)])
    row["_OverCredit"] = bool(row.pop("AllowOverCredit", None))
    refuse_over_credit(box, row)
    chart.open_period(box, row["PostingDate"])
    return stored(box, row)


def stored(box: Sandbox, row: Row) -> Row:
    """A checked document under its number."""
    number = f"IN-{box.book.next_number(KIND, FIRST_NUMBER):06d}"
    row = {"InvoiceID": number, "InvoiceNumber": number, **row, "BalanceDue": owed(row), "Status": "Draft"}
    return documents.save(box, KIND, number, row, changed=[])


def posted(box: Sandbox, row: Row, *, by: str = "api") -> Row:
    """Moves the accounts and counts the units of the order as invoiced. Raises Refusal 422."""
    chart.open_period(box, row["PostingDate"])
    refuse("invoice", account_flaws(box, row))
    ledger.move(box, row["InvoiceID"], row["PostingDate"], receivables.legs(row))
    _count(box, row, 1)
    row["Status"] = receivables.status(row)
    documents.save(box, KIND, row["InvoiceID"], row, changed=["Status"], by=by)
    event = "invoice.posted" if row["DocumentType"] == "Invoice" else "credit_memo.posted"
    about = {name: row.get(name) for name in ("InvoiceID", NAME, "SalesOrderID", "Status")}
    announce(box, event, ("invoice", row["InvoiceID"], f"{KIND}/{row['InvoiceID']}"), row["Version"], about)
    return row


def voided(box: Sandbox, row: Row, date: str, *, by: str = "api") -> Row:
    """Moves the accounts back. Raises Refusal 422 `period_closed`."""
    if row["Status"] != "Draft":
        chart.open_period(box, date)
        ledger.take_back(box, row["InvoiceID"], date)
        _count(box, row, -1)
    row |= {"Status": "Void", "BalanceDue": 0}
    return documents.save(box, KIND, row["InvoiceID"], row, changed=["Status"], by=by)


def _load(box: Sandbox, request: Request) -> Row:
    return documents.load(box, KIND, request.params["invoice_id"], "Invoice")


def _count(box: Sandbox, row: Row, sign: int) -> None:
    order = box.book.get("sales_orders", str(row.get("SalesOrderID"))) if row["DocumentType"] == "Invoice" else None
    if order:
        by_number = {line["LineNumber"]: line for line in order["LineItems"]}
        for line in row["Lines"]:
            if line.get("SalesOrderLineNumber"):
                held = by_number[line["SalesOrderLineNumber"]]
                held["QuantityInvoiced"] = dec(held["QuantityInvoiced"]) + sign * dec(line["Quantity"])
        documents.save(box, "sales_orders", order["SalesOrderID"], order, changed=["LineItems"], by="ar")
