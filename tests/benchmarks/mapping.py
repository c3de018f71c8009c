"""How fast orders are mapped: thirty fields and three lines, against the same written by hand, in one process on one core.

Run it: `python -m tests.benchmarks.mapping`. Goal: 20,000 orders a second for the mapping alone.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from importlib.resources import files
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

from mappings.core.engine import apply, compile_rules
from mappings.core.values import Facts, Need, Rule, Step
from tests.mappings.core.samples import starter_rules

DENVER = ZoneInfo("America/Denver")
TABLES = {"ca_ship": {"UPS|GROUND": "UPS-GND"}, "site_names": {"640": "Amazon US"}}
CENT, FOUR = Decimal("0.01"), Decimal("0.0001")


def order() -> dict[str, Any]:
    """A plain order of three lines, as it is read from a channel."""
    address = {
        "FirstName": "Dana", "LastName": "Ruiz", "AddressLine1": "12 Main Street", "City": "Seattle", "StateOrProvince": "WA",
        "PostalCode": "98101", "Country": "US", "Phone": "+1 206 555 0142", "AddressType": "Residential",
    }  # fmt: skip
    line = {
        "SKU": "TK-1001", "Title": "Trail jacket,  blue", "Quantity": 2, "QuantityCancelled": 0, "UnitPrice": Decimal("59.99"),
        "TaxAmount": Decimal("12.12"), "DiscountAmount": Decimal("-5.00"), "DistributionCenter": "RENO", "GiftMessage": "Happy birthday",
        "IsBundle": False, "ShippingAmount": Decimal("4.00"), "ShippingTaxAmount": Decimal("0.40"), "Promotions": [],
    }  # fmt: skip
    return {
        "ChannelAdvisorOrderID": 19918546, "OrderID": "112-4455667-7788990", "OrderDate": "2026-11-20T04:30:00Z",
        "ShipByDateUtc": "2026-11-21T23:59:59Z", "DeliverByDateUtc": None, "OrderStatus": "New", "PaymentStatus": "Cleared",
        "FulfilledBy": "Seller", "Currency": "USD", "TaxMode": "Exclusive", "TaxCollectedByMarketplace": True,
        "Marketplace": {"SiteID": 640, "Name": "Amazon US", "AccountID": 501}, "ShippingAddress": address, "BillingAddress": None,
        "CustomerInfo": {"FirstName": "Dana", "LastName": "Ruiz", "Email": "X1@marketplace.example", "CustomerKey": "640-1"},
        "ShippingMethod": {"Carrier": "UPS", "Class": "GROUND"},
        "OrderItem": [{**line, "ItemID": 900001 + place} for place in range(3)],
        "Totals": {"Items": Decimal("359.94"), "Tax": Decimal("36.36"), "Shipping": Decimal("12.00"), "ShippingTax": Decimal("1.20"),
                   "Discount": Decimal("-15.00"), "Grand": Decimal("394.50")},
        "Notes": {"Buyer": "Leave at the door", "Private": "", "Public": ""}, "Discounts": [], "PersonalDataRemoved": False,
    }  # fmt: skip


def rules() -> list[Rule]:
    """Thirty fields: copies, constants, lookups, maps, dates, amounts and formulas, nine of them per line."""

    def rule(target: str, source: str = "", *steps: tuple[str, Mapping[str, Any]], **more: Any) -> Rule:
        return Rule(target=target, source=source, steps=tuple(Step(name=name, args=args) for name, args in steps), **more)

    address = ("FirstName", "LastName", "AddressLine1", "City", "StateOrProvince", "PostalCode", "Country")
    return [
        rule("SourceSystem", constant="ChannelAdvisor", type="text"),
        rule("ExternalOrderID", "ChannelAdvisorOrderID", type="text", if_empty="error"),
        rule("MarketplaceOrderID", "OrderID", type="text"),
        rule("MarketplaceName", "Marketplace.SiteID", ("lookup", {"table": "site_names"}), type="text"),
        rule("OrderDate", "OrderDate", ("local_date", {"tz": "America/Denver"}), type="date"),
        rule("OrderStatus", "OrderStatus", ("map", {"values": {"New": "Open", "OnHold": "OnHold"}}), type="text"),
        rule("PaymentStatus", "PaymentStatus", ("map", {"values": {"Cleared": "Paid"}}), type="text"),
        rule("Currency", "Currency", ("upper", {}), type="text"),
        rule("PricesIncludeTax", formula='TaxMode = "Inclusive"', type="yes/no"),
        *[rule(f"ShippingAddress.{name}", f"ShippingAddress.{name}", type="text") for name in address],
        rule("ShippingMethod", "", ("concat", {"sep": "|", "paths": ["ShippingMethod.Carrier", "ShippingMethod.Class"]}),
             ("lookup", {"table": "ca_ship"}), type="text"),
        rule("BuyerNotes", "Notes.Buyer", ("trim", {"length": 2000, "cut": True}), type="text"),
        rule("LineItems[].ExternalLineID", "OrderItem[].ItemID", type="text"),
        rule("LineItems[].SKU", "OrderItem[].SKU", type="text", if_empty="error"),
        rule("LineItems[].Description", "OrderItem[].Title", ("trim", {"length": 255, "cut": True}), type="text"),
        rule("LineItems[].Quantity", "OrderItem[].Quantity", type="number"),
        rule("LineItems[].Price", "OrderItem[].UnitPrice", ("dec", {"scale": 4}), type="number"),
        rule("LineItems[].DiscountAmount", "OrderItem[].DiscountAmount", ("dec", {"scale": 2}), type="number"),
        rule("LineItems[].TaxAmount", "OrderItem[].TaxAmount", ("dec", {"scale": 2}), type="number"),
        rule("LineItems[].LocationCode", "OrderItem[].DistributionCenter", type="text"),
        rule("LineItems[].GiftMessage", "OrderItem[].GiftMessage", type="text"),
        rule("Charges[Type=Shipping].Amount", "Totals.Shipping", ("dec", {"scale": 2}), type="number"),
        rule("Charges[Type=Shipping].TaxAmount", "Totals.ShippingTax", ("dec", {"scale": 2}), type="number"),
        rule("TotalAmount", "Totals.Grand", ("dec", {"scale": 2}), type="number"),
    ]  # fmt: skip


def by_hand(source: dict[str, Any]) -> dict[str, Any]:
    """The same map as `rules`, as a programmer would write it for this one case."""
    site, ship, address, totals = source["Marketplace"], source["ShippingMethod"], source["ShippingAddress"], source["Totals"]
    placed = datetime.fromisoformat(source["OrderDate"]).astimezone(DENVER).date().isoformat()
    names = ("FirstName", "LastName", "AddressLine1", "City", "StateOrProvince", "PostalCode", "Country")
    return {
        "SourceSystem": "ChannelAdvisor", "ExternalOrderID": str(source["ChannelAdvisorOrderID"]), "MarketplaceOrderID": source["OrderID"],
        "MarketplaceName": TABLES["site_names"][str(site["SiteID"])], "OrderDate": placed,
        "OrderStatus": {"New": "Open", "OnHold": "OnHold"}[source["OrderStatus"]],
        "PaymentStatus": {"Cleared": "Paid"}[source["PaymentStatus"]],
        "Currency": source["Currency"].upper(), "PricesIncludeTax": source["TaxMode"] == "Inclusive",
        "ShippingAddress": {name: address[name] for name in names},
        "ShippingMethod": TABLES["ca_ship"][f"{ship['Carrier']}|{ship['Class']}"],
        "BuyerNotes": " ".join(source["Notes"]["Buyer"].split())[:2000],
        "LineItems": [
            {
                "ExternalLineID": str(line["ItemID"]), "SKU": line["SKU"], "Description": " ".join(line["Title"].split())[:255],
                "Quantity": line["Quantity"], "Price": line["UnitPrice"].quantize(FOUR, ROUND_HALF_UP),
                "DiscountAmount": line["DiscountAmount"].quantize(CENT, ROUND_HALF_UP),
                "TaxAmount": line["TaxAmount"].quantize(CENT, ROUND_HALF_UP), "LocationCode": line["DistributionCenter"],
                "GiftMessage": line["GiftMessage"],
            }
            for line in source["OrderItem"]
        ],
        "Charges": [{"Type": "Shipping", "Amount": totals["Shipping"].quantize(CENT, ROUND_HALF_UP),
                     "TaxAmount": totals["ShippingTax"].quantize(CENT, ROUND_HALF_UP)}],
        "TotalAmount": totals["Grand"].quantize(CENT, ROUND_HALF_UP),
    }  # fmt: skip


def starter() -> Callable[[dict[str, Any]], Any]:
    """The shipped order map with its lookup tables, all questions answered."""
    rows: dict[str, Any] = {
        one.name.removesuffix(".json"): json.loads(one.read_text("utf-8")) for one in (files("mappings") / "starters").iterdir()
    }
    tables = {slug: {key: value for key, value, *_ in row["entries"]} for slug, row in rows.items() if "entries" in row}
    compiled = compile_rules(starter_rules("ca-order-to-tims-sales-order", "connectors.tims", "sales_order"), tables=tables)
    answers: dict[Need, str | None] = {Need(kind="reference", stream="customers", key="640-1"): "C-000017"}
    answers[Need(kind="record", stream="items", key="TK-1001")] = "TK-1001"
    answers[Need(kind="hazard", stream="items", key="TK-1001")] = ""
    settings = {"time_zone": "America/Denver"}
    return lambda source: apply(compiled, source, Facts(tables=tables, settings=settings, answers=answers))


def seconds_each(work: Callable[[dict[str, Any]], Any], *, count: int) -> float:
    """CPU seconds of the best of five rounds."""
    source = order()
    best = float("inf")
    for _ in range(5):
        began = process_time()
        for _ in range(count):
            work(source)
        best = min(best, (process_time() - began) / count)
    return best


def main() -> None:
    """Prints orders a second and the ratio to the hand-written map; fails when both do not give the same."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--count", type=int, default=3_000, help="orders a round")
    count = arguments.parse_args().count
    compiled, facts, whole = compile_rules(rules(), tables=TABLES), Facts(tables=TABLES), starter()
    outcome, complete = apply(compiled, order(), facts), whole(order())
    if outcome.payload != by_hand(order()) or outcome.problems or complete.problems or complete.asked or complete.waits:
        raise SystemExit(f"The maps do not agree: {outcome.problems or complete.problems or complete.asked}")
    hand = seconds_each(by_hand, count=count)
    print(f"{'map':<34}{'orders/s':>12}{'µs each':>10}{'× by hand':>11}")
    for name, seconds in (
        ("written by hand", hand),
        ("30 fields, 3 lines", seconds_each(lambda source: apply(compiled, source, facts), count=count)),
        ("shipped starter (54 rules), 3 lines", seconds_each(whole, count=max(count // 5, 1))),
    ):
        print(f"{name:<34}{1 / seconds:>12,.0f}{seconds * 1e6:>10.1f}{seconds / hand:>11.2f}")


if __name__ == "__main__":
    main()
