"""What the tests of the mapping core share: the sample order, the shipped starters, and short ways to apply rules."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from connectors.schema import fields, validate
from mappings.core.engine import Compiled, apply, compile_rules
from mappings.core.rules import with_types
from mappings.core.values import Facts, Need, Outcome, Rule, Step

SETTINGS = {"time_zone": "America/Denver"}


def rule(target: str, source: str = "", *steps: tuple[str, Mapping[str, Any]], **more: Any) -> Rule:
    """A rule with its steps as (name, arguments)."""
    return Rule(target=target, source=source, steps=tuple(Step(name=name, args=args) for name, args in steps), **more)


def outcome(rules: Sequence[Rule], source: Any, *, trace: bool = False, **facts: Any) -> Outcome:
    """Applies rules that must compile."""
    compiled = compile_rules(rules, tables=facts.get("tables", {}))
    assert compiled.problems == []
    return apply(compiled, source, Facts(**facts), trace=trace)


def stepped(value: Any, *steps: tuple[str, Mapping[str, Any]], source: Mapping[str, Any] | None = None, **facts: Any) -> Outcome:
    """One value through steps: source field `In` to target field `Out`."""
    return outcome([rule("Out", "In", *steps)], {"In": value, **(source or {})}, **facts)


class Everything(dict[Need, str | None]):
    """Answers every question with yes: customers are C-000017, items exist, but not those that begin with ZZ; GAS… is hazardous."""

    def get(self, need: Need, default: Any = None) -> str | None:
        if need.kind == "hazard":
            return "2.1" if need.key.startswith("GAS") else ""
        if need.key.startswith("ZZ"):
            return None
        return "C-000017" if need.kind == "reference" else need.key


@cache
def shipped() -> dict[str, dict[str, Any]]:
    """The starter files by slug."""
    found = [json.loads(one.read_text("utf-8")) for one in (files("mappings") / "starters").iterdir() if one.name.endswith(".json")]
    return {one["slug"]: one for one in found}


def tables() -> dict[str, dict[str, str]]:
    """The shipped lookup tables, as own copies."""
    return {slug: {row[0]: row[1] for row in one["entries"]} for slug, one in shipped().items() if "entries" in one}


def starter_rules(slug: str, package: str, schema: str) -> list[Rule]:
    """The rules of a shipped mapping with the types of its target."""
    rules = [Rule(**row | {"steps": tuple(Step(**step) for step in row.get("steps", ()))}) for row in shipped()[slug]["rules"]]
    return with_types(rules, fields(package, schema))


@cache
def compiled_starter(slug: str, package: str, schema: str) -> Compiled:
    """A shipped map that compiles without a problem."""
    compiled = compile_rules(starter_rules(slug, package, schema), tables=tables())
    assert compiled.problems == []
    return compiled


def order_map() -> Compiled:
    """The shipped map of ChannelAdvisor's orders, compiled."""
    return compiled_starter("ca-order-to-tims-sales-order", "connectors.tims", "sales_order")


def mapped(order: Mapping[str, Any], *, answers: Mapping[Need, str | None] | None = None, **more: Any) -> Outcome:
    """An order through the shipped map; `settings` and `tables` are laid over the usual ones."""
    facts = Facts(
        tables=tables() | more.get("tables", {}),
        settings=SETTINGS | more.get("settings", {}),
        answers=Everything() if answers is None else answers,
    )
    return apply(order_map(), dict(order), facts)


