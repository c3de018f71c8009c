"""Marking orders as taken: in bulk or one by one, safe to repeat, whatever became of the order meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.base import Payload, Receipt, Reference
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.errors import CredentialsError, MissingError, RejectedError, TransientError
from connectors.http import JsonClient
from tests.connectors.channeladvisor.conftest import orders

OPERATION = CONNECTOR.operation("acknowledge_order")


def payload(number: int) -> Payload:
    return {"ChannelAdvisorOrderID": number, "SellerOrderID": f"SO-{number}"}


def entry(number: int) -> tuple[Payload, Reference]:
    return payload(number), Reference(system="ChannelAdvisor", key=str(number))


def send_many(client: JsonClient, numbers: list[int]) -> list[object]:
    assert OPERATION.send_many
    return list(OPERATION.send_many(client, [entry(number) for number in numbers]))


def seller_order_ids(box: ChannelAdvisorSandbox) -> list[str]:
    return [order["SellerOrderID"] for order in box.orders() if order["Exported"]]


def test_orders_are_marked_with_our_number(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    numbers = box.place_many(orders(30))
    outcomes = send_many(client, numbers)
    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert seller_order_ids(box) == [f"SO-{number}" for number in numbers]


def test_repeating_it_changes_nothing(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    (number,) = box.place_many(orders(1))
    OPERATION.send(client, *entry(number))
    before = box.orders()
    receipt = OPERATION.send(client, *entry(number))
    assert receipt.key == str(number)
    assert box.orders() == before


def test_a_new_order_becomes_acknowledged_in_v2(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    (number,) = box.place_many(orders(1))
    OPERATION.send(connect("v2"), *entry(number))
    assert box.orders()[0]["OrderStatus"] == "Acknowledged"


@pytest.mark.parametrize("act", ["cancel", "ship"])
def test_an_order_that_was_cancelled_or_shipped_is_still_marked(box: ChannelAdvisorSandbox, client: JsonClient, act: str) -> None:
    numbers = box.place_many(orders(3))
    getattr(box, act)(numbers[1])
    outcomes = send_many(client, numbers)
    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert seller_order_ids(box) == [f"SO-{number}" for number in numbers]
    assert box.orders()[1]["OrderStatus"] in ("Cancelled", "Shipped")


def test_a_batch_of_only_cancelled_orders_is_marked_in_two_calls(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    numbers = box.place_many(orders(20))
    for number in numbers:
        box.cancel(number)
    outcomes = send_many(connect("v2"), numbers)
    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert box.counted["PUT 422"] + box.counted["PUT 200"] == 2


def test_one_unknown_order_fails_alone(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    numbers = box.place_many(orders(2))
    outcomes = send_many(client, [numbers[0], 5, numbers[1]])
    assert isinstance(outcomes[1], MissingError)
    assert [type(outcomes[0]), type(outcomes[2])] == [Receipt, Receipt]


def test_a_number_that_is_too_long_fails_alone_with_the_reason(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    numbers = box.place_many(orders(2))
    assert OPERATION.send_many
    long = ({"ChannelAdvisorOrderID": numbers[0], "SellerOrderID": "S" * 51}, Reference(system="ChannelAdvisor", key="1"))
    bad, good = OPERATION.send_many(connect("v2"), [long, entry(numbers[1])])
    assert isinstance(bad, RejectedError)
    assert "50 characters" in bad.message
    assert isinstance(good, Receipt)


def test_a_dropped_answer_can_be_sent_again_without_asking(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    (number,) = box.place_many(orders(1))
    box.faults.add("drop_after", "*rders*", method="PUT" if client.settings["dialect"] == "v2" else "POST")
    with pytest.raises(TransientError):
        OPERATION.send(client, *entry(number))
    OPERATION.send(client, *entry(number))
    assert seller_order_ids(box) == [f"SO-{number}"]
    assert OPERATION.repeatable


def test_a_closed_door_stops_the_rest_of_a_published_batch(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    published = connect("rest-v1", refresh_token="ca_rt_readonly")
    outcomes = send_many(published, box.place_many(orders(10)))
    assert all(isinstance(outcome, CredentialsError) for outcome in outcomes)
    assert box.counted["PATCH 401"] == 2


def test_a_batch_that_is_too_large_is_split(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    numbers = box.place_many(orders(150))
    outcomes = send_many(connect("v2"), numbers)
    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert box.counted["PUT 413"] == 1
