"""Marked personal data of Amazon's buyers is nowhere but under seal: not in rows, pages, exports, logs, or errors."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from connectors.amazon import CONNECTOR
from connectors.amazon.standin.orders import generate
from hub import vault
from hub.demo.inventing import goods_of
from hub.engine import triage
from hub.engine.events import read_events
from hub.models import Connection, Delivery, ErrorRecord
from tests.hub import test_amazon_road
from tests.road import canary
from tests.road.canary import MARK

pytestmark = pytest.mark.django_db(transaction=True)
shop = test_amazon_road.shop
Shop = test_amazon_road.Shop
ORDERS = 40
KEY = "k" * 40
SECRETS = [one.name for one in CONNECTOR.settings if one.secret]


def spoil(order: dict[str, Any], number: int) -> None:
    """What buyers wrote, in every field that they can write, some of it so that fields, mappings and TIMS must refuse it."""
    line = order["orderItems"][0]
    line["fulfillment"]["packing"] = {"giftOption": {"giftMessage": f"Love, {MARK} 😀" * (1 + number % 3 * 40), "giftWrapLevel": "Classic"}}
    line["product"]["customization"] = {"customizedUrl": f"https://zme-caps.amazon.example/{MARK}"}
    if number % 9 == 0:
        line["cancellation"] = {"cancellationRequest": {"requester": "BUYER", "cancelReason": f"{MARK} has two"}}
    address = order.get("recipient", {}).get("deliveryAddress")
    if address is None:
        return
    order["recipient"]["deliveryPreference"] = {"addressInstruction": f"Ring {MARK} twice", "dropOffLocation": f"At {MARK}'s"}
    kinds: list[dict[str, Any]] = [
        {"name": MARK * 9},
        {"addressLine1": f"{MARK} " * 9, "addressLine2": f"{MARK} " * 9, "addressLine3": f"{MARK} " * 9},
        {"stateOrRegion": "QQ", "postalCode": MARK, "countryCode": "US"},
        {"countryCode": MARK[:2]},
        {"phone": f"+1 206 555 0199 ask {MARK}", "extendedFields": {"streetName": MARK, "somethingNew": MARK}},
        {"fieldOfTheFuture": MARK, "deeper": {"still": [MARK]}},
    ]
    address.update(kinds[number % len(kinds)])


def marked(shop: Shop) -> list[dict[str, Any]]:
    skus, _bundles = goods_of(shop.opened)
    made = generate(seed=5, count=ORDERS, now=shop.amazon.now(), skus=skus, failing=0.1, marks=MARK, weights={"US": 1})
    orders = [one.order for one in made]
    for number, order in enumerate(orders):
        spoil(order, number)
    return orders


def announce(shop: Shop, order: dict[str, Any]) -> list[int]:
    """A notification that names the buyer's place, one that nobody can read, and a forged one."""
    connection = shop.made["amazon"]
    known = vault.connection_settings(connection) | {"eventbridge_key": KEY}
    secrets = vault.seal_secrets({name: known[name] for name in SECRETS if known.get(name)})
    Connection.objects.filter(pk=connection.pk).update(secrets=secrets)
    summary = {"MarketplaceId": "ATVPDKIKX0DER", "OrderStatus": "Unshipped", "DestinationPostalCode": MARK}
    about = {"AmazonOrderId": order["orderId"], "Summary": summary}
    good = {"NotificationType": "ORDER_CHANGE", "Payload": {"OrderChangeNotification": about}}
    address = f"/api/webhooks/{connection.slug}/{connection.webhook_token}"
    bodies = [(good, KEY), ({"Payload": {"Buyer": MARK}, "NotificationType": "ORDER_CHANGE"}, KEY), (good, f"{MARK}" * 4)]
    return [
        Client().post(address, json.dumps(body), content_type="application/json", headers={"X-Api-Key": key}).status_code
        for body, key in bodies
    ]


def of_records(page: str) -> bool:
    """Exports, and pages that show records; how things are set up holds nobody's name."""
    return page in canary.EXPORTS or page.split("/")[3:4] in (["delivery"], ["errorrecord"], ["inboundevent"], ["syncrun"], ["attempt"])


def run_everything(shop: Shop) -> None:
    """Success, failure, an unknown outcome, a shipment, a buyer who cancels, and what people do about it."""
    orders = marked(shop)
    shop.opened.tims.faults.add("drop_after", "/api/v1/*", method="POST", count=2)
    shop.opened.tims.faults.add("html_after", "/api/v1/*", method="POST", count=2)
    shop.amazon.place_many(orders, backdated=True)
    shop.read("amazon-orders")
    assert announce(shop, orders[0]) == [202, 400, 401]
    read_events(shop.made["amazon"].pk, deadline=time.monotonic() + 5)
    shop.send()
    for row in [one for one in shop.opened.tims.book.rows("sales_orders") if one["OrderStatus"] == "Open"][:5]:
        shop.opened.tims.ship(row["SalesOrderID"])
    shop.read("shipments-to-amazon", "amazon-orders")
    shop.send()
    person = User.objects.create_superuser("canary", password="not-a-mark")
    triage.retry(Delivery.objects.filter(flow__slug="amazon-orders"), by=person)
    shop.send()
    triage.resolve(ErrorRecord.objects.filter(category="mapping", message__contains="country"), note="Done by hand.", by=person)
    triage.hold(Delivery.objects.filter(state="failed"), reason="Ask first.", by=person)


def test_marked_buyers_are_nowhere_but_under_seal(shop: Shop, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="hub")
    run_everything(shop)
    states = set(Delivery.objects.filter(flow__slug="amazon-orders").values_list("state", flat=True))
    assert {"delivered", "skipped"} < states
    assert ErrorRecord.objects.filter(delivery__flow__slug="amazon-orders").exists()
    client = Client()
    client.force_login(User.objects.get(username="canary"), backend="django.contrib.auth.backends.ModelBackend")
    assert canary.leaks_in_pages(client, filter(of_records, canary.pages())) == []
    assert canary.leaks_in_database() == []
    logged = "".join(line for line in caplog.text.splitlines() if "werkzeug" not in line)
    assert not canary.marks_in(logged + "".join(capfd.readouterr()))
    sealed = Delivery.objects.filter(flow__slug="amazon-orders", sealed__isnull=False)
    assert any(canary.marks_in(vault.unseal(one.seal, bytes(one.sealed))) for one in sealed if one.seal and one.sealed)
