"""Invoices and credit memos: read by sales order, entered and posted once (TIMS contract 7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.base import Payload, Receipt, Record, Reference, Summary
from connectors.errors import ConflictError, Problem
from connectors.http import JsonClient
from connectors.tims import once, periods
from connectors.tims.streams import fetch, record

PATH, MEMBER, NAME = "invoices", "InvoiceID", "ExternalInvoiceID"
KEYS_A_CALL = 100
KEPT = (
    "InvoiceNumber", "DocumentType", "SourceSystem", NAME, "SalesOrderID", "AppliesToInvoiceID", "PostingDate", "Currency", "TotalAmount",
    "BalanceDue",
)  # fmt: skip
COMPARED = ("DocumentType", "SalesOrderID", "AppliesToInvoiceID", "CustomerID", "PostingDate", "Currency")
Part = tuple[str, Decimal, Decimal, Decimal, Decimal]


def read_many(client: JsonClient, keys: Sequence[str]) -> list[Record]:
    """The documents of these keys; a sales order's id stands for all of its invoices and credit memos, which are then `part_of` it."""
    found: list[Record] = []
    for start in range(0, len(keys), KEYS_A_CALL):
        some = list(keys[start : start + KEYS_A_CALL])
        rows = _asked(client, "sales_order_id", some)
        found += [replace(record(row, MEMBER), part_of=str(row.get("SalesOrderID"))) for row in rows]
        left = [key for key in some if key not in {str(row.get("SalesOrderID")) for row in rows}]
        found += [record(row, MEMBER) for row in (_asked(client, "invoice_id", left) if left else ())]
    return found


def of_orders(client: JsonClient, order_ids: Sequence[str]) -> dict[str, list[Payload]]:
    """Invoices and credit memos by sales order, oldest first, void ones included; an order without any has no entry. 100 orders a call."""
    found: dict[str, list[Payload]] = {}
    for start in range(0, len(order_ids), KEYS_A_CALL):
        for row in _asked(client, "sales_order_id", list(order_ids[start : start + KEYS_A_CALL])):
            found.setdefault(str(row.get("SalesOrderID")), []).append(row)
    return found


def summary(row: Payload) -> Summary:
    """Number, kind and total."""
    title = f"{row.get('InvoiceNumber') or row.get(MEMBER)} {row.get('DocumentType') or ''} {row.get(NAME) or ''}"
    amount = "" if row.get("TotalAmount") is None else str(row["TotalAmount"])
    return Summary(title=title.strip(), amount=amount, currency=str(row.get("Currency") or ""))


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Enters the invoice or credit memo and posts it (with Status Draft it is only entered); one that TIMS holds already is compared.

    Raises ConnectorError; ConflictError names what TIMS holds otherwise, or says that the document was voided there.
    """
    invoice = once.named(payload, reference, NAME)
    with periods.explained(client, invoice):
        held, outcome = once.entered(client, PATH, invoice, member=MEMBER, reference=reference, agree=_agree)
    return _receipt(held, outcome)


def find(client: JsonClient, reference: Reference) -> Receipt | None:
    """The document that earlier calls made, posted or not; None when TIMS has none."""
    held = once.found(client, PATH, reference, member=NAME, argument="external_invoice_id")
    return _receipt(held, "created") if held else None


def void(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Takes a document back on which nothing was paid; one that is void stays so. Raises ConflictError, ConnectorError."""
    held = fetch(client, PATH, str(payload[MEMBER]))
    if held.get("Status") == "Void":
        return _receipt(held, "unchanged")
    if held.get("Status") not in ("Draft", "Posted"):
        words = f"{held.get('DocumentType')} {held[MEMBER]} is {held.get('Status')} in TIMS; take the payment off first, or credit it."
        raise ConflictError(words, code="paid")
    date = {"PostingDate": payload["PostingDate"]} if payload.get("PostingDate") else {}

    def step(current: Payload) -> Payload:
        if current.get("Status") == "Void":
            return current
        return once.act(client, PATH, current, "void", date, member=MEMBER, reference=reference)

    with periods.explained(client, {**held, **date}):
        return _receipt(once.until(client, PATH, held, step, member=MEMBER), "cancelled")


def _asked(client: JsonClient, argument: str, keys: list[str]) -> list[Payload]:
    wanted = set(keys)
    member = MEMBER if argument == "invoice_id" else "SalesOrderID"
    rows = client.get(f"api/v1/{PATH}", **{argument: keys, "limit": 200}).get("Data") or ()
    return [row for row in rows if isinstance(row, dict) and row.get(member) in wanted]


def _agree(held: Payload, wanted: Payload) -> None:
    """Raises ConflictError unless the document that TIMS holds is the wanted one."""
    kind, number = wanted.get("DocumentType"), held[MEMBER]
    if held.get("Status") == "Void":
        raise ConflictError(f"{kind} {number} was voided in TIMS. Send it anew under another number if it is right.", code="voided")
    problems = tuple(differences(held, wanted))
    if problems:
        words = f"TIMS already holds {number} under {wanted[NAME]}, and it says something else. {problems[0].message}"
        raise ConflictError(f"{words} Correct it there by a credit memo, or keep it.", code="conflict", problems=problems)


def differences(held: Payload, wanted: Payload) -> Iterator[Problem]:
    """What moves money and differs. Pure; the order of lines and their texts do not count."""
    for name in COMPARED:
        if (held.get(name) or None) != (wanted.get(name) or None):
            yield once.differs(name, wanted.get(name), held.get(name))
    if once.money(held.get("TotalAmount")) != once.money(wanted.get("TotalAmount")):
        yield once.differs("TotalAmount", once.money(wanted.get("TotalAmount")), once.money(held.get("TotalAmount")))
    ours, theirs = Counter(map(_part, wanted.get("Lines") or ())), Counter(map(_part, held.get("Lines") or ()))
    for part in ours - theirs:
        yield once.differs(f"Lines of {part[0]}", f"{part[1]} units at {part[2]}", "other lines")


def _part(line: Payload) -> Part:
    units, price, discount, tax = (once.money(line.get(name)) for name in ("Quantity", "Price", "DiscountAmount", "TaxAmount"))
    return str(line.get("SKU") or line.get("GLAccountCode")).upper(), units, price, discount, tax


def _receipt(held: Payload, outcome: str) -> Receipt:
    return once.receipt(held, outcome, member=MEMBER, kept=KEPT)
