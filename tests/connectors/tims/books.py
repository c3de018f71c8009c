"""Journal entries, payments and invoices for the tests of TIMS: the worked example of the entity map, 12."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

from connectors.base import Payload, Reference
from connectors.tims import invoices, sales_orders
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox

ENTRY: Payload = {
    "EntryDate": "2026-11-28", "PostingDate": "2026-11-28", "Currency": "USD", "Description": "Amazon US settlement 19283746501",
    "SourceDocument": {"Type": "Settlement", "ID": "19283746501"},
    "Lines": [
        {"LineNumber": 1, "AccountCode": "1010", "Debit": Decimal("77.25"), "Memo": "Payout to bank"},
        {"LineNumber": 2, "AccountCode": "6100", "Debit": Decimal("14.25"), "Memo": "Commission", "Channel": "AMZ-US"},
        {"LineNumber": 3, "AccountCode": "6110", "Debit": Decimal("3.50"), "Memo": "FBA fulfilment fees", "Channel": "AMZ-US"},
        {"LineNumber": 4, "AccountCode": "1105", "Credit": Decimal("95.00"), "Memo": "Marketplace clearing"},
    ],
}  # fmt: skip


def entry(**changes: Any) -> Payload:
    """The settlement entry of the example."""
    return deepcopy({**ENTRY, **changes})


def lines(*amounts: tuple[str, Any]) -> list[Payload]:
    """Lines of (account, amount), a negative amount on the credit side."""
    return [{"AccountCode": code, "Debit" if amount > 0 else "Credit": abs(amount)} for code, amount in amounts]


def settlement(number: int = 1, **changes: str) -> Reference:
    """The name of a delivery from a settlement."""
    return Reference(**{"system": "Amazon", "key": f"STL-{number}", "version": "v1", "scope": "settlements", **changes})


def moved(box: TimsSandbox) -> dict[str, Decimal]:
    """The accounts that are not at zero; debits and credits of the whole ledger are equal."""
    found = box.balances()
    assert sum(found.values()) == 0
    return {code: amount for code, amount in found.items() if amount}


def sale(number: int = 1, **changes: Any) -> Payload:
    """The order of the example: 100.00 and 5.00 shipping less 10.00, with 8.66 tax that the marketplace collects."""
    made = {
        "MarketplaceName": "Amazon US", "MarketplaceOrderID": f"113-{number:07d}", "SourceSystem": "Amazon",
        "ExternalOrderID": f"113-{number:07d}", "CustomerID": "C-AMZ-US", "OrderDate": "2026-11-19", "OrderStatus": "Completed",
        "PaymentStatus": "Paid", "FulfilledBy": "External", "Currency": "USD", "TaxCollectedBy": "Marketplace",
        "LineItems": [
            {"SKU": "TK-1001", "Quantity": 1, "Price": Decimal("100.00"), "DiscountAmount": Decimal(-10), "TaxAmount": Decimal("8.25")},
        ],
        "Charges": [{"Type": "Shipping", "Amount": Decimal("5.00"), "TaxAmount": Decimal("0.41")}], "TotalAmount": Decimal("103.66"),
    }  # fmt: skip
    return deepcopy({**made, **changes})


def invoice(order_id: str, **changes: Any) -> Payload:
    """The invoice of that order, which TIMS makes itself when its switch is on."""
    made = {
        "DocumentType": "Invoice", "SalesOrderID": order_id, "CustomerID": "C-AMZ-US", "InvoiceDate": "2026-11-20",
        "PostingDate": "2026-11-20", "Currency": "USD", "TotalAmount": Decimal("103.66"),
        "Lines": [
            {"SalesOrderLineNumber": 1, "SKU": "TK-1001", "Quantity": 1, "Price": Decimal("100.00"), "DiscountAmount": Decimal("-10.00"),
             "TaxAmount": Decimal("8.25"), "TaxCollectedBy": "Marketplace"},
        ],
        "Charges": [{"Type": "Shipping", "Amount": Decimal("5.00"), "TaxAmount": Decimal("0.41"), "TaxCollectedBy": "Marketplace"}],
    }  # fmt: skip
    return deepcopy({**made, **changes})


def credit_memo(order_id: str, invoice_id: str | None, **changes: Any) -> Payload:
    """Everything of that invoice back."""
    about = {"DocumentType": "CreditMemo", "AppliesToInvoiceID": invoice_id, "ReasonCode": "CustomerReturn"}
    return invoice(order_id, **{**about, **changes})


def payment(*applied: tuple[str, Any], **changes: Any) -> Payload:
    """A receipt of 95.00 from the marketplace, applied to (invoice, amount)."""
    made = {
        "PaymentType": "Receipt", "CustomerID": "C-AMZ-US", "PaymentDate": "2026-11-28", "PostingDate": "2026-11-28",
        "PaymentMethodCode": "MARKETPLACE", "Reference": "19283746501", "Currency": "USD", "Amount": Decimal("95.00"),
        "BankAccountCode": "1105", "Applications": [{"InvoiceID": key, "Amount": amount} for key, amount in applied],
    }  # fmt: skip
    return deepcopy({**made, **changes})


def sold(client: TimsClient, number: int = 1, **changes: Any) -> str:
    """The order in TIMS; answers its id."""
    order = sale(number, **changes)
    return sales_orders.send(client, order, Reference(system="Amazon", key=order["ExternalOrderID"], version="v1", scope="orders")).key


def invoiced(client: TimsClient, box: TimsSandbox, number: int = 1, **changes: Any) -> tuple[str, str]:
    """The order, invoiced by TIMS itself; answers order and invoice."""
    box.invoice_shipments()
    order_id = sold(client, number, **changes)
    [row] = invoices.of_orders(client, [order_id])[order_id]
    return order_id, str(row["InvoiceID"])
