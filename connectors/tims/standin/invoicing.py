"""Shipments that TIMS invoices by itself, while the company's switch `InvoicesShipments` is on (entity map 12)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from decimal import ROUND_HALF_UP, Decimal

from connectors.sandbox import Refusal, Row, Sandbox
from connectors.tims.standin import invoices, ledger, receivables
from connectors.tims.standin.invoice_checks import shipped, units_left
from connectors.tims.standin.totals import CENT, ZERO, dec

COPIED = ("SourceSystem", "SalesOrderID", "CustomerID", "Currency", "ExchangeRate")


def invoice_shipped(box: Sandbox, order: Row, date: str, shipment: str = "") -> Row | None:
    """Invoices what is shipped of an order and not yet invoiced; None with the switch off, or when there is nothing.

    Lines take their share of discount and tax, so that all invoices of an order together are the order; charges are on the first one.
    An invoice whose period is closed stays a draft.
    """
    left = {number: units for number, units in units_left(box, order).items() if units > 0}
    if not left or not ledger.company(box)["InvoicesShipments"]:
        return None
    earlier = len(box.book.find(receivables.KIND, "order", order["SalesOrderID"]))
    row: Row = {
        "DocumentType": "Invoice", **{name: order.get(name) for name in COPIED},
        invoices.NAME: f"{order['ExternalOrderID']}-{earlier + 1}", "InvoiceDate": date, "PostingDate": date,
        "Lines": [_line(order, line, left[line["LineNumber"]]) for line in order["LineItems"] if line["LineNumber"] in left],
        "Charges": [] if earlier else [_charge(order, one) for one in order.get("Charges") or ()],
        "_Inclusive": bool(order.get("PricesIncludeTax")), "_ShipmentID": shipment,
    }  # fmt: skip
    if not earlier:
        _whole_discounts(order, row["Lines"][0])
    row["TotalAmount"] = receivables.computed_total(row)
    row = invoices.stored(box, row)
    with suppress(Refusal):
        return invoices.posted(box, row, by="ar")
    return row


def void_of(box: Sandbox, shipment: str, order_id: str) -> None:
    """Takes back the invoice of a shipment that was voided, unless something was paid on it."""
    for key in box.book.find(receivables.KIND, "order", order_id):
        row = box.book.get(receivables.KIND, key) or {}
        if row.get("_ShipmentID") == shipment and row["Status"] in ("Draft", "Posted"):
            invoices.voided(box, row, row["PostingDate"], by="ar")


def _line(order: Row, line: Row, units: Decimal) -> Row:
    after = shipped(order, line)
    shares = {name: _share(line, name, after) - _share(line, name, after - units) for name in ("DiscountAmount", "TaxAmount")}
    return {
        "LineNumber": line["LineNumber"], "SalesOrderLineNumber": line["LineNumber"], "SKU": line["SKU"], "Quantity": units,
        "Price": line["Price"], "ExtendedAmount": _share(line, "ExtendedAmount", after) - _share(line, "ExtendedAmount", after - units),
        **shares, "TaxCollectedBy": line.get("TaxCollectedBy") or order["TaxCollectedBy"],
    }  # fmt: skip


def _share(line: Mapping[str, object], name: str, units: Decimal) -> Decimal:
    """What the first units of a line have of an amount of the whole line."""
    return (dec(line.get(name)) * units / dec(line["Quantity"])).quantize(CENT, ROUND_HALF_UP)


def _charge(order: Row, charge: Row) -> Row:
    by = charge.get("TaxCollectedBy") or order["TaxCollectedBy"]
    return {"Type": charge["Type"], "Amount": charge["Amount"], "TaxAmount": dec(charge.get("TaxAmount")), "TaxCollectedBy": by}


def _whole_discounts(order: Row, line: Row) -> None:
    """Discounts of the whole order that its lines do not have."""
    whole = sum((dec(one["Amount"]) for one in order.get("Discounts") or () if not one.get("Apportioned")), ZERO)
    line["DiscountAmount"] += whole
