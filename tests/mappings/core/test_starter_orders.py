"""The awkward orders of the catalogue through the shipped map."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.mappings.core.samples import ADDRESS, arrives, lines, mapped, order, plain_order

D = Decimal


def test_two_lines_of_one_sku_stay_two_lines() -> None:
    found = mapped(plain_order({"SKU": "A", "UnitPrice": D(1), "ItemID": 5}, {"SKU": "A", "UnitPrice": D(2), "ItemID": 6}))
    assert lines(found, "ExternalLineID", "SKU") == [("5", "A"), ("6", "A")]
    arrives(found)


def test_a_cancelled_line_is_dropped_and_the_others_keep_their_order() -> None:
    changed = plain_order({"SKU": "A", "UnitPrice": D(1)}, {"SKU": "B", "UnitPrice": D(1), "Quantity": 0}, {"SKU": "C", "UnitPrice": D(1)})
    assert lines(mapped(changed), "SKU") == [("A",), ("C",)]


def test_an_order_without_a_line_left_is_a_problem_of_its_lines() -> None:
    found = mapped(plain_order({"UnitPrice": D(1), "Quantity": 2, "QuantityCancelled": 2}))
    assert [(problem.path, problem.code) for problem in found.problems] == [("LineItems[]", "required")]


@pytest.mark.parametrize(("part", "name"), [("S", "19918546-S"), ("X", "19918546-X"), (None, "19918546")])
def test_a_part_of_an_order_has_a_name_of_its_own(part: str | None, name: str) -> None:
    found = mapped(order() | {"ChannelAdvisorOrderID": 19918546, "Part": part})
    assert arrives(found)["ExternalOrderID"] == name


def test_an_order_of_the_marketplace_warehouse_needs_neither_method_nor_address() -> None:
    external = {"FulfilledBy": "External", "ShippingAddress": None, "ShippingMethod": None, "OrderStatus": "Shipped"}
    payload = arrives(mapped(order() | external))
    assert ("ShippingMethod" in payload, "ShippingAddress" in payload, payload["OrderStatus"]) == (False, False, "Fulfilled")


def test_a_long_gift_message_is_cut_without_emoji_and_with_a_warning() -> None:
    changed = order()
    changed["OrderItem"][0]["GiftMessage"] = "🎂 Happy birthday! " * 60
    found = mapped(changed)
    message = arrives(found)["LineItems"][0]["GiftMessage"]
    assert len(message) <= 500
    assert "🎂" not in message
    assert {warning.path for warning in found.warnings if warning.code == "cut"} == {"LineItems[0].GiftMessage"}
    assert found.payload["IsGift"] is True


def test_an_order_without_mail_and_phone_arrives_and_takes_the_company_number_where_there_is_one() -> None:
    changed = order() | {"CustomerInfo": {"CustomerKey": "k", "Email": None, "Phone": ""}, "ShippingAddress": ADDRESS | {"Phone": None}}
    assert "Phone" not in arrives(mapped(changed))["ShippingAddress"]
    assert arrives(mapped(changed, settings={"company_phone": "+1 775 555 0100"}))["ShippingAddress"]["Phone"] == "+17755550100"


@pytest.mark.parametrize(
    ("address", "method", "expected"),
    [({"AddressLine1": "P.O. Box 5"}, "GROUND", "USPS-GA"), ({"AddressLine1": "P.O. Box 5"}, "2DAY", "USPS-PRI"),
     ({"City": "APO", "StateOrProvince": "AE", "PostalCode": "09012", "AddressLine1": "Unit 5"}, "GROUND", "USPS-GA"),
     ({"AddressLine1": "5 Main Street"}, "GROUND", "UPS-GND")],
)  # fmt: skip
def test_a_method_that_does_not_deliver_there_is_replaced(address: dict[str, Any], method: str, expected: str) -> None:
    found = mapped(order() | {"ShippingAddress": ADDRESS | address, "ShippingMethod": {"Carrier": "UPS", "Class": method}})
    assert arrives(found)["ShippingMethod"] == expected
    assert [warning.code for warning in found.warnings] == (["pobox"] if expected.startswith("USPS") else [])


def test_a_po_box_without_another_method_holds_the_address() -> None:
    found = mapped(order() | {"ShippingMethod": {"Carrier": "DHL", "Class": "EXPRESS"}})
    assert (found.hold, found.payload["ShippingMethod"], found.problems) == ("ADDRESS", "DHL-EXP", ())


def test_an_unmapped_carrier_is_a_problem_or_the_default_method_with_a_warning() -> None:
    changed = order() | {"ShippingMethod": {"Carrier": "DRONE", "Class": "ROOFTOP"}}
    assert [problem.cause for problem in mapped(changed).problems] == ["lookup:ca_ship:DRONE|ROOFTOP"]
    found = mapped(changed, settings={"default_shipping_method": "USPS-GA"})
    assert arrives(found)["ShippingMethod"] == "USPS-GA"
    assert [warning.cause for warning in found.warnings] == ["lookup:ca_ship:DRONE|ROOFTOP"]


def test_an_unknown_sku_on_one_of_five_lines_stops_the_whole_order_until_an_alias_is_there() -> None:
    changed = plain_order(*[{"SKU": sku, "UnitPrice": D(1)} for sku in ("A", "B", "C", "ZZ-1", "E")])
    assert [(need.kind, need.key, need.path) for need in mapped(changed).waits] == [("record", "ZZ-1", "LineItems[3].SKU")]
    assert lines(mapped(changed, tables={"sku_alias": {"ZZ-1": "TK-1"}}), "SKU")[3] == ("TK-1",)


@pytest.mark.parametrize(
    ("zone", "placed", "expected"),
    [
        ("America/Los_Angeles", "2026-11-20T07:30:00Z", "2026-11-19"),
        ("Pacific/Auckland", "2026-11-19T11:30:00Z", "2026-11-20"),
        ("", "2026-11-20T00:10:00+13:00", "2026-11-19"),
    ],
)
def test_the_order_date_is_the_day_of_the_company(zone: str, placed: str, expected: str) -> None:
    assert mapped(order() | {"OrderDate": placed}, settings={"time_zone": zone}).payload["OrderDate"] == expected


def test_an_order_without_ship_by_time_is_wanted_after_the_handling_days() -> None:
    changed = order() | {"ShipByDateUtc": None}
    assert [mapped(changed, settings={"handling_days": days}).payload["RequestedShipDate"] for days in ("", "3")] == [
        "2026-11-20",
        "2026-11-22",
    ]


def test_erased_personal_data_is_refused_with_what_to_do() -> None:
    erased = dict.fromkeys(ADDRESS, "") | {"City": "Seattle", "Country": "US"}
    found = mapped(order() | {"PersonalDataRemoved": True, "ShippingAddress": erased})
    assert {problem.code for problem in found.problems} == {"personal_data_removed"}


def test_a_pending_order_is_held_as_unpaid_and_a_failed_payment_is_refused() -> None:
    pending = mapped(order() | {"OrderStatus": "Pending", "PaymentStatus": "Submitted"}).payload
    assert (pending["OrderStatus"], pending["PaymentStatus"], pending["Hold"]) == ("Open", "Authorized", {"Code": "UNPAID"})
    assert [problem.code for problem in mapped(order() | {"PaymentStatus": "Failed"}).problems] == ["payment_failed"]


def test_locations_are_named_on_the_order_or_on_its_lines_or_left_to_tims() -> None:
    changed = order()
    changed["OrderItem"][1]["DistributionCenter"] = "ATLANTA"
    together, apart, left = mapped(order()), mapped(changed), mapped(changed, settings={"locations": "tims"})
    assert (together.payload["FulfillmentLocationCode"], lines(together, "LocationCode")) == ("RENO", [(None,), (None,)])
    assert ("FulfillmentLocationCode" in apart.payload, lines(apart, "LocationCode")) == (False, [("RENO",), ("ATLANTA",)])
    assert ("FulfillmentLocationCode" in left.payload, lines(left, "LocationCode")) == (False, [(None,), (None,)])


def test_all_problems_of_an_order_come_together_and_name_no_person() -> None:
    changed = order() | {"Currency": "dollars", "ShippingMethod": {"Carrier": "DRONE", "Class": "ROOFTOP"}, "OrderDate": "yesterday"}
    changed["ShippingAddress"] = ADDRESS | {"City": "", "AddressLine1": "7 Canary Lane", "LastName": "Canary"}
    changed["OrderItem"][1]["UnitPrice"] = "free"
    found = mapped(changed)
    assert {problem.path for problem in found.problems} >= {
        "Currency",
        "ShippingMethod",
        "OrderDate",
        "ShippingAddress",
        "LineItems[1].Price",
    }
    assert not any("Canary" in problem.message + problem.cause + problem.value for problem in found.problems)
