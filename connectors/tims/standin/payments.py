"""Payments of the stand-in: received or refunded, applied to invoices or credit memos, taken back (TIMS contract 8)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox import Request, Response, Router, Row, Sandbox
from connectors.tims.standin import chart, documents, ledger, named
from connectors.tims.standin.checks import Flaw, code_flaws, customer_flaws, flaw, refuse, shape
from connectors.tims.standin.events import announce
from connectors.tims.standin.receivables import KIND as INVOICES
from connectors.tims.standin.receivables import RECEIVABLE, settle
from connectors.tims.standin.totals import ZERO, dec

PAYMENTS = Router()
KIND, NAME = "payments", "ExternalPaymentID"
WRITE_OFF, EXCHANGE = "6190", "6900"
PAYS = {"Receipt": "Invoice", "Refund": "CreditMemo"}
LIVE = ("Posted", "PartiallyApplied", "Applied")
FILTERS = {"status": "Status", "customer_id": "CustomerID", "reference": "Reference"}


def declare(box: Sandbox) -> None:
    """The order and the names of payments."""
    named.declare(box, KIND, NAME)


@PAYMENTS.on("GET", "/api/v1/payments")
def listed(box: Sandbox, request: Request) -> Response:
    """Delta list with filters; a question for one external id is answered from the index."""
    return named.asked(box, request, KIND, NAME, "external_payment_id") or documents.listing(box, request, KIND, _filter)


def _filter(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    wanted = [(member, query[name][-1]) for name, member in FILTERS.items() if name in query]
    return lambda row: all(row.get(member) == value for member, value in wanted)


@PAYMENTS.on("GET", "/api/v1/payments/{payment_id}")
def read(box: Sandbox, request: Request) -> Response:
    """One payment."""
    return documents.shown(request, documents.load(box, KIND, request.params["payment_id"], "Payment"))


@PAYMENTS.on("POST", "/api/v1/payments")
def create(box: Sandbox, request: Request) -> Response:
    """Posts a payment at once."""
    row = add(box, request, request.json())
    return documents.shown(request, row, 201, {"Location": f"/api/v1/{KIND}/{row['PaymentID']}"})


@PAYMENTS.on("POST", "/api/v1/payments/{payment_id}/apply")
def apply(box: Sandbox, request: Request) -> Response:
    """Applies what is not yet applied: `{"Applications": [{"InvoiceID", "Amount", "DiscountTaken"}]}`."""
    row, wish = _take(box, request, "payment_application")
    taken = {one["InvoiceID"] for one in row["Applications"]}
    refuse("application", _application_flaws(box, row, wish["Applications"], dec(row["UnappliedAmount"]), taken))
    return documents.shown(request, _apply(box, row, wish["Applications"], 1))


@PAYMENTS.on("POST", "/api/v1/payments/{payment_id}/unapply")
def unapply(box: Sandbox, request: Request) -> Response:
    """Takes the payment off the named invoices, or all: `{"Applications": [{"InvoiceID"}]}`."""
    row, wish = _take(box, request, "payment_release")
    named_ids = [one["InvoiceID"] for one in wish.get("Applications") or ()]
    known = {one["InvoiceID"] for one in row["Applications"]}
    missing = [(at, one) for at, one in enumerate(named_ids) if one not in known]
    refuse("release", [flaw(f"Applications[{at}].InvoiceID", "not_found", f"Not applied to {one}.", one) for at, one in missing])
    return documents.shown(request, _apply(box, row, [one for one in row["Applications"] if one["InvoiceID"] in (named_ids or known)], -1))


@PAYMENTS.on("POST", "/api/v1/payments/{payment_id}/void")
def void(box: Sandbox, request: Request) -> Response:
    """Takes the whole payment back, its applications first."""
    row, wish = _take(box, request, "payment_void")
    date = wish.get("PostingDate") or row["PostingDate"]
    chart.open_period(box, date)
    _apply(box, row, row["Applications"], -1)
    ledger.take_back(box, row["PaymentID"], date)
    row["Status"] = "Void"
    return documents.shown(request, documents.save(box, KIND, row["PaymentID"], row, changed=["Status"]))


def add(box: Sandbox, request: Request, body: Any) -> Row:
    """Checks, stores and posts a payment. Raises Refusal 422, 409."""
    row, flaws = shape(request, body, "payment")
    refuse("payment", [*flaws, *named.flaws(row, NAME)])
    named.refuse_twice(box, KIND, row, NAME)
    amount, wished = dec(row["Amount"]), row.get("Applications") or []
    flaws = customer_flaws(box, row["CustomerID"]) + named.currency_flaws(box, row) + _amount_flaws(row)
    flaws += code_flaws(box, row, {"PaymentMethodCode": "payment_methods"})
    flaws += chart.account_flaws(box, row["BankAccountCode"], "BankAccountCode", row["Currency"])
    refuse("payment", flaws + _application_flaws(box, row, wished, amount, set()))
    chart.open_period(box, row["PostingDate"])
    number = f"PM-{box.book.next_number(KIND, 331):06d}"
    row = {"PaymentID": number, **row, "Applications": [], "UnappliedAmount": amount, "Status": "Posted"}
    base = ledger.to_base(_signed(row, amount), row.get("ExchangeRate"))
    ledger.move(box, number, row["PostingDate"], [(row["BankAccountCode"], base), (RECEIVABLE, -base)])
    row = _apply(box, row, wished, 1)
    about = {name: row[name] for name in ("PaymentID", NAME, "Status")}
    announce(box, "payment.posted", ("payment", number, f"{KIND}/{number}"), row["Version"], about)
    return row


def _take(box: Sandbox, request: Request, form: str) -> tuple[Row, Row]:
    row = documents.load(box, KIND, request.params["payment_id"], "Payment")
    documents.guard(request, row)
    documents.allow(row, row["PaymentID"], LIVE)
    wish, flaws = shape(request, {"PaymentID": row["PaymentID"], **(request.json() if request.body else {})}, form)
    refuse("payment", flaws)
    return row, wish


def _signed(row: Row, amount: Decimal) -> Decimal:
    return amount if row["PaymentType"] == "Receipt" else -amount


def _amount_flaws(row: Row) -> list[Flaw]:
    places, amount = ledger.decimals(row["Currency"]), dec(row["Amount"])
    return [flaw("Amount", "max_decimals", f"{row['Currency']} has {places} decimals.", amount)] if amount != round(amount, places) else []


def _application_flaws(box: Sandbox, row: Row, wished: Sequence[Row], most: Decimal, taken: set[str]) -> list[Flaw]:
    """Each applies to a posted document of the same currency, up to what is due there; together up to what is left of the payment."""
    flaws: list[Flaw] = []
    for at, one in enumerate(wished):
        path, key = f"Applications[{at}]", one["InvoiceID"]
        held = box.book.get(INVOICES, key)
        if key in taken:
            flaws.append(flaw(f"{path}.InvoiceID", "not_unique", f"{key} has an application already.", key))
        elif held is None:
            flaws.append(flaw(f"{path}.InvoiceID", "not_found", f"Invoice {key} does not exist.", key))
        else:
            flaws += _against(box, row, one, held, path)
        taken.add(key)
    if sum((dec(one["Amount"]) for one in wished), ZERO) > most:
        flaws.append(flaw("Applications", "sum_mismatch", f"More than {most:.2f} is applied."))
    return flaws


def _against(box: Sandbox, row: Row, one: Row, held: Row, path: str) -> list[Flaw]:
    at, key = f"{path}.InvoiceID", held["InvoiceID"]
    if held["DocumentType"] != PAYS[row["PaymentType"]]:
        return [flaw(at, "invalid_choice", f"A {row['PaymentType']} is not applied to a {held['DocumentType']}.", key)]
    if held["Status"] not in ("Posted", "PartiallyPaid", "Paid"):
        return [flaw(at, "inactive", f"{key} is {held['Status']}.", key)]
    if held["Currency"] != row["Currency"]:
        return [flaw(at, "currency_mismatch", f"{key} is in {held['Currency']}.", key)]
    payer = box.book.get("customers", row["CustomerID"]) or {}
    if held["CustomerID"] != row["CustomerID"] and payer.get("CustomerType") != "Marketplace":
        return [flaw(at, "invalid_choice", f"{key} belongs to another customer.", key)]
    if dec(one["Amount"]) + dec(one.get("DiscountTaken")) > dec(held["BalanceDue"]):
        return [flaw(f"{path}.Amount", "max_value", f"{dec(held['BalanceDue']):.2f} are due.", one["Amount"])]
    return []


def _apply(box: Sandbox, row: Row, wished: Sequence[Row], sign: int) -> Row:
    """Applies (1) or releases (-1), and stores the payment."""
    for one in wished:
        held = box.book.get(INVOICES, one["InvoiceID"]) or {}
        amount, written = dec(one["Amount"]), dec(one.get("DiscountTaken"))
        settle(box, held, sign * (amount + written))
        ledger.move(box, row["PaymentID"], row["PostingDate"], _legs(row, held, sign * amount, sign * written))
        row["UnappliedAmount"] = dec(row["UnappliedAmount"]) - sign * amount
    gone = {one["InvoiceID"] for one in wished} if sign < 0 else set()
    kept = [one for one in row["Applications"] if one["InvoiceID"] not in gone]
    row["Applications"] = [*kept, *(wished if sign > 0 else ())]
    left = dec(row["UnappliedAmount"])
    row["Status"] = "Applied" if not left else "Posted" if left == dec(row["Amount"]) else "PartiallyApplied"
    return documents.save(box, KIND, row["PaymentID"], row, changed=["Applications", "Status"])


def _legs(row: Row, held: Row, amount: Decimal, written: Decimal) -> list[ledger.Leg]:
    """What was written off, and the exchange difference between the invoice's day and the payment's."""
    gone = ledger.to_base(_signed(row, written), held.get("ExchangeRate"))
    gained = ledger.to_base(_signed(row, amount), row.get("ExchangeRate")) - ledger.to_base(_signed(row, amount), held.get("ExchangeRate"))
    return [(WRITE_OFF, gone), (RECEIVABLE, gained - gone), (EXCHANGE, -gained)]
