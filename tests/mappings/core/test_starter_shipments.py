"""What goes back to the channels, and what Amazon ships for others, through the shipped maps."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from connectors.registry import connector
from connectors.schema import validate
from mappings.core.engine import apply
from mappings.core.values import Facts, Outcome
from tests.mappings.core.samples import SETTINGS, Everything, compiled_starter, shipped, tables

PACKAGE: dict[str, Any] = {
    "ShipmentID": "SH-000771", "Sequence": 771, "SalesOrderID": "SO-1000045", "Status": "Shipped", "ShippedAt": "2026-11-20T18:02:00Z",
    "LocationCode": "RENO", "CarrierID": "USPS", "ShippingMethod": "USPS-PRI",
    "Package": {
        "PackageNumber": 2, "TrackingNumber": "9400 1000 0000", "TrackingUrl": None,
        "Lines": [{"LineNumber": 1, "ExternalLineID": "900001", "SKU": "TK-1001", "Quantity": Decimal(1)}],
    },
    "Order": {
        "SalesOrderID": "SO-1000045", "SourceSystem": "ChannelAdvisor", "ExternalOrderID": "19918546", "FulfilledBy": "Seller",
        "MarketplaceOrderID": "112-4455667-7788990", "MarketplaceName": "Amazon US", "OrderedAt": "2026-11-19T23:41:07Z",
        "OrderStatus": "Fulfilled",
    },
}  # fmt: skip
ORDER: dict[str, Any] = {
    "SalesOrderID": "SO-1000045", "SourceSystem": "ChannelAdvisor", "ExternalOrderID": "19918546-S", "OrderStatus": "Open",
    "MarketplaceName": "eBay US", "MarketplaceOrderID": "12-00001-00002", "OrderedAt": "2026-11-19T23:41:07Z", "Currency": "USD",
    "FulfilledBy": "Seller", "FulfillmentLocationCode": "FBA-US", "ShippingMethod": "UPS-2DA",
    "ShippingAddress": {"Name": "Dana Ruiz", "AddressLine1": "1 Test Way", "City": "Reno", "PostalCode": "89501", "Country": "US"},
    "LineItems": [
        {"LineNumber": 1, "ExternalLineID": "900001", "SKU": "TK-1001", "Quantity": Decimal(3), "QuantityCancelled": Decimal(1),
         "Price": Decimal("9.99")},
        {"LineNumber": 2, "ExternalLineID": "900002", "SKU": "TK-1002", "Quantity": Decimal(1), "Price": Decimal("5.00")},
    ],
}  # fmt: skip


def package(**changes: Any) -> dict[str, Any]:
    made = copy.deepcopy(PACKAGE) | {name: value for name, value in changes.items() if name not in ("Package", "Order")}
    for group in ("Package", "Order"):
        made[group] |= changes.get(group, {})
    units = [{name: one[name] for name in ("ExternalLineID", "Quantity")} for one in made["Package"]["Lines"] if one["Quantity"]]
    made["Package"].setdefault("Completes", units)
    return made


def mapped(slug: str, source: dict[str, Any]) -> Outcome:
    target = shipped()[slug]["target"]
    system = connector(target["connector"])
    rules = compiled_starter(slug, system.package, system.operation(target["operation"]).schema)
    return apply(rules, source, Facts(tables=tables(), settings=SETTINGS, answers=Everything()))


def arrives(slug: str, source: dict[str, Any]) -> dict[str, Any]:
    """The payload, which must be free of problems and fit the operation's schema."""
    found, target = mapped(slug, source), shipped()[slug]["target"]
    assert found.problems == ()
    system = connector(target["connector"])
    assert validate(system.package, system.operation(target["operation"]).schema, found.payload) == []
    return found.payload


def test_a_package_is_told_to_channeladvisor_by_its_lines() -> None:
    payload = arrives("tims-package-to-ca-shipment", package())
    assert (payload["ChannelAdvisorOrderID"], payload["SellerShipmentID"], payload["ShipmentNumber"]) == (19918546, "SH-000771-2", 77102)
    assert (payload["Carrier"], payload["Class"], payload["TrackingNumber"]) == ("USPS", "PRIORITY", "940010000000")
    assert payload["Items"] == [{"ItemID": 900001, "Quantity": 1}]


def test_the_sellers_part_of_a_mixed_order_is_told_under_the_number_of_the_whole() -> None:
    payload = arrives("tims-package-to-ca-shipment", package(Order={"ExternalOrderID": "19918546-S"}))
    assert payload["ChannelAdvisorOrderID"] == 19918546


