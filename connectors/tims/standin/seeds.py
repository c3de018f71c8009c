"""What a fresh TIMS holds: reference data, items with stock, house accounts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from connectors.sandbox import Row, Sandbox
from connectors.tims.standin import chart, documents
from connectors.tims.standin.stock import set_stock

SINCE = "2026-01-01T00:00:00.000000Z"
CARRIERS = ("UPS", "FEDEX", "USPS", "DHL", "ONTRAC", "AMZL", "OTHER")
METHODS = {
    # code: carrier, level, days, PO box, military, international, hazmat
    "UPS-GND": ("UPS", "Ground", 5, False, False, False, True), "UPS-2DA": ("UPS", "2nd Day Air", 2, False, False, False, False),
    "UPS-NDA": ("UPS", "Next Day Air", 1, False, False, False, False), "FEDEX-GND": ("FEDEX", "Ground", 5, False, False, False, True),
    "FEDEX-2D": ("FEDEX", "2Day", 2, False, False, False, False), "FEDEX-ON": ("FEDEX", "Overnight", 1, False, False, False, False),
    "USPS-GA": ("USPS", "Ground Advantage", 5, True, True, False, True), "USPS-PRI": ("USPS", "Priority Mail", 3, True, True, False, False),
    "USPS-EXP": ("USPS", "Priority Express", 2, True, True, False, False), "DHL-EXP": ("DHL", "Express", 3, False, False, True, False),
    "WILLCALL": ("OTHER", "Customer collects", 0, True, True, True, True),
}  # fmt: skip
LOCATIONS = (("RENO", "America/Los_Angeles", False), ("ATLANTA", "America/New_York", False), ("FBA-US", "America/New_York", True))
PLAIN = {
    "payment_methods": ("MARKETPLACE", "PAYPAL", "CARD", "INVOICE"),
    "payment_terms": ("PREPAID", "NET30"),
    "tax_codes": ("TAXABLE", "EXEMPT", "VAT20", "VAT19"),
    "price_lists": ("RETAIL", "WHOLESALE"),
    "salespersons": ("WEB",),
    "hold_codes": ("UNPAID", "ADDRESS", "CREDIT", "FRAUD", "TOTALS", "DATA", "BUYER-CANCEL"),
}
DISCOUNTS = ("CA-PROMO", "AMZ-PROMO", "NOV5")
NOUNS = (
    "Trail jacket",
    "Wool cap",
    "Steel bottle",
    "Headlamp",
    "Rope 30 m",
    "Day pack",
    "Camp stove",
    "Tent peg set",
    "Dry bag",
    "Map case",
)
HOUSE = {
    "C-CA-GUEST": "Web guests",
    **{f"C-AMZ-{code}": f"Amazon {code} house account" for code in ("US", "CA", "UK", "DE", "FR", "IT", "ES", "JP")},
}


def seed(box: Sandbox, *, items: int = 200, bundles: int = 12, stock: int = 500) -> None:
    """Accounts, periods, items `TK-1001`… (every 50th discontinued, every 40th not sellable), kits `BDL-…`; what is there already stays."""
    with box.book.transaction():
        _reference(box)
        chart.seed(box)
        for number in range(items):
            _stock_item(box, number, stock)
        for number in range(bundles):
            _kit(box, number)
        for key, name in HOUSE.items():
            if not box.book.has("customers", key):
                house: Row = {"CustomerID": key, "CustomerType": "Marketplace", "CompanyName": name, "Status": "Active", "Currency": "USD"}
                documents.save(box, "customers", key, {**house, "ExternalIDs": [], "Addresses": []}, changed=[])


def _reference(box: Sandbox) -> None:
    for code in CARRIERS:
        _put(box, "carriers", code, ScacCode=code[:4])
    for code, (carrier, level, days, po_box, military, international, hazmat) in METHODS.items():
        more = {"CarrierID": carrier, "Service": level, "TransitDays": days, "AllowsPOBox": po_box, "AllowsMilitary": military}
        _put(box, "shipping_methods", code, **more, International=international, HazmatAllowed=hazmat)
    for code, zone, external in LOCATIONS:
        _put(box, "locations", code, IsExternal=external, Timezone=zone, Country="US", AllowNegative=False)
    for code in DISCOUNTS:
        _put(box, "discount_codes", code, Type="Amount", Value=0, GLAccountCode="4190", StartDate="2026-01-01", EndDate=None)
    for listed, codes in PLAIN.items():
        for code in codes:
            _put(box, listed, code)


def _put(box: Sandbox, listed: str, code: str, **more: Any) -> None:
    if not box.book.has("reference", f"{listed}/{code}"):
        row = {"List": listed, "Code": code, "Name": code, "Active": True, **more, "UpdatedAt": SINCE}
        box.book.put("reference", f"{listed}/{code}", row)


def _stock_item(box: Sandbox, number: int, stock: int) -> None:
    sku, place = f"TK-{1001 + number}", number + 1
    if box.book.has("items", sku):
        return
    price = Decimal(999 + (number * 137) % 9000) / 100
    row: Row = {
        "SKU": sku, "Description": f"{NOUNS[number % len(NOUNS)]}, no. {place}", "ItemType": "Stock",
        "Status": "Discontinued" if place % 50 == 0 else "Active", "Sellable": place % 40 != 0, "Channels": ["ChannelAdvisor", "Amazon"],
        "Barcode": {"Type": "UPC", "Value": f"8048791{number:05d}"}, "Brand": "Northpeak", "UnitOfMeasure": "EA", "PackQuantity": 1,
        "Cost": {"Standard": round(price / 2, 2), "Average": round(price / 2, 4), "Last": round(price / 2, 2), "Currency": "USD"},
        "ListPrice": price + 10, "BasePrice": price, "MinPrice": round(price * Decimal("0.8"), 2), "MaxPrice": price + 20,
        "TaxCode": "TAXABLE",
        "Weight": {"Value": Decimal("1.3"), "Unit": "lb"},
    }  # fmt: skip
    documents.save(box, "items", sku, row, changed=[])
    set_stock(box, sku, {"RENO": stock, "ATLANTA": stock // 2})


def _kit(box: Sandbox, number: int) -> None:
    sku = f"BDL-{101 + number}"
    if box.book.has("items", sku):
        return
    parts = [{"SKU": f"TK-{1001 + (number * 3 + step) % 39}", "Quantity": 1 + step % 2} for step in range(2 + number % 2)]
    row: Row = {
        "SKU": sku, "Description": f"Set no. {number + 1}", "ItemType": "Kit", "Status": "Active", "Sellable": True, "UnitOfMeasure": "EA",
        "Channels": ["ChannelAdvisor"], "PackQuantity": 1,
        "BasePrice": Decimal("79.00"), "ListPrice": Decimal("99.00"), "KitComponents": parts,
    }  # fmt: skip
    documents.save(box, "items", sku, row, changed=[])
