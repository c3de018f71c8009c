"""Goods that another warehouse gave up: told to people as long as TIMS still expects them, and never entered as a shipment."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Payload, Receipt, Reference
from connectors.errors import ConnectorError, MissingError, NotNeededError, RejectedError
from connectors.tims import shipments
from connectors.tims.client import TimsClient
from connectors.tims.given_up import never_coming
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.orders import again, created, outside


def shipment(*lines: Payload, order_id: str = "SO-1") -> Payload:
    given = list(lines) or [{"LineNumber": 1, "SKU": "TK-1001", "Quantity": 2}]
    return outside(order_id, Status=None, GivenUp="Cancelled", Packages=[{"PackageNumber": 1, "Lines": given}])


def judged(line: Payload | None = None, *, given: Payload | None = None, status: str = "Open") -> ConnectorError:
    held = {"LineNumber": 1, "Quantity": 3, "QuantityShipped": 0, "QuantityCancelled": 0, **(line or {})}
    mine = {"LineNumber": 1, "SKU": "TK-1001", "Quantity": 2, **(given or {})}
    return never_coming(shipment(mine), {"OrderStatus": status, "LineItems": [held]}, sender="Amazon")


def test_the_words_name_order_goods_reason_and_what_to_do() -> None:
    error = judged()
    assert isinstance(error, RejectedError)
    for word in ("Amazon", "SO-1", "2 of TK-1001", "Cancelled", "another location", "cancel them in TIMS"):
        assert word in error.message


@pytest.mark.parametrize(
    ("line", "given", "missed"),
    [
        ({}, {}, "2 of"),
        ({"QuantityCancelled": 1}, {}, "2 of"),
        ({"QuantityCancelled": 2}, {}, "1 of"),
        ({"QuantityCancelled": 3}, {}, ""),
        ({"QuantityShipped": 3}, {}, ""),
        ({"QuantityShipped": 1}, {"QuantitySent": 1}, "2 of"),
        ({"QuantityShipped": 3}, {"QuantitySent": 1}, ""),
        ({"QuantityCancelled": 1}, {"Quantity": 1, "QuantitySent": 2}, ""),
        ({"QuantityCancelled": 0}, {"Quantity": 1, "QuantitySent": 2}, "1 of"),
    ],
)
def test_only_what_nobody_else_shipped_or_cancelled_is_missed(line: Payload, given: Payload, missed: str) -> None:
    error = judged(line, given=given)
    assert isinstance(error, RejectedError if missed else NotNeededError)
    assert missed in error.message


def test_an_order_that_tims_cancelled_misses_nothing() -> None:
    assert isinstance(judged(status="Cancelled"), NotNeededError)


@pytest.mark.parametrize(("place", "error"), [("RENO", NotNeededError), ("FBA-US", RejectedError), (None, RejectedError)])
def test_an_order_that_tims_moved_to_another_location_misses_nothing(place: str | None, error: type[ConnectorError]) -> None:
    order = {"OrderStatus": "Open", "FulfillmentLocationCode": place, "LineItems": [{"LineNumber": 1, "Quantity": 2}]}
    assert isinstance(never_coming(shipment(), order, sender="Amazon"), error)


def test_a_line_that_the_order_does_not_have_is_shown_and_not_forgotten() -> None:
    assert isinstance(judged(given={"LineNumber": 7}), RejectedError)


def test_many_lines_are_told_in_few_words() -> None:
    lines = [{"LineNumber": at, "SKU": f"TK-{at}", "Quantity": 1} for at in range(1, 9)]
    held = [{"LineNumber": at, "Quantity": 1} for at in range(1, 9)]
    assert "and 3 more lines" in never_coming(shipment(*lines), {"LineItems": held}, sender="Amazon").message


def send(client: TimsClient, payload: Payload, **changes: Any) -> Receipt:
    return shipments.send(client, payload, Reference(**{"system": "Amazon", "key": "TIMS-SO-1/never-shipped", "version": "v1", **changes}))


def test_nothing_is_entered_and_a_retry_after_the_order_was_cancelled_finds_nothing_to_do(client: TimsClient, box: TimsSandbox) -> None:
    order_id = created(client).key
    for _ in range(2):
        with pytest.raises(RejectedError):
            send(client, shipment(order_id=order_id))
    assert box.shipments(order_id) == []
    again(client, Receipt(key=order_id), OrderStatus="Cancelled")
    with pytest.raises(NotNeededError):
        send(client, shipment(order_id=order_id))


def test_an_order_that_tims_does_not_have_is_said_so(client: TimsClient) -> None:
    with pytest.raises(MissingError):
        send(client, shipment(order_id="SO-9999999"))
