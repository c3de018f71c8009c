"""Confirming shipments at the stand-in, and what becomes of orders there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.times import written
from connectors.base import Payload
from connectors.sandbox import Refusal
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.standin import NOW, SKUS, ask, fresh, orders, words

US = "ATVPDKIKX0DER"


@pytest.fixture
def box() -> Iterator[AmazonSandbox]:
    made = fresh()
    yield made
    made.close()


@pytest.fixture
def order(box: AmazonSandbox) -> Payload:
    """An order of three lines, bought two days ago, of which the first has two units."""
    (made,) = orders(1, lines=(3, 3), now=NOW - timedelta(days=2))
    for line, quantity in zip(made["orderItems"], (2, 1, 1), strict=True):
        line["quantityOrdered"] = line["fulfillment"]["quantityUnfulfilled"] = quantity
    return box.order(box.place(made))


def package(order: Payload, *, lines: list[tuple[int, int]] | None = None, number: str = "101", **changed: Any) -> Payload:
    """A confirmation of everything, or of `lines` (place, quantity)."""
    rows = order["orderItems"]
    chosen = [(line["orderItemId"], line["quantityOrdered"]) for line in rows]
    if lines is not None:
        chosen = [(rows[place]["orderItemId"], quantity) for place, quantity in lines]
    detail = {
        "packageReferenceId": number, "carrierCode": "UPS", "shippingMethod": "UPS Ground", "trackingNumber": "1Z999AA10123456784",
        "shipDate": written(NOW - timedelta(hours=1)), "orderItems": [{"orderItemId": key, "quantity": count} for key, count in chosen],
    }  # fmt: skip
    wanted = {name: value for name, value in {**detail, **changed}.items() if value is not None}
    return {"marketplaceId": US, "packageDetail": wanted}


def confirm(box: AmazonSandbox, order: Payload, body: Payload, *, region: str = "NA") -> tuple[int, Any]:
    return ask(box, "POST", f"/orders/v0/orders/{order['orderId']}/shipmentConfirmation", body=body, region=region)


def state(box: AmazonSandbox, order: Payload) -> str:
    return str(box.order(order["orderId"])["fulfillment"]["fulfillmentStatus"])


def test_a_package_of_everything_makes_the_order_shipped(box: AmazonSandbox, order: Payload) -> None:
    assert confirm(box, order, package(order)) == (204, None)
    held = box.order(order["orderId"])
    assert state(box, order) == "SHIPPED"
    assert held["packages"][0]["trackingNumber"] == "1Z999AA10123456784"
    assert held["lastUpdatedTime"] > order["lastUpdatedTime"]


def test_package_and_shipped_order_fit_the_published_models(box: AmazonSandbox, order: Payload) -> None:
    assert valid("ordersV0.json", "ConfirmShipmentRequest", package(order)) == []
    confirm(box, order, package(order))
    assert valid("orders_2026-01-01.json", "Order", box.order(order["orderId"])) == []
    refused = confirm(box, order, package(order, orderItems=[]))[1]
    assert valid("ordersV0.json", "ConfirmShipmentErrorResponse", refused) == []


def test_packages_of_parts_add_up(box: AmazonSandbox, order: Payload) -> None:
    assert confirm(box, order, package(order, lines=[(0, 1)]))[0] == 204
    assert state(box, order) == "PARTIALLY_SHIPPED"
    assert confirm(box, order, package(order, lines=[(0, 1), (1, 1), (2, 1)], number="201"))[0] == 204
    assert state(box, order) == "SHIPPED"
    held = box.order(order["orderId"])
    assert [one["packageReferenceId"] for one in held["packages"]] == ["101", "201"]
    assert held["orderItems"][0]["fulfillment"] == {"quantityFulfilled": 2, "quantityUnfulfilled": 0}


def test_the_same_number_again_corrects_the_package(box: AmazonSandbox, order: Payload) -> None:
    confirm(box, order, package(order))
    assert confirm(box, order, package(order, lines=[(0, 1)], trackingNumber="NEW"))[0] == 204
    (held,) = box.order(order["orderId"])["packages"]
    assert (held["trackingNumber"], len(held["packageItems"])) == ("NEW", 1)
    assert state(box, order) == "PARTIALLY_SHIPPED"


def test_the_same_package_twice_is_no_change(box: AmazonSandbox, order: Payload) -> None:
    confirm(box, order, package(order))
    before = box.order(order["orderId"])
    assert confirm(box, order, package(order))[0] == 204
    assert box.order(order["orderId"]) == before


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"packageReferenceId": None}, "packageReferenceId is required"),
        ({"packageReferenceId": "PKG-1"}, "positive number"),
        ({"packageReferenceId": "0"}, "positive number"),
        ({"packageReferenceId": 1}, "must be a string"),
        ({"carrierCode": None}, "carrierCode is required"),
        ({"carrierCode": "Other"}, "carrierName is required"),
        ({"trackingNumber": ""}, "trackingNumber is required"),
        ({"shipDate": "11/20/2026"}, "ISO 8601"),
        ({"shipDate": "2026-11-20"}, "ISO 8601"),
        ({"shipDate": written(NOW + timedelta(hours=1))}, "future"),
        ({"shipDate": written(NOW - timedelta(days=30))}, "before the order"),
        ({"orderItems": []}, "orderItems is required"),
        ({"orderItems": [{"orderItemId": "1", "quantity": 1}]}, "does not belong"),
        ({"orderItems": [{"orderItemId": "1", "quantity": 0}]}, "at least 1"),
        ({"orderItems": [{"orderItemId": "1", "quantity": "1"}]}, "at least 1"),
    ],
    ids=lambda value: str(value),
)
def test_a_wrong_package_is_refused_and_changes_nothing(box: AmazonSandbox, order: Payload, changed: Payload, said: str) -> None:
    status, body = confirm(box, order, package(order, **changed))
    assert (status, body["errors"][0]["code"]) == (400, "InvalidInput")
    assert said in words(body)
    assert box.order(order["orderId"]) == order


def test_another_carrier_needs_its_name_and_shows_it(box: AmazonSandbox, order: Payload) -> None:
    assert confirm(box, order, package(order, carrierCode="Other", carrierName="Bike Express"))[0] == 204
    assert box.order(order["orderId"])["packages"][0]["carrier"] == "Bike Express"


def test_more_than_ordered_is_refused_across_packages(box: AmazonSandbox, order: Payload) -> None:
    confirm(box, order, package(order, lines=[(0, 1)]))
    status, body = confirm(box, order, package(order, lines=[(0, 2)], number="201"))
    assert (status, "exceeds" in words(body)) == (400, True)
    assert confirm(box, order, package(order, lines=[(0, 2)]))[0] == 204


@pytest.mark.parametrize(
    ("kind", "said"), [("fba", "fulfilled by Amazon"), ("ship_plus", "Ship+"), ("cancelled", "CANCELLED"), ("pending", "PENDING")]
)
def test_an_order_that_cannot_be_confirmed_says_why(box: AmazonSandbox, kind: str, said: str) -> None:
    made = orders(6, kinds={kind: 1}, now=NOW - timedelta(days=2), seed=2)
    chosen = next(one for one in made if kind == "fba" or one["fulfillment"]["fulfilledBy"] == "MERCHANT")
    box.place(chosen)
    wished = package(chosen, orderItems=[{"orderItemId": chosen["orderItems"][0]["orderItemId"], "quantity": 1}])
    status, body = confirm(box, chosen, wished)
    assert (status, said in words(body)) == (400, True)


def test_another_marketplace_or_account_is_refused(box: AmazonSandbox, order: Payload) -> None:
    assert confirm(box, order, {**package(order), "marketplaceId": "A2EUQ1WTGCTBG2"})[0] == 400
    assert confirm(box, order, package(order), region="EU")[0] == 404


def test_a_parcel_goes_its_way_by_itself_and_that_is_no_news_of_the_order(box: AmazonSandbox, order: Payload) -> None:
    told: list[str] = []
    confirm(box, order, package(order))
    box.listeners.append(lambda kind, payload: told.append(kind))
    for seconds, status in ((3601, "IN_TRANSIT"), (2 * 86400, "DELIVERED")):
        box.clock.advance(seconds)
        box.advance()
        assert box.order(order["orderId"])["packages"][0]["packageStatus"] == {"status": status}
    assert told == []


def test_every_change_is_later_than_the_one_before_and_announced(box: AmazonSandbox, order: Payload) -> None:
    told: list[Payload] = []
    box.listeners.append(lambda kind, payload: told.append(payload))
    key = order["orderId"]
    for _ in (box.request_cancel(key), box.tip(key), box.readdress(key, city="Denver"), box.cancel(key)):
        pass
    times = [order["lastUpdatedTime"], *(one["lastUpdatedTime"] for one in told)]
    assert times == sorted(set(times))
    assert [bool(one.get("buyerRequest")) for one in told] == [True, False, False, False]
    assert "buyerRequest" not in box.order(key)


def test_a_cancelled_line_leaves_the_totals_of_the_others(box: AmazonSandbox, order: Payload) -> None:
    gone = order["orderItems"][0]
    box.cancel(order["orderId"], by="MERCHANT", items=[gone["orderItemId"]])
    held = box.order(order["orderId"])
    before, after = (Decimal(one["proceeds"]["grandTotal"]["amount"]) for one in (order, held))
    assert before - after == Decimal(gone["proceeds"]["proceedsTotal"]["amount"])
    assert held["orderItems"][0]["quantityOrdered"] == 0
    assert held["orderItems"][0]["cancellation"]["cancellationExecution"]["cancelledBy"] == "MERCHANT"
    assert state(box, order) == "UNSHIPPED"
    assert box.cancel(order["orderId"])["fulfillment"]["fulfillmentStatus"] == "CANCELLED"


def test_what_cannot_be_is_refused(box: AmazonSandbox, order: Payload) -> None:
    key = order["orderId"]
    box.cancel(key)
    attempts = (lambda: box.cancel(key), lambda: box.pay(key), lambda: box.ship_fba(key), lambda: box.place(order))
    for attempt in attempts:
        with pytest.raises(Refusal):
            attempt()
    with pytest.raises(Refusal):
        box.order("111-0000000-0000000")


def test_living_orders_are_paid_and_shipped_by_themselves(box: AmazonSandbox) -> None:
    made = orders(20, kinds={"fba": 1, "pending": 1})
    waiting = [one["orderId"] for one in made if one["fulfillment"]["fulfillmentStatus"] in ("PENDING", "UNSHIPPED")]
    box.place_many(made, lives=True)
    box.advance(datetime.fromisoformat(written(NOW + timedelta(days=1))))
    box.clock.advance(86400)
    box.advance()
    after = {key: box.order(key)["fulfillment"] for key in waiting}
    assert waiting
    assert {one["fulfillmentStatus"] for one in after.values() if one["fulfilledBy"] == "AMAZON"} == {"SHIPPED"}
    assert {one["fulfillmentStatus"] for one in after.values() if one["fulfilledBy"] == "MERCHANT"} <= {"UNSHIPPED"}


def test_a_scale_shortens_the_life_cycle() -> None:
    box = fresh(scale=100)
    (number,) = box.place_many(orders(1, kinds={"pending": 1}), lives=True)
    box.clock.advance(19)
    box.advance()
    assert box.order(number)["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"


def test_packages_and_what_is_due_survive_a_restart(tmp_path: Path) -> None:
    (made,) = orders(1, now=NOW - timedelta(days=2))
    before = fresh(place=tmp_path / "amazon.sqlite3")
    before.place(made)
    confirm(before, made, package(made))
    before.close()
    after = fresh(place=tmp_path / "amazon.sqlite3")
    after.clock.advance(3601)
    after.advance()
    assert after.order(made["orderId"])["packages"][0]["packageStatus"] == {"status": "IN_TRANSIT"}
    after.close()


def test_the_control_addresses_play_the_marketplace(box: AmazonSandbox) -> None:
    wish = {"Generate": {"Count": 3, "SKUs": SKUS, "Kinds": {"plain": 1}, "Failing": 0}}
    status, body = ask(box, "POST", "/__sandbox__/orders", body=wish)
    assert (status, [one["order"] for one in body["Expected"]]) == (201, body["Placed"])
    key = body["Placed"][0]
    assert ask(box, "POST", f"/__sandbox__/orders/{key}/cancel")[1]["fulfillment"]["fulfillmentStatus"] == "CANCELLED"
    assert ask(box, "POST", f"/__sandbox__/orders/{key}/explode")[0] == 404
    assert len(ask(box, "GET", "/__sandbox__/orders")[1]) == 3
    assert ask(box, "GET", f"/__sandbox__/orders/{key}")[1]["orderId"] == key
