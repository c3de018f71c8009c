"""Cancellations and statuses that the ERP tells the channel, in both dialects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.base import Payload, Receipt
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.errors import ConflictError, MissingError, NotNeededError, RejectedError, StaleError, TransientError
from connectors.http import JsonClient
from tests.connectors.channeladvisor.conftest import package, read_one, reference
from tests.connectors.channeladvisor.test_ship import place, state

CANCEL, STATUS, SHIP = (CONNECTOR.operation(name) for name in ("cancel_items", "order_status", "ship"))


def wish(order: Payload, *units: int, **changes: Any) -> Payload:
    """Units cancelled in all, by the place of the line."""
    items = [{"ItemID": line["ItemID"], "QuantityCancelled": count} for line, count in zip(order["OrderItem"], units, strict=False)]
    return {"ChannelAdvisorOrderID": order["ChannelAdvisorOrderID"], "Items": items, **changes}


def cancel(client: JsonClient, payload: Payload) -> Receipt:
    return CANCEL.send(client, payload, reference(payload))


def tell(client: JsonClient, order: Payload, status: str, **changes: Any) -> Receipt:
    payload = {"ChannelAdvisorOrderID": order["ChannelAdvisorOrderID"], "OrderStatus": status, **changes}
    return STATUS.send(client, payload, reference(payload))


def lines(client: JsonClient, order: Payload) -> list[Payload]:
    record = read_one(client, order["ChannelAdvisorOrderID"])
    assert record
    return list(record.payload["OrderItem"])


def held(box: ChannelAdvisorSandbox, order: Payload) -> list[tuple[int, str]]:
    found = next(one for one in box.orders() if one["ChannelAdvisorOrderID"] == order["ChannelAdvisorOrderID"])
    return [(line["QuantityCancelled"], line.get("CancelReason", "")) for line in found["OrderItem"]]


def test_a_unit_is_cancelled_with_its_reason(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    assert cancel(client, wish(order, 1, 0, Reason="ItemNotAvailable")).outcome == "cancelled"
    assert held(box, order) == [(1, "ItemNotAvailable"), (0, "")]
    assert state(box, order)[0] == "New"


def test_without_a_reason_it_could_not_be_shipped(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    cancel(client, wish(order, 2, 2))
    assert held(box, order) == [(2, "CouldNotShip")] * 2
    assert state(box, order) == ("Cancelled", "Canceled")


def test_repeating_cancels_nothing_twice(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    cancel(client, wish(order, 1))
    assert cancel(client, wish(order, 1)).outcome == "unchanged"
    assert cancel(client, wish(order, 2)).outcome == "cancelled"
    assert cancel(client, wish(order, 2)).outcome == "unchanged"
    assert held(box, order)[0][0] == 2


def test_what_the_buyer_cancelled_there_already_is_no_news(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    box.cancel(order["ChannelAdvisorOrderID"], {order["OrderItem"][0]["ItemID"]: 1})
    assert cancel(client, wish(order, 1)).outcome == "unchanged"


def test_a_lost_answer_is_counted_the_next_time(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    for method in ("POST", "PUT"):
        box.faults.add("drop_after", "/v*", method=method)
    with pytest.raises(TransientError):
        cancel(client, wish(order, 1))
    assert cancel(client, wish(order, 1)).outcome == "unchanged"
    assert held(box, order)[0][0] == 1


def test_a_cancellation_that_waits_for_the_marketplace_is_not_asked_for_again(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]
) -> None:
    order, published = place(box), connect("rest-v1")
    box.slow_adjustments = True
    assert cancel(published, wish(order, 1)).outcome == "cancelled"
    assert [line["QuantityCancelled"] for line in lines(published, order)] == [0, 0]
    assert cancel(published, wish(order, 1)).outcome == "unchanged"


def test_shipped_units_cannot_be_cancelled(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    SHIP.send(client, package(order, (0, 1)), reference(package(order)))
    assert cancel(client, wish(order, 1)).outcome == "cancelled"
    with pytest.raises(ConflictError) as caught:
        cancel(client, wish(order, 2))
    assert "return" in caught.value.message


def test_an_order_that_changed_meanwhile_is_counted_again(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    order, v2 = place(box), connect("v2")
    box.faults.add("412", "/v2/orders/*", method="PUT")
    with pytest.raises(StaleError):
        cancel(v2, wish(order, 1))
    assert cancel(v2, wish(order, 1)).outcome == "cancelled"


@pytest.mark.parametrize("units", [(0, 0), ()])
def test_nothing_cancelled_needs_no_call(box: ChannelAdvisorSandbox, client: JsonClient, units: tuple[int, ...]) -> None:
    order = place(box)
    box.counted.clear()
    with pytest.raises(NotNeededError):
        cancel(client, wish(order, *units))
    assert not box.counted


def test_a_line_or_an_order_that_is_not_there_is_said(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    with pytest.raises(RejectedError):
        cancel(client, {**wish(order), "Items": [{"ItemID": 5, "QuantityCancelled": 1}]})
    with pytest.raises(MissingError):
        cancel(client, {**wish(order, 1), "ChannelAdvisorOrderID": 5})


def test_a_held_order_is_on_hold_there_and_released_again(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    assert tell(client, order, "OnHold").outcome == "changed"
    assert tell(client, order, "OnHold").outcome == "unchanged"
    record = read_one(client, order["ChannelAdvisorOrderID"])
    assert record
    assert record.payload["OrderStatus"] == "OnHold"
    assert tell(client, order, "Acknowledged").outcome == "changed"
    assert tell(client, order, "Acknowledged").outcome == "unchanged"


def test_a_shipped_order_is_completed_in_v2(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    order, v2 = place(box), connect("v2")
    with pytest.raises(TransientError):
        tell(v2, order, "Completed")
    box.ship(order["ChannelAdvisorOrderID"])
    assert tell(v2, order, "Completed").outcome == "changed"
    assert state(box, order)[0] == "Completed"


def test_the_published_dialect_knows_no_completed_order(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    with pytest.raises(NotNeededError):
        tell(connect("rest-v1"), place(box), "Completed")


@pytest.mark.parametrize("act", ["ship", "cancel"])
def test_a_status_never_moves_backwards(box: ChannelAdvisorSandbox, client: JsonClient, act: str) -> None:
    order = place(box)
    getattr(box, act)(order["ChannelAdvisorOrderID"])
    with pytest.raises(NotNeededError):
        tell(client, order, "OnHold")


@pytest.mark.parametrize("status", ["PartiallyShipped", "Shipped", "Cancelled", "Pending", "New"])
def test_what_is_told_in_another_way_is_not_needed(box: ChannelAdvisorSandbox, client: JsonClient, status: str) -> None:
    with pytest.raises(NotNeededError):
        tell(client, place(box), status)


def test_an_order_that_the_marketplace_ships_is_told_no_status(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    with pytest.raises(NotNeededError):
        tell(client, place(box), "OnHold", FulfilledBy="External")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"Quantity": 0, "Reason": "CouldNotShip"}, "OrderItems({line})/Adjust"),
        ({"Quantity": 9, "Reason": "CouldNotShip"}, "OrderItems({line})/Adjust"),
        ({"Quantity": 1, "Reason": "Bored"}, "OrderItems({line})/Adjust"),
        ({"Reason": "Bored"}, "Orders({order})/Adjust"),
    ],
)
def test_the_stand_in_refuses_what_the_published_api_refuses(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], body: Payload, path: str
) -> None:
    order = place(box)
    at = path.format(line=order["OrderItem"][0]["ItemID"], order=order["ChannelAdvisorOrderID"])
    with pytest.raises(RejectedError):
        connect("rest-v1").call("POST", f"v1/{at}", body=body)
    assert held(box, order) == [(0, ""), (0, "")]
