"""Packages that Amazon sent for other channels: one record each, again when its tracking number comes."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.amazon import fulfilment, fulfilment_packages, outbound_2020, outbound_2026
from connectors.amazon.client import AmazonClient
from connectors.amazon.outbound import order_id, origin
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.outbound_life import KIND, call_off, switches
from connectors.base import Payload, Record, Reference
from connectors.schema import validate
from tests.connectors.amazon.test_outbound_versions import new_answer, old_answer, order

NAME = "ChannelAdvisor-100045"


@pytest.fixture(autouse=True)
def sent(box: AmazonSandbox, client: AmazonClient) -> None:
    """An order of three units in three packages, some of them without a number yet."""
    switches(box, split=1, late=1)
    fulfilment.create(client, order(), Reference(system="ChannelAdvisor", key="100045"))
    while (box.book.get(KIND, NAME) or {})["Status"] != "Complete":
        assert sweep(client) == [] or "shippedAt" in sweep(client)[0].payload["package"]
        box.clock.advance(60)
        box.advance()


def sweep(client: AmazonClient, cursor: str = "") -> list[Record]:
    return list(fulfilment_packages.read(client, cursor))


def test_a_tracking_number_that_comes_late_makes_the_package_come_again(box: AmazonSandbox, client: AmazonClient) -> None:
    first = sweep(client)
    box.clock.advance(600)
    again = sweep(client, first[-1].cursor)
    assert [one.payload["package"].get("trackingNumber") for one in first] == [None] * 3
    assert [one.key for one in again] == [one.key for one in first]
    assert all(one.payload["package"]["trackingNumber"] for one in again)


def test_every_package_is_a_record_of_its_own_with_its_goods(client: AmazonClient) -> None:
    records = sweep(client)
    assert len({one.key for one in records}) == 3
    assert sum(line["quantity"] for one in records for line in one.payload["package"]["lines"]) == 3
    assert [problem for one in records for problem in validate("connectors.amazon", "fulfilment_package", one.payload)] == []


def test_a_package_names_the_order_of_its_channel_and_nobody(client: AmazonClient) -> None:
    payload = sweep(client)[0].payload
    assert (payload["order"]["sourceSystem"], payload["order"]["sourceKey"]) == ("ChannelAdvisor", "100045")
    assert "Jo Sample" not in str(payload)


@pytest.mark.parametrize("key", ["A B", "x" * 60, "7-x0123abcd"])
def test_a_number_that_had_to_be_changed_names_no_origin(key: str) -> None:
    assert origin(order_id(Reference(system="ChannelAdvisor", key=key))) == {}


def test_packages_are_read_by_their_own_key_and_by_their_orders(client: AmazonClient) -> None:
    first, *others = sweep(client)
    found = fulfilment_packages.read_one(client, first.key)
    assert found
    assert found.payload == first.payload
    assert len(fulfilment_packages.read_many(client, [NAME])) == len(others) + 1
    assert fulfilment_packages.read_one(client, "ChannelAdvisor-9/x") is None


@pytest.mark.parametrize(("policy", "status", "left"), [("FillOrKill", "Unfulfillable", 3), ("FillAll", "CompletePartialled", 1)])
def test_goods_that_amazon_will_never_ship_are_a_record_that_people_see(
    box: AmazonSandbox, client: AmazonClient, policy: str, status: str, left: int
) -> None:
    two = {**order()["lines"][0], "lineId": "2", "sku": "MUG-GONE", "quantity": 1}
    mine = {**order()["lines"][0], "quantity": 2}
    switches(box, split=0, late=0, missing=["MUG-GONE"])
    box.book.put("skus", "MUG-GONE", {"SKU": "MUG-GONE"})
    fulfilment.create(client, order(lines=[mine, two], policy=policy), Reference(system="ChannelAdvisor", key="100046"))
    while (box.book.get(KIND, "ChannelAdvisor-100046") or {})["Status"] != status:
        box.clock.advance(60)
        box.advance()
    records = fulfilment_packages.read_many(client, ["ChannelAdvisor-100046"])
    (gone,) = [one for one in records if one.key.endswith("/never-shipped")]
    assert sum(line["quantity"] for line in gone.payload["package"]["lines"]) == left
    assert gone.payload["package"]["status"] == status
    assert validate("connectors.amazon", "fulfilment_package", gone.payload) == []


def another(box: AmazonSandbox, client: AmazonClient, key: str = "100047") -> Payload:
    """A second order that Amazon has taken and not begun with."""
    fulfilment.create(client, order(), Reference(system="ChannelAdvisor", key=key))
    return box.book.get(KIND, f"ChannelAdvisor-{key}") or {}


def left_behind(records: list[Record]) -> list[tuple[str, str, int, int]]:
    found = [one.payload["package"] for one in records if one.key.endswith("/never-shipped")]
    return [(one["status"], line["lineId"], line["quantity"], line["sent"]) for one in found for line in one["lines"]]


def test_an_order_cancelled_in_seller_central_is_a_record_with_all_its_goods(box: AmazonSandbox, client: AmazonClient) -> None:
    cursor = sweep(client)[-1].cursor
    box.clock.advance(600)
    call_off(box, another(box, client))
    records = [one for one in sweep(client, cursor) if one.part_of == "ChannelAdvisor-100047"]
    assert left_behind(records) == [("Cancelled", "1", 2, 0), ("Cancelled", "2", 1, 0)]
    assert validate("connectors.amazon", "fulfilment_package", records[0].payload) == []


def test_a_cancelled_order_that_is_read_twice_is_the_same_record(box: AmazonSandbox, client: AmazonClient) -> None:
    call_off(box, another(box, client))
    first, second = (fulfilment_packages.read_many(client, ["ChannelAdvisor-100047"]) for _ in range(2))
    assert first == second


def test_units_that_somebody_takes_out_of_an_order_are_told_when_the_others_have_left(box: AmazonSandbox, client: AmazonClient) -> None:
    call_off(box, another(box, client), {"1": 1})
    assert left_behind(fulfilment_packages.read_many(client, ["ChannelAdvisor-100047"])) == []
    while (box.book.get(KIND, "ChannelAdvisor-100047") or {})["Status"] != "Complete":
        box.clock.advance(60)
        box.advance()
    records = fulfilment_packages.read_many(client, ["ChannelAdvisor-100047"])
    assert left_behind(records) == [("Complete", "1", 1, 1)]
    assert len(records) > 1


@pytest.mark.parametrize("status", ["CANCELLED", "Canceled", "Unfulfillable", "INVALID"])
@pytest.mark.parametrize("answer", [lambda status: outbound_2020.order(old_answer(status, fulfillmentShipmentStatus="CANCELLED_BY_SELLER")),
                                    lambda status: outbound_2026.order(new_answer(status, status="CANCELLED"))])  # fmt: skip
def test_an_order_that_ended_unshipped_leaves_everything_behind_in_both_versions(answer: Any, status: str) -> None:
    whole = fulfilment_packages.fulfilment_orders.record(answer(status))
    found = left_behind(list(fulfilment_packages.records(whole)))
    assert [(line, left, sent) for _, line, left, sent in found] == [("1", 2, 0)]


@pytest.mark.parametrize(("status", "shown"), [("Complete", True), ("CompletePartialled", True), ("CompletePartialled", False)])
@pytest.mark.parametrize("version", ["2020", "2026"])
def test_of_a_shipped_order_only_what_will_not_come_is_left_behind(version: str, status: str, shown: bool) -> None:
    if version == "2020":
        found = outbound_2020.order(old_answer(status, **({} if shown else {"fulfillmentShipmentPackage": []})))
    else:
        found = outbound_2026.order(new_answer(status.upper(), **({} if shown else {"packages": []})))
    whole = fulfilment_packages.fulfilment_orders.record(found)
    assert [quantity for _, _, quantity, _ in left_behind(list(fulfilment_packages.records(whole)))] == [1]
