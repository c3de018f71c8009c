"""Two connections to Amazon at once, one for each region: what goes back goes to the account that the order came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.amazon.regions import MARKETPLACES
from connectors.amazon.standin.orders import generate
from connectors.tims.standin.actions import cancelled
from hub import clients, vault
from hub.demo.inventing import goods_of
from hub.engine.accept import accept
from hub.engine.records import stream_of
from hub.models import Connection, CrossReference, Delivery, ErrorRecord, Flow, RateLimit
from mappings.lookups import set_entry
from tests.hub import test_amazon_road

pytestmark = pytest.mark.django_db(transaction=True)
america = test_amazon_road.shop
Shop = test_amazon_road.Shop
BACK = ("shipments-to-amazon", "cancellations-to-amazon", "mcf-orders")


@pytest.fixture
def shop(america: Shop) -> Shop:
    """The shop with a second account: every flow of Amazon once more, under a name that ends with -eu."""
    second(america, "EU")
    RateLimit.objects.update(per_second=1000, burst=1000, tokens=1000)
    return america


def second(shop: Shop, region: str) -> Connection:
    first = shop.made["amazon"]
    settings = shop.amazon.settings(region)
    hidden = {name: settings.pop(name) for name in ("client_secret", "refresh_token")}
    made = Connection.objects.create(
        slug=f"amazon-{region.lower()}", name=f"Amazon {region}", connector="amazon", settings=settings, secrets=vault.seal_secrets(hidden)
    )
    shop.made[made.slug] = made
    for flow in Flow.objects.filter(source=first) | Flow.objects.filter(target=first):
        ends = {name: made if getattr(flow, name) == first else getattr(flow, name) for name in ("source", "target")}
        flow.pk, flow.slug, flow.cursor = None, f"{flow.slug}-{region.lower()}", ""
        for name, value in ends.items():
            setattr(flow, name, value)
        flow._state.adding = True
        flow.save()
    return made


def placed(shop: Shop, country: str) -> str:
    """A new order of that country at Amazon."""
    skus, _bundles = goods_of(shop.opened)
    made = generate(seed=7, count=1, now=shop.amazon.now(), skus=skus, failing=0.0, weights={country: 1}, kinds={"plain": 1})
    order = next(iter(made)).order
    assert MARKETPLACES[order["salesChannel"]["marketplaceId"]].country == country
    shop.amazon.place_many([order], backdated=True)
    return str(order["orderId"])


def both(*slugs: str) -> Iterator[str]:
    return (f"{slug}{end}" for slug in slugs for end in ("", "-eu"))


def went_to(slug: str) -> set[str]:
    """The flows of that kind which have a delivery."""
    return set(Delivery.objects.filter(flow__slug__startswith=slug).values_list("flow__slug", flat=True))


def taken_over(shop: Shop, country: str) -> dict[str, Any]:
    key = placed(shop, country)
    shop.read(*both("amazon-orders"))
    shop.send()
    (sold,) = shop.sold(key)
    return sold


@pytest.mark.parametrize(("country", "end"), [("US", ""), ("DE", "-eu")])
def test_a_parcel_is_confirmed_to_the_account_of_its_order_alone(shop: Shop, country: str, end: str) -> None:
    sold = taken_over(shop, country)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read(*both("shipments-to-amazon"))
    shop.send()
    assert went_to("shipments-to-amazon") == {f"shipments-to-amazon{end}"}
    assert len(shop.amazon.order(sold["ExternalOrderID"])["packages"]) == 1
    assert not ErrorRecord.objects.exists()


@pytest.mark.parametrize(("country", "end"), [("US", ""), ("DE", "-eu")])
def test_a_cancellation_is_told_to_the_account_of_its_order_alone(shop: Shop, country: str, end: str) -> None:
    sold = taken_over(shop, country)
    cancelled(shop.opened.tims, shop.opened.tims.book.get("sales_orders", sold["SalesOrderID"]) or {}, None)
    shop.read(*both("cancellations-to-amazon"))
    assert went_to("cancellations-to-amazon") == {f"cancellations-to-amazon{end}"}


def forget_origin(sold: dict[str, Any]) -> None:
    """As for an order that reached TIMS before there was a hub."""
    CrossReference.objects.all().delete()
    Delivery.objects.filter(key=sold["ExternalOrderID"]).delete()


@pytest.mark.parametrize(("country", "end"), [("US", ""), ("DE", "-eu")])
def test_an_order_that_no_connection_brought_goes_by_its_marketplace(shop: Shop, country: str, end: str) -> None:
    sold = taken_over(shop, country)
    forget_origin(sold)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read(*both("shipments-to-amazon"))
    assert went_to("shipments-to-amazon") == {f"shipments-to-amazon{end}"}


def test_two_accounts_of_one_marketplace_each_hear_only_of_their_own_orders(shop: Shop) -> None:
    everywhere = Connection.objects.get(slug="amazon-eu")
    Connection.objects.filter(pk=everywhere.pk).update(settings={**everywhere.settings, "marketplace_ids": "US, DE"})
    key = placed(shop, "US")
    shop.read("amazon-orders")
    shop.send()
    (sold,) = shop.sold(key)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read(*both("shipments-to-amazon"))
    assert went_to("shipments-to-amazon") == {"shipments-to-amazon"}


def test_a_parcel_that_leaves_before_the_hub_knows_the_orders_number_is_not_passed_over(shop: Shop) -> None:
    """TIMS has taken the order, the answer got lost, and the warehouse is quick."""
    sold = taken_over(shop, "US")
    forget = CrossReference.objects.filter(source_key=sold["ExternalOrderID"])
    assert forget.delete()[0]
    Delivery.objects.filter(flow__slug="amazon-orders").update(state="waiting", unknown=True)
    set_entry("amz_marketplace", "Amazon US", "A1PA6795UKMFR9", by=None)
    shop.opened.tims.ship(sold["SalesOrderID"])
    shop.read(*both("shipments-to-amazon"))
    assert went_to("shipments-to-amazon") == {"shipments-to-amazon"}


@pytest.mark.parametrize(("place", "market", "end"), [("FBA-US", "ATVPDKIKX0DER", ""), ("FBA-US", "A1PA6795UKMFR9", "-eu")])
def test_an_order_of_another_channel_goes_to_the_account_whose_warehouse_it_lies_in(shop: Shop, place: str, market: str, end: str) -> None:
    set_entry("mcf_marketplace", place, market, by=None)
    sold = taken_over(shop, "US")
    shop.opened.tims.edit("sales_orders", sold["SalesOrderID"], {"SourceSystem": "ChannelAdvisor", "FulfillmentLocationCode": place})
    shop.read(*both("mcf-orders"))
    shop.send()
    assert went_to("mcf-orders") == {f"mcf-orders{end}"}
    (asked,) = shop.amazon.book.rows("fulfilment_orders")
    assert asked["Wish"]["marketplaceId"] == market


def test_an_order_that_moves_to_the_warehouse_of_the_other_account_is_called_off_at_the_first(shop: Shop) -> None:
    set_entry("mcf_marketplace", "FBA-DE", "A1PA6795UKMFR9", by=None)
    sold = taken_over(shop, "US")
    for place in ("FBA-US", "FBA-DE"):
        shop.opened.tims.edit("sales_orders", sold["SalesOrderID"], {"SourceSystem": "ChannelAdvisor", "FulfillmentLocationCode": place})
        shop.read("mcf-orders")
        shop.send()
    (asked,) = shop.amazon.book.rows("fulfilment_orders")
    assert asked["Wish"]["marketplaceId"] == "ATVPDKIKX0DER"
    assert Delivery.objects.filter(flow__slug="mcf-orders").latest("pk").outcome == "cancelled"


def test_a_thousand_parcels_cost_as_many_questions_as_one(shop: Shop, django_assert_max_num_queries: Any) -> None:
    sold = taken_over(shop, "US")
    shop.opened.tims.ship(sold["SalesOrderID"])
    flow = Flow.objects.get(slug="shipments-to-amazon-eu")
    stream = stream_of(flow)
    assert stream
    (record,) = stream.read(clients.client(flow.source), "")
    order = record.payload["Order"]
    many = [
        replace(record, key=f"SH-{at:06d}-1", payload={**record.payload, "Order": {**order, "ExternalOrderID": f"9-{at}"}})
        for at in range(1000)
    ]
    with django_assert_max_num_queries(30):
        accept(flow, many, now=shop.amazon.now(), cursor=False)
    assert not went_to("shipments-to-amazon")