def test_a_package_is_confirmed_to_amazon_under_a_number_of_its_own() -> None:
    payload = arrives("tims-package-to-amazon-shipment", package(Order={"SourceSystem": "Amazon"}))
    detail = payload["packageDetail"]
    assert (payload["orderId"], payload["marketplaceId"], detail["packageReferenceId"]) == ("112-4455667-7788990", "ATVPDKIKX0DER", "77102")
    assert (detail["carrierCode"], detail["trackingNumber"], "carrierName" in detail) == ("USPS", "940010000000", False)
    assert detail["orderItems"] == [{"orderItemId": "900001", "quantity": 1}]


def test_a_carrier_that_amazon_does_not_know_goes_as_other_with_its_name() -> None:
    detail = arrives("tims-package-to-amazon-shipment", package(CarrierID="ACME"))["packageDetail"]
    assert (detail["carrierCode"], detail["carrierName"]) == ("Other", "ACME")


@pytest.mark.parametrize("slug", ["tims-package-to-amazon-shipment", "tims-package-to-ca-shipment"])
def test_a_parcel_for_amazon_without_tracking_number_waits_four_hours(slug: str) -> None:
    (problem,) = mapped(slug, package(Package={"TrackingNumber": None})).problems
    assert (problem.path.rpartition(".")[2].lower(), problem.wait) == ("trackingnumber", 4)


def test_a_parcel_of_another_marketplace_needs_no_tracking_number() -> None:
    payload = arrives("tims-package-to-ca-shipment", package(Package={"TrackingNumber": None}, Order={"MarketplaceName": "eBay US"}))
    assert "TrackingNumber" not in payload


def test_the_channels_get_the_time_of_the_order_too_so_that_no_parcel_leaves_before_it() -> None:
    early = package(ShippedAt="2026-11-19T23:40:00Z")
    amazon, channel = arrives("tims-package-to-amazon-shipment", early), arrives("tims-package-to-ca-shipment", early)
    assert (amazon["packageDetail"]["shipDate"], amazon["orderedAt"]) == ("2026-11-19T23:40:00Z", "2026-11-19T23:41:07Z")
    assert (channel["ShippedDateUtc"], channel["OrderedAt"]) == ("2026-11-19T23:40:00Z", "2026-11-19T23:41:07Z")


@pytest.mark.parametrize("slug", ["tims-package-to-amazon-shipment", "tims-package-to-ca-shipment"])
def test_parts_of_a_bundle_that_complete_nothing_are_left_out_with_the_reason_and_wait_for_no_number(slug: str) -> None:
    payload = arrives(slug, package(Package={"Completes": [], "TrackingNumber": None}))
    found = payload.get("packageDetail", payload)
    assert "rest of its bundle" in (found.get("leftOut") or found.get("LeftOut"))


@pytest.mark.parametrize("slug", ["tims-package-to-amazon-shipment", "tims-package-to-ca-shipment"])
def test_a_bundle_is_told_with_the_parcel_that_completes_it(slug: str) -> None:
    part = {"LineNumber": 3, "ExternalLineID": "900001-2*3", "SKU": "TK-1001", "Quantity": Decimal(3)}
    payload = arrives(slug, package(Package={"Lines": [part], "Completes": [{"ExternalLineID": "900001", "Quantity": 1}]}))
    lines = payload["packageDetail"]["orderItems"] if "packageDetail" in payload else payload["Items"]
    assert lines in ([{"orderItemId": "900001", "quantity": 1}], [{"ItemID": 900001, "Quantity": 1}])


@pytest.mark.parametrize("slug", ["tims-package-to-amazon-shipment", "tims-package-to-ca-shipment"])
def test_an_empty_parcel_is_an_error_and_not_left_out(slug: str) -> None:
    found, target = mapped(slug, package(Package={"Lines": []})), shipped()[slug]["target"]
    system = connector(target["connector"])
    problems = validate(system.package, system.operation(target["operation"]).schema, found.payload)
    assert {problem.path.rpartition(".")[2].lower() for problem in problems} >= {"items" if system.id == "channeladvisor" else "orderitems"}


@pytest.mark.parametrize("slug", ["tims-package-to-amazon-shipment", "tims-package-to-ca-shipment"])
def test_a_voided_parcel_that_never_had_a_number_waits_for_none(slug: str) -> None:
    arrives(slug, package(Status="Voided", Package={"TrackingNumber": None}))


@pytest.mark.parametrize(("status", "told"), [("Open", "Acknowledged"), ("OnHold", "OnHold"), ("Completed", "Completed")])
def test_a_status_is_told_in_the_channels_word(status: str, told: str) -> None:
    payload = arrives("tims-order-to-ca-status", ORDER | {"OrderStatus": status})
    assert payload == {"ChannelAdvisorOrderID": 19918546, "OrderStatus": told, "FulfilledBy": "Seller"}


