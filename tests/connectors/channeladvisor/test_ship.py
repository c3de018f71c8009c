"""Shipments to ChannelAdvisor in both dialects: once, in parts, corrected, refused in words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.base import Outcome, Payload, Receipt
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.parcels import parcel
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.channeladvisor.times import normalised
from connectors.errors import ConflictError, CredentialsError, MissingError, NotNeededError, RejectedError, ThrottledError, TransientError
from connectors.http import JsonClient
from tests.connectors.channeladvisor.conftest import orders, package, read_one, reference

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
GOOD: Payload = {"ChannelAdvisorOrderID": 7, "SellerShipmentID": "SH-000001-1", "Items": [{"ItemID": 1, "Quantity": 1}]}

SHIP = CONNECTOR.operation("ship")


def send(client: JsonClient, payload: Payload) -> Receipt:
    return SHIP.send(client, payload, reference(payload))


def send_many(client: JsonClient, payloads: list[Payload]) -> list[Outcome]:
    assert SHIP.send_many
    return SHIP.send_many(client, [(payload, reference(payload)) for payload in payloads])


def place(box: ChannelAdvisorSandbox, *, site: str = "eBay US", lines: int = 2, units: int = 2, **changes: Any) -> Payload:
    """An order of `lines` lines of `units` units each, as the stand-in holds it."""
    (order,) = orders(1, weights={site: 1}, lines=(lines, lines))
    for line in order["OrderItem"]:
        line["Quantity"] = units
    number = box.place({**order, **changes})
    return next(one for one in box.orders() if one["ChannelAdvisorOrderID"] == number)


def state(box: ChannelAdvisorSandbox, order: Payload) -> tuple[str, str]:
    held = next(one for one in box.orders() if one["ChannelAdvisorOrderID"] == order["ChannelAdvisorOrderID"])
    return held["OrderStatus"], held["FulfillmentStatus"]


def shipped(box: ChannelAdvisorSandbox, order: Payload) -> list[Payload]:
    return box.shipments(order["ChannelAdvisorOrderID"])


def test_a_whole_order_is_shipped_with_its_tracking(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    receipt = send(client, package(order))
    [held] = shipped(box, order)
    assert (receipt.key, receipt.outcome) == ("SH-000771-1", "created")
    assert (held["SellerShipmentID"], held["TrackingNumber"], held["Carrier"], held["Class"]) == (
        "SH-000771-1", "940010000000ABC", "USPS", "PRIORITY",
    )  # fmt: skip
    assert [(one["ItemID"], one["Quantity"]) for one in held["Items"]] == [(line["ItemID"], 2) for line in order["OrderItem"]]
    assert state(box, order) == ("Shipped", "Shipped")


def test_two_packages_and_a_later_shipment_end_in_shipped(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    first, second = package(order, (0, 1)), package(order, (0, 1), (1, 1), name="SH-000771-2", TrackingNumber="B")
    assert [one.outcome for one in send_many(client, [first, second]) if isinstance(one, Receipt)] == ["created", "created"]
    assert state(box, order) == ("PartiallyShipped", "PartiallyShipped")
    send(client, package(order, (1, 1), name="SH-000805-1", TrackingNumber="C"))
    assert state(box, order) == ("Shipped", "Shipped")
    record = read_one(client, order["ChannelAdvisorOrderID"])
    assert record
    assert [line["QuantityShipped"] for line in record.payload["OrderItem"]] == [2, 2]


def test_packages_may_come_in_any_order(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    send(client, package(order, (1, 2), name="SH-000772-1", TrackingNumber="B"))
    send(client, package(order, (0, 2), name="SH-000771-1"))
    assert [one["SellerShipmentID"] for one in shipped(box, order)] == ["SH-000772-1", "SH-000771-1"]
    assert state(box, order)[0] == "Shipped"


def test_a_cancelled_rest_makes_a_partly_shipped_order_shipped(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    send(client, package(order, (0, 2), (1, 1)))
    box.cancel(order["ChannelAdvisorOrderID"], {order["OrderItem"][1]["ItemID"]: 1})
    assert state(box, order)[0] == "Shipped"


@pytest.mark.parametrize("units", [1, 2])
def test_the_same_package_twice_ships_once(box: ChannelAdvisorSandbox, client: JsonClient, units: int) -> None:
    order = place(box, units=4)
    payload = package(order, (0, units))
    assert [send(client, payload).outcome, send(client, payload).outcome] == ["created", "unchanged"]
    assert len(shipped(box, order)) == 1


def test_a_lost_answer_is_found_when_it_is_sent_again(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box, units=4)
    box.faults.add("drop_after", "/v*", method="POST")
    with pytest.raises(TransientError):
        send(client, package(order, (0, 1)))
    assert send(client, package(order, (0, 1))).outcome == "unchanged"
    assert len(shipped(box, order)) == 1


def test_a_later_tracking_number_corrects_the_shipment(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    send(client, package(order, (0, 1)))
    corrected = package(order, (0, 1), TrackingNumber="NEW 1", Carrier="UPS", Class="GROUND")
    assert send(client, corrected).outcome == "changed"
    [held] = shipped(box, order)
    assert (held["TrackingNumber"], held["Carrier"], held["Class"]) == ("NEW1", "UPS", "GROUND")
    assert send(client, corrected).outcome == "unchanged"
    assert state(box, order)[0] == "PartiallyShipped"


def test_other_contents_under_the_same_name_are_a_conflict(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    send(client, package(order, (0, 1)))
    with pytest.raises(ConflictError):
        send(client, package(order, (1, 1)))
    assert len(shipped(box, order)) == 1


def test_what_somebody_shipped_by_hand_with_this_tracking_number_counts_as_done(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    box.ship(order["ChannelAdvisorOrderID"])
    payload = package(order, TrackingNumber=f"byhand {order['ChannelAdvisorOrderID']}")
    assert send(client, payload).outcome == "unchanged"
    assert len(shipped(box, order)) == 1


def test_two_packages_that_look_alike_are_both_shipped(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    outcomes = send_many(client, [package(order, (0, 1)), package(order, (0, 1), name="SH-000771-2")])
    assert [one.outcome for one in outcomes if isinstance(one, Receipt)] == ["created", "created"]
    with pytest.raises(RejectedError):
        send(client, package(order, (0, 1), name="SH-000771-3"))


def test_a_shipment_voided_after_it_was_told_goes_to_a_person(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    send(client, package(order))
    with pytest.raises(ConflictError) as caught:
        send(client, package(order, Status="Voided"))
    assert caught.value.code == "voided"
    assert "SH-000771-1" in caught.value.message


def test_a_shipment_voided_before_it_was_told_is_not_needed(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    with pytest.raises(NotNeededError):
        send(client, package(place(box), Status="Voided"))


def test_more_units_than_are_left_are_refused(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    send(client, package(order, (0, 1)))
    with pytest.raises(RejectedError) as caught:
        send(client, package(order, (0, 2), name="SH-000772-1", TrackingNumber="B"))
    assert caught.value.code == "over_shipped"


def test_units_that_were_cancelled_are_not_left(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    box.cancel(order["ChannelAdvisorOrderID"], {order["OrderItem"][0]["ItemID"]: 1})
    with pytest.raises(RejectedError):
        send(client, package(order, (0, 2)))


def test_a_cancelled_order_is_a_conflict_in_words(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    box.cancel(order["ChannelAdvisorOrderID"])
    with pytest.raises(ConflictError) as caught:
        send(client, package(order))
    assert "cancelled in the channel" in caught.value.message


def test_an_unknown_carrier_is_named_and_grouped(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    with pytest.raises(RejectedError) as caught:
        send(client, package(order, Carrier="PIGEON", Class="POST"))
    assert [one.cause for one in caught.value.problems] == ["carrier_class_invalid:PIGEON POST"]
    assert "carrier list" in caught.value.message


def test_an_order_that_the_marketplace_ships_is_told_nothing(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box, FulfilledBy="External")
    for payload in (package(order), package(order, FulfilledBy="External")):
        with pytest.raises(NotNeededError):
            send(client, payload)
    assert shipped(box, order) == []


def test_our_part_of_a_mixed_order_is_shipped(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box)
    lines = [
        {**line, "ItemID": line["ItemID"] + 50, "DistributionCenter": code}
        for line, code in zip(order["OrderItem"], ("RENO", "FBA"), strict=True)
    ]
    mixed = place(box, FulfilledBy="Mixed", OrderItem=lines, ChannelAdvisorOrderID=None, OrderID="mixed-1")
    send(client, package(mixed, (0, 2)))
    assert state(box, mixed)[0] == "PartiallyShipped"


def test_an_order_that_is_not_there_is_missing(client: JsonClient, box: ChannelAdvisorSandbox) -> None:
    order = place(box)
    with pytest.raises(MissingError):
        send(client, package({**order, "ChannelAdvisorOrderID": 5}))


def test_amazon_gets_a_number_in_the_published_dialect(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    order = place(box, site="Amazon US")
    published = connect("rest-v1")
    receipt = send(published, package(order, (0, 1)))
    send(published, package(order, (1, 1), name="any name", ShipmentNumber=4711, TrackingNumber="B"))
    assert (receipt.key, (receipt.answer or {})["SellerShipmentID"]) == ("SH-000771-1", "77101")
    assert [one["SellerShipmentID"] for one in shipped(box, order)] == ["77101", "4711"]
    assert send(published, package(order, (0, 1))).outcome == "unchanged"
    with pytest.raises(RejectedError) as caught:
        send(published, package(order, (0, 1), name="no number"))
    assert "ShipmentNumber" in caught.value.message


def test_amazon_takes_no_package_without_tracking(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    order = place(box, site="Amazon US")
    with pytest.raises(RejectedError) as caught:
        send(client, package(order, TrackingNumber=None))
    assert "TrackingNumber" in caught.value.message
    assert send(client, package(place(box, OrderID="another", ChannelAdvisorOrderID=None), TrackingNumber=None)).outcome == "created"


def test_a_time_in_the_future_is_refused_and_one_before_the_order_is_moved(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]
) -> None:
    order, v2 = place(box), connect("v2")
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    with pytest.raises(RejectedError):
        send(v2, package(order, ShippedDateUtc=ahead))
    send(v2, package(order, ShippedDateUtc="2020-01-01T00:00:00Z"))
    assert shipped(box, order)[0]["ShippedDateUtc"] > normalised(order["OrderDate"])


@pytest.mark.parametrize(
    ("shipped_at", "told"),
    [
        ("2026-11-20T12:05:00Z", "2026-11-20T12:00:00.000000Z"), ("2026-11-20T12:05:01Z", "2026-11-20T12:05:01.000000Z"),
        ("2026-11-20T11:59:59Z", "2026-11-20T11:59:59.000000Z"), ("2026-11-19T08:00:00Z", "2026-11-19T08:00:01.000000Z"),
        ("no time", ""),
    ],
)  # fmt: skip
def test_a_clock_that_is_five_minutes_ahead_is_forgiven_and_nothing_left_before_its_order(shipped_at: str, told: str) -> None:
    payload = GOOD | {"ShippedDateUtc": shipped_at, "OrderedAt": "2026-11-19T08:00:00Z"}
    assert parcel(payload, now=NOON).fields["ShippedDateUtc"] == told


def test_a_parcel_that_is_left_out_is_told_to_nobody() -> None:
    with pytest.raises(NotNeededError, match="rest of its bundle"):
        parcel(GOOD | {"Items": [], "LeftOut": "The rest of its bundle has not left yet."}, now=NOON)


def test_many_get_their_own_outcomes_in_order(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    made = orders(6, weights={"eBay US": 1}, lines=(1, 1))
    numbers = box.place_many(made)
    held = {order["ChannelAdvisorOrderID"]: order for order in box.orders()}
    box.cancel(numbers[1])
    payloads = [package(held[number]) for number in numbers]
    payloads[3] |= {"Carrier": "PIGEON"}
    payloads[4] |= {"Items": []}
    outcomes = send_many(client, payloads)
    assert [type(one) for one in outcomes] == [Receipt, ConflictError, Receipt, RejectedError, RejectedError, Receipt]


def test_new_packages_go_out_in_one_call_in_v2(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    numbers = box.place_many(orders(30, weights={"eBay US": 1}))
    held = {order["ChannelAdvisorOrderID"]: order for order in box.orders()}
    outcomes = send_many(connect("v2"), [package(held[number]) for number in numbers])
    assert all(isinstance(one, Receipt) for one in outcomes)
    assert box.counted["POST 200"] == 2  # the token's and ours


@pytest.mark.parametrize(("fault", "expected"), [("429", ThrottledError), ("403", CredentialsError), ("reset", TransientError)])
def test_a_closed_door_stops_the_packages_behind_it(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], fault: str, expected: type[Exception]
) -> None:
    held = [place(box), place(box, OrderID="b", ChannelAdvisorOrderID=None), place(box, OrderID="c", ChannelAdvisorOrderID=None)]
    published = connect("rest-v1")
    box.faults.add(fault, "/v1/Orders(*", method="POST", count=None, skip=1)
    outcomes = send_many(published, [package(order) for order in held])
    assert isinstance(outcomes[0], Receipt)
    assert isinstance(outcomes[1], expected)
    assert isinstance(outcomes[2], expected | TransientError)
    assert sum(len(shipped(box, order)) for order in held) == 1


def test_a_shipment_is_announced(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    v2 = client.settings["dialect"] == "v2"
    path, name = ("v2/webhooks", "Url") if v2 else ("v1/Webhooks", "WebhookUri")
    kinds = ["shipment.status_changed" if v2 else "SellerFulfillmentStatusChanged"]
    client.call("POST", path, body={name: "http://127.0.0.1:9/hook", "EventTypes": kinds, "SigningSecret": "s" * 40, "Name": "t"})
    box.webhooks.mischief.paused = True
    send(client, package(place(box)))
    assert box.webhooks.pending() == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"ChannelAdvisorOrderID": None}, {"ChannelAdvisorOrderID": True}, {"ChannelAdvisorOrderID": "7"}, {"SellerShipmentID": ""},
        {"Items": None}, {"Items": [{"ItemID": 1}]}, {"Items": [{"ItemID": 1, "Quantity": 0}]}, {"Items": "all"},
    ],
)  # fmt: skip
def test_a_payload_without_order_name_or_contents_is_refused_before_any_call(changes: Payload) -> None:
    assert parcel(GOOD, now=NOON).number == "101"
    with pytest.raises(RejectedError):
        parcel({**GOOD, **changes}, now=NOON)


def test_lines_that_name_one_item_twice_are_added_up() -> None:
    lines = [{"ItemID": 1, "Quantity": 1}, {"ItemID": 1, "Quantity": 2}]
    assert parcel({"ChannelAdvisorOrderID": 7, "SellerShipmentID": "a", "Items": lines}, now=NOON).units == {1: 3}
