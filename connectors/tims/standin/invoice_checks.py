"""What a new invoice of the stand-in must agree with: the order's units, the accounts, the invoice that it credits."""

from __future__ import annotations

from decimal import Decimal

from connectors.sandbox import Row, Sandbox
from connectors.tims.standin import chart
from connectors.tims.standin.checks import Flaw, flaw, refuse
from connectors.tims.standin.receivables import KIND, left_to_credit, owed
from connectors.tims.standin.totals import ZERO, dec


def link_flaws(box: Sandbox, row: Row, order: Row | None) -> list[Flaw]:
    """The order and the credited invoice exist and are in the same currency."""
    flaws: list[Flaw] = []
    if row.get("SalesOrderID") and order is None:
        flaws.append(flaw("SalesOrderID", "not_found", f"Sales order {row['SalesOrderID']} does not exist.", row["SalesOrderID"]))
    if order and order["Currency"] != row["Currency"]:
        flaws.append(flaw("Currency", "currency_mismatch", f"The order is in {order['Currency']}.", row["Currency"]))
    wanted = row.get("AppliesToInvoiceID")
    if not wanted:
        return flaws
    held = box.book.get(KIND, wanted)
    at = "AppliesToInvoiceID"
    if row["DocumentType"] != "CreditMemo":
        flaws.append(flaw(at, "invalid_choice", "Only a credit memo credits an invoice.", wanted))
    elif held is None:
        flaws.append(flaw(at, "not_found", f"Invoice {wanted} does not exist.", wanted))
    elif held["DocumentType"] != "Invoice" or held["Status"] in ("Draft", "Void"):
        flaws.append(flaw(at, "inactive", f"{held['DocumentType']} {wanted} is {held['Status']}.", wanted))
    elif held["Currency"] != row["Currency"]:
        flaws.append(flaw("Currency", "currency_mismatch", f"Invoice {wanted} is in {held['Currency']}.", row["Currency"]))
    return flaws


def refuse_over_credit(box: Sandbox, row: Row) -> None:
    """Raises Refusal 422 for more than is left of the credited invoice, unless that is allowed."""
    held = box.book.get(KIND, str(row.get("AppliesToInvoiceID")))
    if held and not row["_OverCredit"] and owed(row) > (left := left_to_credit(box, held)):
        words = f"{left:.2f} of invoice {held['InvoiceID']} are left to credit."
        refuse("credit memo", [flaw("TotalAmount", "max_value", words, row["TotalAmount"])])


def account_flaws(box: Sandbox, row: Row) -> list[Flaw]:
    """A line has an item or an account, never both."""
    flaws: list[Flaw] = []
    for at, line in enumerate(row["Lines"]):
        path, sku, account = f"Lines[{at}]", line.get("SKU"), line.get("GLAccountCode")
        if bool(sku) == bool(account):
            flaws.append(flaw(f"{path}.SKU", "required" if not sku else "invalid_choice", "An item or an account, never both."))
        elif sku and not box.book.has("items", str(sku).upper()):
            flaws.append(flaw(f"{path}.SKU", "unknown_sku", f"Item {sku} does not exist.", sku))
        elif account:
            flaws += chart.account_flaws(box, account, f"{path}.GLAccountCode", row["Currency"])
    return flaws


def unit_flaws(box: Sandbox, row: Row, order: Row | None) -> list[Flaw]:
    """Units of an order are invoiced once they are shipped, and once only."""
    flaws: list[Flaw] = []
    left = units_left(box, order) if order else {}
    skus = {line["LineNumber"]: str(line["SKU"]).upper() for line in (order or {}).get("LineItems") or ()}
    for at, line in enumerate(row["Lines"]):
        number, path = line.get("SalesOrderLineNumber"), f"Lines[{at}]"
        if number is None:
            continue
        if number not in left:
            flaws.append(flaw(f"{path}.SalesOrderLineNumber", "not_found", "The order has no such line.", number))
        elif str(line.get("SKU")).upper() != skus[number]:
            flaws.append(flaw(f"{path}.SKU", "invalid_choice", f"Line {number} is {skus[number]}.", line.get("SKU")))
        elif row["DocumentType"] == "Invoice":
            left[number] -= dec(line["Quantity"])
            if left[number] < 0:
                flaws.append(flaw(f"{path}.Quantity", "max_value", "More than is shipped and not yet invoiced.", line["Quantity"]))
    return flaws


def units_left(box: Sandbox, order: Row) -> dict[int, Decimal]:
    """Shipped units by line of the order that no invoice has, drafts included."""
    left = {line["LineNumber"]: shipped(order, line) for line in order["LineItems"]}
    for key in box.book.find(KIND, "order", order["SalesOrderID"]):
        row = box.book.get(KIND, key) or {}
        for line in row["Lines"] if row["DocumentType"] == "Invoice" and row["Status"] != "Void" else ():
            if line.get("SalesOrderLineNumber"):
                left[line["SalesOrderLineNumber"]] -= dec(line["Quantity"])
    return left


def shipped(order: Row, line: Row) -> Decimal:
    """Units that have left the house; an order that the marketplace had shipped before it came has no shipment here."""
    if order["FulfilledBy"] == "External" and order["OrderStatus"] in ("Fulfilled", "Completed"):
        return dec(line["Quantity"]) - dec(line["QuantityCancelled"])
    return dec(line["QuantityShipped"]) + ZERO