def test_cancelled_units_are_told_line_by_line() -> None:
    payload = arrives("tims-order-to-ca-cancellation", ORDER)
    assert payload["Items"] == [{"ItemID": 900001, "QuantityCancelled": 1}, {"ItemID": 900002, "QuantityCancelled": 0}]
    assert payload["Reason"] == "CouldNotShip"


KIT_LINES: list[dict[str, Any]] = [
    {"LineNumber": 1, "ExternalLineID": "77", "SKU": "BDL-101", "Quantity": Decimal(3), "QuantityCancelled": Decimal(1), "IsKit": True},
    {"LineNumber": 2, "ExternalLineID": "77-1*1", "SKU": "TK-1001", "Quantity": Decimal(3), "KitParentLineNumber": 1},
    {"LineNumber": 3, "ExternalLineID": "77-2*2", "SKU": "TK-1002", "Quantity": Decimal(6), "QuantityCancelled": Decimal(1),
     "KitParentLineNumber": 1},
    {"LineNumber": 4, "ExternalLineID": "900*6", "SKU": "TK-1003", "Quantity": Decimal(18), "QuantityCancelled": Decimal(7)},
    {"LineNumber": 5, "ExternalLineID": "78", "SKU": "TK-1004", "Quantity": Decimal(1)},
]  # fmt: skip


@pytest.mark.parametrize("first", [0, 1])
def test_cancelled_parts_cancel_the_units_of_the_channels_line_that_cannot_be_whole_any_more(first: int) -> None:
    """With the kit's own line and without it."""
    payload = arrives("tims-order-to-ca-cancellation", ORDER | {"LineItems": KIT_LINES[first:]})
    told = [(one["ItemID"], one["QuantityCancelled"]) for one in payload["Items"]]
    assert told == [(77, 1), (900, 2), (78, 0)]


def test_cancelled_packs_are_told_to_amazon_as_packs() -> None:
    order = ORDER | {"MarketplaceOrderID": "112-4455667-7788990", "LineItems": KIT_LINES[3:]}
    assert arrives("tims-order-to-amazon-cancellation", order)["lines"] == [{"orderItemId": "900", "quantity": 2, "left": 1}]


def test_amazon_ships_the_components_of_a_kit_and_not_the_kit() -> None:
    lines = [{"Price": Decimal("1.00"), **one} for one in KIT_LINES[:3]]
    payload = arrives("tims-order-to-amazon-fulfilment", ORDER | {"LineItems": lines})
    assert [(one["sku"], one["quantity"]) for one in payload["lines"]] == [("TK-1001", 3), ("TK-1002", 5)]


def test_an_order_cancelled_for_its_buyer_says_so_at_amazon() -> None:
    order = ORDER | {"MarketplaceOrderID": "112-4455667-7788990", "OrderStatus": "Cancelled", "Hold": {"Code": "BUYER-CANCEL"}}
    payload = arrives("tims-order-to-amazon-cancellation", order)
    lines = [{"orderItemId": "900001", "quantity": 3, "left": 0}, {"orderItemId": "900002", "quantity": 1, "left": 0}]
    assert payload == {"orderId": "112-4455667-7788990", "reason": "BuyerCanceled", "lines": lines}


def test_only_the_lines_that_tims_cancelled_are_cancelled_at_amazon() -> None:
    payload = arrives("tims-order-to-amazon-cancellation", ORDER | {"MarketplaceOrderID": "112-4455667-7788990"})
    assert payload["lines"] == [{"orderItemId": "900001", "quantity": 1, "left": 2}]


def test_an_order_at_amazons_warehouse_is_asked_for_without_what_was_cancelled() -> None:
    payload = arrives("tims-order-to-amazon-fulfilment", ORDER)
    assert (payload["displayOrderId"], payload["speed"], payload["blankBox"]) == ("12-00001-00002", "Expedited", True)
    assert [(one["lineId"], one["sku"], one["quantity"]) for one in payload["lines"]] == [("1", "TK-1001", 2), ("2", "TK-1002", 1)]


@pytest.mark.parametrize(
    ("changes", "cancelled"), [({}, False), ({"OrderStatus": "Cancelled"}, True), ({"FulfillmentLocationCode": "RENO"}, True)]
)
def test_an_order_that_tims_cancelled_or_moved_elsewhere_is_cancelled_at_amazon(changes: dict[str, Any], cancelled: bool) -> None:
    assert arrives("tims-order-to-amazon-fulfilment", ORDER | changes)["cancelled"] is cancelled


