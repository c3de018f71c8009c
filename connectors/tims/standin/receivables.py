"""What invoices and credit memos of the stand-in add up to, what is still due of them, and which accounts they move (entity map 12)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from connectors.sandbox import Row, Sandbox
from connectors.tims.standin import documents, ledger
from connectors.tims.standin.checks import Flaw, flaw
from connectors.tims.standin.totals import CENT, ZERO, dec

KIND = "invoices"
RECEIVABLE, SALES, RETURNS, DISCOUNTS, TAX = "1100", "4000", "4910", "4900", "2200"
CHARGES = {"GiftWrap": "4020"}
SHIPPING = "4010"


def fill(row: Row) -> list[Flaw]:
    """Completes amounts in place; answers what does not add up."""
    flaws: list[Flaw] = []
    for at, line in enumerate(row["Lines"]):
        units = dec(line["Quantity"])
        computed = (units * dec(line["Price"])).quantize(CENT, ROUND_HALF_UP)
        sent = line.get("ExtendedAmount")
        line |= {"LineNumber": line.get("LineNumber") or at + 1, "ExtendedAmount": computed if sent is None else sent}
        line |= {name: dec(line.get(name)) for name in ("DiscountAmount", "TaxAmount")}
        line["TaxCollectedBy"] = line.get("TaxCollectedBy") or "Seller"
        if sent is not None and abs(dec(sent) - computed) >= CENT * units:
            flaws.append(flaw(f"Lines[{at}].ExtendedAmount", "sum_mismatch", f"{computed} computed, {sent} given.", sent))
    for charge in row.get("Charges") or ():
        charge |= {"TaxAmount": dec(charge.get("TaxAmount")), "TaxCollectedBy": charge.get("TaxCollectedBy") or "Seller"}
    total = computed_total(row)
    if abs(dec(row["TotalAmount"]) - total) > CENT * len(row["Lines"]):
        flaws.append(flaw("TotalAmount", "sum_mismatch", f"{total} computed, {row['TotalAmount']} given.", row["TotalAmount"]))
    return flaws


def computed_total(row: Row) -> Decimal:
    """The sum of lines, discounts, charges and, where prices exclude it, tax."""
    plain = sum((dec(line["ExtendedAmount"]) + dec(line["DiscountAmount"]) for line in row["Lines"]), ZERO)
    plain += sum((dec(charge["Amount"]) for charge in row.get("Charges") or ()), ZERO)
    return plain if row.get("_Inclusive") else plain + sum((tax for tax, _ in _taxes(row)), ZERO)


def owed(row: Row) -> Decimal:
    """What the customer owes, or is owed: the total without the tax that a marketplace collected."""
    return dec(row["TotalAmount"]) - sum((tax for tax, by in _taxes(row) if by == "Marketplace"), ZERO)


def _taxes(row: Row) -> Iterator[tuple[Decimal, str]]:
    for part in (*row["Lines"], *(row.get("Charges") or ())):
        yield dec(part["TaxAmount"]), str(part["TaxCollectedBy"])


def legs(row: Row) -> list[ledger.Leg]:
    """What posting moves: receivables against income, discounts and the seller's own tax; a credit memo the other way round."""
    credit = row["DocumentType"] == "CreditMemo"
    moved = [(RECEIVABLE, owed(row))]
    for line in row["Lines"]:
        account = line.get("GLAccountCode") or (RETURNS if credit else SALES)
        moved += [(account, -_net(row, line, "ExtendedAmount")), (DISCOUNTS, -dec(line["DiscountAmount"]))]
    moved += [(CHARGES.get(one["Type"], SHIPPING), -_net(row, one, "Amount")) for one in row.get("Charges") or ()]
    moved.append((TAX, -sum((tax for tax, by in _taxes(row) if by == "Seller"), ZERO)))
    return [(account, ledger.to_base(-amount if credit else amount, row.get("ExchangeRate"))) for account, amount in moved]


def _net(row: Row, part: Row, member: str) -> Decimal:
    return dec(part[member]) - (dec(part["TaxAmount"]) if row.get("_Inclusive") else ZERO)


def settle(box: Sandbox, row: Row, amount: Decimal, *, by: str = "api") -> Row:
    """A payment takes `amount` off what is due, or gives it back when negative."""
    row["BalanceDue"] = dec(row["BalanceDue"]) - amount
    row["Status"] = status(row)
    return documents.save(box, KIND, row["InvoiceID"], row, changed=["BalanceDue", "Status"], by=by)


def status(row: Row) -> str:
    """What the balance makes of a posted document."""
    due = dec(row["BalanceDue"])
    return "Paid" if not due else "Posted" if due == owed(row) else "PartiallyPaid"


def left_to_credit(box: Sandbox, invoice: Row) -> Decimal:
    """What credit memos have not yet taken back of an invoice, paid or not."""
    rows = [box.book.get(KIND, key) or {} for key in box.book.find(KIND, "credits", invoice["InvoiceID"])]
    return owed(invoice) - sum((owed(one) for one in rows if one["Status"] != "Void"), ZERO)
