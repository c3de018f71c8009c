"""Many sales orders in one call: one outcome each, and nothing twice."""

from __future__ import annotations

import pytest

from connectors.base import Receipt
from connectors.errors import (
    ConnectorError,
    OutcomeUnknownError,
)
from connectors.tims import sales_orders
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.orders import created, order, reference


def test_many_new_orders_are_one_call_with_one_outcome_each_in_order(client: TimsClient, box: TimsSandbox) -> None:
    bad = order(3, LineItems=[{**order()["LineItems"][0], "SKU": "ZZ-404"}])
    sales_orders.send(client, order(4), reference(4, version="old"))
    parts = [(order(1), reference(1)), (order(2), reference(2)), (bad, reference(3)), (order(4, ShippingMethod="UPS-GND"), reference(4))]
    outcomes = sales_orders.send_many(client, parts)
    kinds = [one.outcome if isinstance(one, Receipt) else one.problems[0].cause for one in outcomes]
    assert kinds == ["created", "created", "unknown_sku:ZZ-404", "changed"]
    assert [row["ExternalOrderID"] for row in box.book.rows("sales_orders")] == [reference(n).key for n in (4, 1, 2)]


def test_many_refused_orders_are_refused_one_by_one(client: TimsClient) -> None:
    bad = [{**order()["LineItems"][0], "SKU": "ZZ-404"}]
    outcomes = sales_orders.send_many(client, [(order(n, LineItems=bad), reference(n)) for n in (1, 2)])
    assert [getattr(one, "category", "") for one in outcomes] == ["rejected", "rejected"]


def test_changes_among_many_go_alone(client: TimsClient, box: TimsSandbox) -> None:
    first = created(client)
    parts = [
        (order(1, ShippingMethod="UPS-GND"), reference(1, "v2", first.key)),
        (order(2), reference(2)),
        (order(3), reference(3)),
        (order(4, OrderStatus="Cancelled"), reference(4)),
    ]
    outcomes = sales_orders.send_many(client, parts)
    assert [getattr(one, "outcome", getattr(one, "code", "")) for one in outcomes] == [
        "changed", "created", "created", "cancelled_before_delivery",
    ]  # fmt: skip
    assert [entry for entry in box.seen if entry[1].endswith("/bulk")] == [("POST", "/api/v1/sales_orders/bulk", 200)]


def test_a_dropped_bulk_answer_is_an_unknown_outcome_and_repeating_it_makes_nothing_twice(client: TimsClient, box: TimsSandbox) -> None:
    parts = [(order(n), reference(n)) for n in range(1, 6)]
    box.faults.add("drop_after", "/api/v1/sales_orders/bulk")
    with pytest.raises(OutcomeUnknownError):
        sales_orders.send_many(client, parts)
    found = [sales_orders.find(client, one) for _, one in parts]
    outcomes = sales_orders.send_many(client, parts)
    assert [getattr(one, "key", None) for one in outcomes] == [getattr(one, "key", "?") for one in found]
    assert box.book.count("sales_orders") == 5


def test_a_bulk_call_that_is_too_large_is_halved(client: TimsClient, box: TimsSandbox) -> None:
    box.faults.add("413", "/api/v1/sales_orders/bulk", count=1)
    outcomes = sales_orders.send_many(client, [(order(n), reference(n)) for n in range(1, 6)])
    assert [getattr(one, "outcome", one) for one in outcomes] == ["created"] * 5
    assert len([entry for entry in box.seen if entry[1].endswith("/bulk")]) == 3


@pytest.mark.parametrize("fault", ["503", "429", "html", "truncate"])
def test_a_bulk_call_that_fails_whole_is_raised(client: TimsClient, box: TimsSandbox, fault: str) -> None:
    box.faults.add(fault, "/api/v1/sales_orders/bulk")
    with pytest.raises(ConnectorError) as caught:
        sales_orders.send_many(client, [(order(n), reference(n)) for n in (1, 2)])
    assert caught.value.retryable


def test_a_bulk_failure_beside_a_change_is_the_outcome_of_its_parts_only(client: TimsClient, box: TimsSandbox) -> None:
    first = created(client)
    box.faults.add("503", "/api/v1/sales_orders/bulk")
    parts = [(order(1, Notes="Ring twice"), reference(1, "v2", first.key)), (order(2), reference(2)), (order(3), reference(3))]
    outcomes = sales_orders.send_many(client, parts)
    assert [getattr(one, "outcome", getattr(one, "category", "")) for one in outcomes] == ["changed", "transient", "transient"]