def test_a_package_of_amazon_becomes_a_shipment_in_tims() -> None:
    source = {
        "order": {"orderId": "TIMS-SO-1000045", "sourceSystem": "TIMS", "sourceKey": "SO-1000045", "speed": "Standard",
                  "marketplaceId": "ATVPDKIKX0DER"},
        "package": {"packageId": "Dx1-1", "shipmentId": "Dx1", "carrier": "UPS", "trackingNumber": "1Z999",
                    "shippedAt": "2026-11-20T02:10:00Z",
                    "lines": [{"lineId": "1", "sku": "TK-1001", "quantity": 2}]},
    }  # fmt: skip
    payload = arrives("amazon-package-to-tims-shipment", source)
    assert (payload["SalesOrderID"], payload["LocationCode"], payload["CarrierID"]) == ("SO-1000045", "FBA-US", "UPS")
    assert payload["Packages"] == [
        {"PackageNumber": 1, "TrackingNumber": "1Z999", "Lines": [{"LineNumber": 1, "SKU": "TK-1001", "Quantity": 2}]}
    ]


def test_a_day_of_sales_by_amazon_becomes_one_completed_order() -> None:
    line = {"sku": "TK-1001", "quantity": 4, "principal": Decimal("80.00"), "tax": Decimal("6.40"), "shipping": Decimal(0)}
    day = {
        "marketplaceId": "ATVPDKIKX0DER", "day": "2026-11-18", "currency": "USD", "lines": [line | {"discount": Decimal("-5.00")}],
        "orders": 3, "total": Decimal("81.40"), "deductions": [], "proceeds": Decimal("60.00"),
    }  # fmt: skip
    payload = arrives("amazon-fba-day-to-tims-sales-order", day)
    assert (payload["ExternalOrderID"], payload["OrderStatus"]) == ("FBA-ATVPDKIKX0DER-2026-11-18", "Completed")
    assert (payload["LineItems"][0]["Price"], payload["TotalAmount"]) == (Decimal("20.0000"), Decimal("81.40"))


def test_a_line_that_only_tims_has_cancels_nothing_at_amazon() -> None:
    own = {"LineNumber": 3, "ExternalLineID": None, "SKU": "TK-1003", "Quantity": Decimal(1), "QuantityCancelled": Decimal(1)}
    order = ORDER | {"MarketplaceOrderID": "112-4455667-7788990", "LineItems": [ORDER["LineItems"][1], own]}
    assert arrives("tims-order-to-amazon-cancellation", order)["lines"] == []


@pytest.mark.parametrize("slug", ["tims-package-to-amazon-shipment", "tims-package-to-ca-shipment"])
def test_a_part_of_a_unit_is_refused_and_never_rounded(slug: str) -> None:
    line = PACKAGE["Package"]["Lines"][0]
    found, target = mapped(slug, package(Package={"Lines": [line | {"Quantity": Decimal("2.5")}]})), shipped()[slug]["target"]
    system = connector(target["connector"])
    problems = validate(system.package, system.operation(target["operation"]).schema, found.payload)
    assert {problem.path.rpartition(".")[2].lower() for problem in (*found.problems, *problems)} == {"quantity"}


@pytest.mark.parametrize(("slug", "group"), [("tims-package-to-amazon-shipment", "orderItems"), ("tims-package-to-ca-shipment", "Items")])
def test_a_line_of_which_nothing_was_packed_is_not_told(slug: str, group: str) -> None:
    line = PACKAGE["Package"]["Lines"][0]
    empty = line | {"LineNumber": 2, "ExternalLineID": "900002", "Quantity": Decimal(0)}
    payload = arrives(slug, package(Package={"Lines": [line | {"Quantity": Decimal("1.000")}, empty]}))
    assert len(payload.get("packageDetail", payload)[group]) == 1


def test_a_voided_package_says_so_to_amazon() -> None:
    assert arrives("tims-package-to-amazon-shipment", package(Status="Voided"))["voided"] is True
    assert "voided" not in arrives("tims-package-to-amazon-shipment", package())


@pytest.mark.parametrize("speed", ["Standard", "", "Someday"])
def test_goods_that_amazon_will_never_ship_reach_tims_as_given_up(speed: str) -> None:
    package = {"packageId": "never-shipped", "shipmentId": "", "status": "Cancelled"}
    source = {
        "order": {
            "orderId": "TIMS-SO-1000045",
            "sourceSystem": "TIMS",
            "sourceKey": "SO-1000045",
            "speed": speed,
            "marketplaceId": "ATVPDKIKX0DER",
        },
        "package": package | {"lines": [{"lineId": "1", "sku": "TK-1001", "quantity": 2, "sent": 1}]},
    }
    payload = arrives("amazon-package-to-tims-shipment", source)
    assert (payload["GivenUp"], payload["SalesOrderID"]) == ("Cancelled", "SO-1000045")
    assert not {"Status", "ShippedAt"} & set(payload)
    assert payload["Packages"][0]["Lines"] == [{"LineNumber": 1, "SKU": "TK-1001", "Quantity": 2, "QuantitySent": 1}]