ADDRESS = {
    "FirstName": "Dana", "LastName": "Ruiz", "AddressLine1": "PO Box 112", "AddressLine2": "", "City": "Seattle", "StateOrProvince": "WA",
    "PostalCode": "98101", "Country": "US", "Phone": "+1 206 555 0142", "AddressType": "Residential",
}  # fmt: skip
_ORDER = {
    "ChannelAdvisorOrderID": 19918546, "OrderID": "112-4455667-7788990", "ProfileID": 12345678,
    "Marketplace": {"SiteID": 640, "Name": "Amazon US", "AccountID": 501}, "OrderStatus": "New", "PaymentStatus": "Cleared",
    "FulfillmentStatus": "Unshipped", "FulfilledBy": "Seller", "OrderDate": "2026-11-19T23:41:07Z",
    "UpdatedDateUtc": "2026-11-19T23:55:10Z", "ShipByDateUtc": "2026-11-21T23:59:59Z", "Currency": "USD", "TaxMode": "Exclusive",
    "TaxCollectedByMarketplace": True,
    "CustomerInfo": {"FirstName": "Dana", "LastName": "Ruiz", "Email": "x1y2z3@marketplace.example", "Phone": "+1 206 555 0142",
                     "CustomerKey": "640-0a1b2c"},
    "ShippingAddress": ADDRESS, "BillingAddress": None, "ShippingMethod": {"Carrier": "UPS", "Class": "GROUND"},
    "OrderItem": [
        {"ItemID": 900001, "MarketplaceItemID": "77001", "SKU": "TK-4411-BLU-M", "Quantity": 2, "UnitPrice": Decimal("59.99"),
         "TaxAmount": Decimal("12.12"), "DiscountAmount": Decimal("-5.00"), "ShippingAmount": Decimal("4.00"),
         "ShippingTaxAmount": Decimal("0.40"), "ShippingDiscountAmount": 0, "GiftWrapAmount": Decimal("3.00"),
         "GiftWrapTaxAmount": Decimal("0.30"), "GiftMessage": "Happy birthday",
         "Promotions": [{"Code": "NOV5", "Amount": Decimal("-5.00"), "ShippingAmount": 0}],
         "QuantityShipped": 0, "QuantityCancelled": 0, "IsBundle": False, "DistributionCenter": "RENO"},
        {"ItemID": 900002, "MarketplaceItemID": "77002", "SKU": "TK-9000", "Quantity": 1, "UnitPrice": Decimal("19.50"),
         "TaxAmount": Decimal("1.97"), "DiscountAmount": 0, "ShippingAmount": 0, "ShippingTaxAmount": 0, "ShippingDiscountAmount": 0,
         "QuantityShipped": 0, "QuantityCancelled": 0, "IsBundle": False, "DistributionCenter": "RENO"}],
    "Totals": {"Items": Decimal("139.48"), "Tax": Decimal("14.09"), "Shipping": Decimal("4.00"), "ShippingTax": Decimal("0.40"),
               "GiftWrap": Decimal("3.00"), "GiftWrapTax": Decimal("0.30"), "Insurance": 0, "Recycling": 0, "Discount": Decimal("-5.00"),
               "Additional": 0, "Grand": Decimal("156.27")},
    "Discounts": [], "Exported": False, "PersonalDataRemoved": False, "Version": 1,
}  # fmt: skip


def order() -> dict[str, Any]:
    """The sample order of the ChannelAdvisor API reference (A5.4), to be changed freely."""
    return copy.deepcopy(_ORDER)


def plain_order(*lines: Mapping[str, Any], currency: str = "USD", **more: Any) -> dict[str, Any]:
    """An order with these lines, no charges, and the totals that they give."""
    made = order() | {"Currency": currency, "Discounts": []} | more
    usual = {"TaxAmount": 0, "DiscountAmount": 0, "Quantity": 1, "QuantityCancelled": 0, "SKU": "TK-1001", "IsBundle": False}
    made["OrderItem"] = [{**usual, "ItemID": 1 + place, **line} for place, line in enumerate(lines)]
    items = sum((Decimal(line["UnitPrice"]) * line["Quantity"] for line in made["OrderItem"]), Decimal(0))
    less = sum((Decimal(line["DiscountAmount"]) for line in made["OrderItem"]), Decimal(0))
    less += sum((Decimal(one["Amount"]) for one in made["Discounts"]), Decimal(0))
    tax = sum((Decimal(line["TaxAmount"]) for line in made["OrderItem"]), Decimal(0))
    grand = items + less + (tax if made["TaxMode"] == "Exclusive" else 0)
    made["Totals"] = {"Items": items, "Tax": tax, "Discount": less, "Grand": grand} | more.get("Totals", {})
    return made


def lines(found: Outcome, *names: str) -> list[tuple[Any, ...]]:
    """These fields of each line."""
    return [tuple(line.get(name) for name in names) for line in found.payload["LineItems"]]


def arrives(found: Outcome) -> dict[str, Any]:
    """The payload of an order that nothing stops and that the target's schema takes."""
    assert (found.problems, found.waits, found.asked, found.hold) == ((), (), frozenset(), "")
    assert validate("connectors.tims", "sales_order", found.payload) == []
    return found.payload
