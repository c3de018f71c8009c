"""The comparison of packages must see every way in which a channel can know something else than the warehouse."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from hub.demo.parcels import Parcels, at_amazon, at_channeladvisor, compare_parcels, shipped_by_tims, whole_units


class Books:
    """An order of each channel, shipped in two packages and in one; tests spoil one thing."""

    def __init__(self) -> None:
        lines = [{"LineNumber": 1, "ExternalLineID": "11"}, {"LineNumber": 2, "ExternalLineID": "12"}]
        about = {"FulfilledBy": "Seller", "LineItems": lines}
        self.sales_orders = [
            {"SalesOrderID": "SO-1", "SourceSystem": "ChannelAdvisor", "ExternalOrderID": "7", **about},
            {"SalesOrderID": "SO-2", "SourceSystem": "Amazon", "ExternalOrderID": "112-1", **about},
        ]
        first, second = ({"LineNumber": number, "Quantity": Decimal(2)} for number in (1, 2))
        self.shipments = [
            shipment(5, "SO-1", "UPS", [package(1, "1Z1", first), package(2, "1Z2", second)]),
            shipment(6, "SO-2", "FEDEX", [package(1, "777", first, second)]),
        ]
        told = {"Carrier": "UPS", "TrackingNumber": "1Z1"}
        self.channel: dict[int, list[dict[str, Any]]] = {
            7: [
                {**told, "SellerShipmentID": "SH-000005-1", "Items": [{"ItemID": 11, "Quantity": 2}]},
                {**told, "SellerShipmentID": "SH-000005-2", "TrackingNumber": "1Z2", "Items": [{"ItemID": 12, "Quantity": 2}]},
            ]
        }
        contents = [{"orderItemId": "11", "quantity": 2}, {"orderItemId": "12", "quantity": 2}]
        held = {"packageReferenceId": "601", "carrier": "FedEx", "trackingNumber": "777", "packageItems": contents}
        self.amazon: list[dict[str, Any]] = [{"orderId": "112-1", "packages": [held]}]

    def compared(self) -> Parcels:
        told = [*at_channeladvisor(self.channel), *at_amazon(self.amazon)]
        return compare_parcels(
            shipped_by_tims(self.sales_orders, self.shipments), told, wholes=whole_units(self.sales_orders, self.shipments)
        )


def shipment(sequence: int, order: str, carrier: str, packages: list[dict[str, Any]]) -> dict[str, Any]:
    about = {"ShipmentID": f"SH-{sequence:06d}", "Sequence": sequence, "SalesOrderID": order, "CarrierID": carrier}
    return {**about, "Status": "Shipped", "Packages": packages}


def package(number: int, tracking: str, *lines: dict[str, Any]) -> dict[str, Any]:
    return {"PackageNumber": number, "TrackingNumber": tracking, "Lines": list(lines)}


def test_packages_that_every_channel_knows_agree() -> None:
    found = Books().compared()
    assert found.differences == []
    assert (found.orders, found.packages, found.confirmed) == (
        {"ChannelAdvisor": 1, "Amazon": 1}, {"ChannelAdvisor": 2, "Amazon": 1}, {"ChannelAdvisor": 2, "Amazon": 1},
    )  # fmt: skip


def untold(books: Books) -> None:
    books.channel[7].pop()


def untold_at_amazon(books: Books) -> None:
    books.amazon[0]["packages"] = []


def told_twice(books: Books) -> None:
    books.channel[7].append(deepcopy(books.channel[7][0]))


def old_number(books: Books) -> None:
    books.amazon[0]["packages"][0]["trackingNumber"] = "778"


def wrong_carrier(books: Books) -> None:
    books.channel[7][0]["Carrier"] = "USPS"


def wrong_contents(books: Books) -> None:
    books.channel[7][1]["Items"][0]["Quantity"] = 1


def never_sent(books: Books) -> None:
    books.shipments[1]["Status"] = "Voided"


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (untold, "Package SH-000005-2 of order ChannelAdvisor 7: ChannelAdvisor was never told of it."),
        (untold_at_amazon, "Package 601 of order Amazon 112-1: Amazon was never told of it."),
        (told_twice, "ChannelAdvisor has it 2 times"),
        (old_number, "tracking number differs, 777 in TIMS and 778 at Amazon"),
        (wrong_carrier, "carrier differs"),
        (wrong_contents, "contents differs"),
        (never_sent, "Order Amazon 112-1 has a package 601 that TIMS never sent."),
    ],
)
def test_a_package_that_a_channel_knows_otherwise_is_found(spoil: Callable[[Books], None], words: str) -> None:
    books = Books()
    spoil(books)
    found = books.compared()
    assert any(words in one for one in found.differences), found.differences


def test_what_a_marketplace_ships_itself_is_not_expected_there() -> None:
    books = Books()
    books.sales_orders[1]["FulfilledBy"] = "External"
    books.amazon[0]["packages"] = []
    assert books.compared().differences == []


class Bundles(Books):
    """ChannelAdvisor's order is of two bundles of one and two parts, sent in two packages; Amazon's of three packs of six."""

    def __init__(self) -> None:
        super().__init__()
        parts = [{"LineNumber": 1, "ExternalLineID": "11-1*1"}, {"LineNumber": 2, "ExternalLineID": "11-2*2"}]
        self.sales_orders[0]["LineItems"], self.sales_orders[1]["LineItems"] = parts, [{"LineNumber": 1, "ExternalLineID": "11*6"}]
        self.shipments[0]["Packages"][1]["Lines"] = [{"LineNumber": 2, "Quantity": Decimal(3)}]
        self.shipments[1]["Packages"][0]["Lines"] = [{"LineNumber": 1, "Quantity": Decimal(17)}]
        self.channel[7] = [self.channel[7][1] | {"Items": [{"ItemID": 11, "Quantity": 1}]}]
        self.amazon[0]["packages"][0]["packageItems"] = [{"orderItemId": "11", "quantity": 2}]


def test_bundles_and_packs_are_told_in_whole_units_by_the_parcels_that_complete_them() -> None:
    found = Bundles().compared()
    assert found.differences == []
    assert (found.packages, found.wholes) == ({"ChannelAdvisor": 1, "Amazon": 1}, {"ChannelAdvisor": 1, "Amazon": 2})


def unit_untold(books: Books) -> None:
    books.channel[7] = []


def part_told_as_a_unit(books: Books) -> None:
    books.channel[7][0]["Items"][0]["Quantity"] = 2


def unit_told_twice(books: Books) -> None:
    books.channel[7].append(books.channel[7][0] | {"SellerShipmentID": "SH-000005-1", "TrackingNumber": "1Z1"})


def single_units_told(books: Books) -> None:
    books.amazon[0]["packages"][0]["packageItems"][0]["quantity"] = 17


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (unit_untold, "Order ChannelAdvisor 7: 1 whole units of line 11 were shipped and ChannelAdvisor knows of 0."),
        (part_told_as_a_unit, "ChannelAdvisor knows of 2"), (unit_told_twice, "ChannelAdvisor knows of 2"),
        (single_units_told, "Order Amazon 112-1: 2 whole units of line 11 were shipped and Amazon knows of 17."),
        (old_number, "tracking number differs, 777 in TIMS and 778 at Amazon"),
    ],
)  # fmt: skip
def test_units_that_a_channel_counts_otherwise_are_found(spoil: Callable[[Books], None], words: str) -> None:
    books = Bundles()
    spoil(books)
    found = books.compared()
    assert any(words in one for one in found.differences), found.differences
