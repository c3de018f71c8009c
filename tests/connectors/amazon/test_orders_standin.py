"""The connector's orders and shipments against the living stand-in: everything once, whatever comes between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest

from connectors.amazon import CONNECTOR
from connectors.amazon import orders as stream
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.times import written
from connectors.base import Payload, Receipt, Record, Reference
from connectors.errors import CredentialsError, RejectedError, ThrottledError, TransientError
from connectors.schema import validate
from tests.connectors.amazon.conftest import client_of
from tests.connectors.amazon.standin import orders

SEARCH = "/orders/2026-01-01/orders"
KINDS = {"plain": 5, "fba": 3, "pending": 1, "cancelled": 1, "replacement": 1, "business": 1, "non_amazon": 1}


@pytest.fixture(autouse=True)
def small_pages() -> Any:
    with patch.object(stream, "PAGE", 10):
        yield


def placed(box: AmazonSandbox, count: int = 35, **options: Any) -> list[str]:
    now = box.now() - timedelta(minutes=10)
    return box.place_many(orders(count, now=now, **{"kinds": KINDS, **options}), backdated=True)


def read(client: AmazonClient, cursor: str = "") -> list[Record]:
    return list(stream.read(client, cursor))


def interrupted(client: AmazonClient, cursor: str = "") -> tuple[list[Record], str]:
    """What was read before the walk broke off, and the last cursor."""
    found: list[Record] = []
    with pytest.raises((ThrottledError, TransientError)):
        found.extend(stream.read(client, cursor))
    return found, next(record.cursor for record in reversed(found) if record.cursor)


def confirm(client: AmazonClient, order: Payload, **changed: Any) -> Receipt:
    lines = [{"orderItemId": line["orderItemId"], "quantity": line["quantityOrdered"]} for line in order["orderItems"]]
    detail = {
        "packageReferenceId": "101", "carrierCode": "UPS", "trackingNumber": "1Z999AA10123456784",
        "shipDate": written(soon_after(order)), "orderItems": lines, **changed,
    }  # fmt: skip
    payload = {"orderId": order["orderId"], "marketplaceId": order["salesChannel"]["marketplaceId"], "packageDetail": detail}
    return CONNECTOR.operation("confirm_shipment").send(client, payload, Reference(system="TIMS", key="SH-000771-1"))


def soon_after(order: Payload) -> datetime:
    """A minute after the order."""
    return datetime.fromisoformat(order["createdTime"]) + timedelta(minutes=1)


def test_every_order_is_read_once_and_fits_the_schema(box: AmazonSandbox, client: AmazonClient) -> None:
    numbers = placed(box)
    records = read(client)
    assert sorted(record.key for record in records) == sorted(numbers)
    assert [problem for record in records for problem in validate("connectors.amazon", "order", record.payload)] == []
    assert box.counts()["searchOrders"] == {"200": 4}


def test_the_next_walk_finds_what_changed_since(box: AmazonSandbox, client: AmazonClient) -> None:
    numbers = placed(box, kinds={"plain": 1})
    cursor = read(client)[-1].cursor
    box.clock.advance(600)
    box.cancel(numbers[3])
    box.clock.advance(121)
    changed = read(client, cursor)
    assert [record.key for record in changed] == [numbers[3]]
    assert changed[0].payload["fulfillment"]["fulfillmentStatus"] == "CANCELLED"


@pytest.mark.parametrize("fault", ["429", "503", "reset", "truncate"])
def test_a_walk_that_breaks_off_goes_on_where_it_was(box: AmazonSandbox, client: AmazonClient, fault: str) -> None:
    numbers = placed(box)
    box.faults.add(fault, SEARCH, skip=2)
    first, cursor = interrupted(client)
    rest = read(client, cursor)
    assert len(first) == 20
    assert sorted(record.key for record in first + rest) == sorted(numbers)


def test_a_token_of_yesterday_begins_the_window_again(box: AmazonSandbox, client: AmazonClient) -> None:
    numbers = placed(box)
    box.faults.add("503", SEARCH, skip=1)
    _, cursor = interrupted(client)
    box.clock.advance(25 * 3600)
    assert sorted(record.key for record in read(client, cursor)) == sorted(numbers)


def test_an_expired_access_token_is_renewed_in_the_middle_of_a_walk(box: AmazonSandbox, client: AmazonClient) -> None:
    numbers = placed(box)
    walk = stream.read(client, "")
    found = [next(walk).key]
    box.tokens.expire_all()
    found += [record.key for record in walk]
    assert sorted(found) == sorted(numbers)


def test_a_revoked_authorisation_stops_and_says_what_to_do(box: AmazonSandbox, client: AmazonClient) -> None:
    placed(box, 1)
    read(client)
    box.revoke()
    with pytest.raises(CredentialsError, match="Authorise the application again"):
        read(client)


def test_a_marketplace_that_denies_access_does_not_block_the_others(box: AmazonSandbox) -> None:
    numbers = placed(box)
    box.denied_marketplaces.add("A2EUQ1WTGCTBG2")
    client = client_of(box, marketplace_ids="US, CA")
    assert sorted(record.key for record in read(client)) == sorted(numbers)


def test_a_hidden_order_is_found_by_its_number(box: AmazonSandbox, client: AmazonClient) -> None:
    numbers = placed(box, 3)
    box.hide(numbers[0])
    assert sorted(record.key for record in read(client)) == sorted(numbers[1:])
    one = stream.read_one(client, numbers[0])
    assert one
    assert one.key == numbers[0]


def test_a_shipment_confirmed_twice_is_one_package(box: AmazonSandbox, client: AmazonClient) -> None:
    (number,) = placed(box, 1, kinds={"plain": 1})
    for _ in range(2):
        confirm(client, box.order(number))
    assert [one["packageReferenceId"] for one in box.order(number)["packages"]] == ["101"]


def test_a_confirmation_whose_answer_was_lost_is_safe_to_repeat(box: AmazonSandbox, client: AmazonClient) -> None:
    (number,) = placed(box, 1, kinds={"plain": 1})
    box.faults.add("drop_after", "*/shipmentConfirmation")
    with pytest.raises(TransientError):
        confirm(client, box.order(number))
    confirm(client, box.order(number))
    assert box.order(number)["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


@pytest.mark.parametrize(
    ("kind", "words"), [("fba", "ships this order itself"), ("ship_plus", "Ship\\+"), ("cancelled", "cancelled"), ("pending", "not paid")]
)
def test_what_cannot_be_confirmed_is_told_in_words(box: AmazonSandbox, client: AmazonClient, kind: str, words: str) -> None:
    (number,) = placed(box, 1, kinds={kind: 1}, seed=2)
    order = box.order(number)
    line = {"orderItemId": order["orderItems"][0]["orderItemId"], "quantity": 1}
    with pytest.raises(RejectedError, match=words):
        confirm(client, order, orderItems=[line])
