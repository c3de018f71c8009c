"""An order that seller and marketplace ship in part becomes two orders, to the cent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Payload, Receipt, Reference
from connectors.channeladvisor.acknowledge import send_many
from connectors.channeladvisor.parts import parts_of
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.channeladvisor.standin.orders import totals
from connectors.http import JsonClient
from tests.connectors.channeladvisor.conftest import orders, read, read_one

FBA = frozenset({"FBA"})


def mixed(*, seed: int = 5, additional: Decimal = Decimal(0), discount: Decimal = Decimal(0)) -> Payload:
    """An order of five lines; every second one lies in the marketplace's warehouse."""
    (order,) = orders(1, seed=seed, lines=(5, 5))
    for place, line in enumerate(order["OrderItem"]):
        line["DistributionCenter"] = "FBA" if place % 2 else "RENO"
    order["Discounts"] = [{"Code": "NOV", "Amount": discount, "Scope": "Order"}] if discount else []
    order["Totals"] = totals(order["OrderItem"], order["Discounts"], mode=order["TaxMode"], additional=additional)
    return order | {"FulfilledBy": "Mixed"}


cents = st.decimals(min_value="-900", max_value="900", places=2, allow_nan=False)


@given(seed=st.integers(0, 40), additional=cents, discount=cents.map(lambda amount: -abs(amount)), gap=cents)
def test_the_shares_of_every_amount_sum_to_it(seed: int, additional: Decimal, discount: Decimal, gap: Decimal) -> None:
    order = mixed(seed=seed, additional=additional, discount=discount)
    order["Totals"]["Shipping"] += gap
    order["Totals"]["Grand"] += gap
    parts = parts_of(order, FBA)
    for name, amount in order["Totals"].items():
        assert sum(part["Totals"][name] for part in parts) == amount
    assert sum(one["Amount"] for part in parts for one in part["Discounts"]) == discount


def test_each_part_has_its_own_lines_name_and_shipper() -> None:
    order = mixed()
    ours, theirs = parts_of(order, FBA)
    assert [line["DistributionCenter"] for line in ours["OrderItem"]] == ["RENO"] * 3
    assert [line["DistributionCenter"] for line in theirs["OrderItem"]] == ["FBA"] * 2
    assert [(part["Part"], part["FulfilledBy"], part["OrderID"]) for part in (ours, theirs)] == [
        ("S", "Seller", f"{order['OrderID']}-S"),
        ("X", "External", f"{order['OrderID']}-X"),
    ]


def test_a_part_whose_units_were_all_cancelled_is_a_cancelled_order() -> None:
    order = mixed()
    for line in order["OrderItem"]:
        if line["DistributionCenter"] == "FBA":
            line["QuantityCancelled"] = line["Quantity"]
    assert [part["OrderStatus"] for part in parts_of(order, FBA)] == ["New", "Cancelled"]


def test_an_order_of_free_goods_leaves_its_charges_with_the_seller() -> None:
    order = mixed(additional=Decimal("3.00"))
    for line in order["OrderItem"]:
        line["UnitPrice"] = Decimal(0)
    ours, theirs = parts_of(order, FBA)
    assert (ours["Totals"]["Additional"], theirs["Totals"]["Additional"]) == (Decimal("3.00"), Decimal(0))


@pytest.mark.parametrize("external", [frozenset(), frozenset({"RENO", "FBA"})])
def test_lines_that_do_not_tell_the_parts_are_refused_in_words(external: frozenset[str]) -> None:
    with pytest.raises(ValueError, match="External distribution centres"):
        parts_of(mixed(), external)


def test_both_parts_are_read_and_each_can_be_read_alone(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], dialect: str
) -> None:
    client = connect(dialect, external_centers="FBA" if dialect == "v2" else "")
    number = box.place(mixed())
    assert {record.key: record.part_of for record in read(client)} == {f"{number}-S": str(number), f"{number}-X": str(number)}
    for part, shipper in (("S", "Seller"), ("X", "External")):
        record = read_one(client, f"{number}-{part}")
        assert record
        assert record.payload["FulfilledBy"] == shipper


def test_only_the_last_part_moves_the_cursor(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], dialect: str) -> None:
    box.place(mixed())
    cursors: dict[Any, str] = {record.payload["Part"]: record.cursor for record in read(connect(dialect, external_centers="FBA"))}
    assert (cursors["S"], bool(cursors["X"])) == ("", True)


def test_the_sellers_part_bears_the_marketplaces_name_of_the_whole(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], dialect: str
) -> None:
    order = mixed()
    box.place(order)
    names = {alias for record in read(connect(dialect, external_centers="FBA")) for alias in record.aliases}
    name, number = order["Marketplace"]["Name"], order["OrderID"]
    assert names == {f"{name}:{number}", f"{name}:{number}-X"}


def test_the_parts_acknowledged_together_leave_the_sellers_number_on_the_order(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    number = box.place(mixed())
    reference = Reference(system="TIMS", key="SO-1")
    wishes = [{"ChannelAdvisorOrderID": number, "SellerOrderID": "SO-1"}, {"ChannelAdvisorOrderID": number}]
    outcomes = send_many(client, [(wish, reference) for wish in wishes])
    assert [one.key for one in outcomes if isinstance(one, Receipt)] == [str(number)] * 2
    assert box.orders()[0]["SellerOrderID"] == "SO-1"


def test_a_mixed_order_without_named_centres_fails_alone(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    number, plain = box.place(mixed()), box.place(orders(1, seed=9, first_id=19_919_000)[0])
    problems = {record.key: bool(record.problem) for record in read(connect("v2"))}
    assert problems == {str(number): True, str(plain): False}
