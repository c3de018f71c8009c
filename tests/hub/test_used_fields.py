"""Which fields flows read: what decides whether personal data is asked for."""

from __future__ import annotations

import pytest
from django.utils import timezone

from connectors.amazon.orders import personal
from hub import clients
from hub.demo.flows import AMAZON_ORDERS, install_flows
from hub.models import Connection, Flow
from hub.used_fields import fields_read
from mappings.models import MappingRule, MappingVersion
from mappings.starting import load_starters
from tests import factories

pytestmark = pytest.mark.django_db
SETTINGS = {"base_url": "https://amazon.test", "region": "NA", "seller_id": "A1"}


@pytest.fixture
def amazon() -> Connection:
    """Amazon and TIMS with the flows of the demonstration."""
    made = {connector: factories.connection(connector) for connector in ("channeladvisor", "tims", "amazon")}
    Connection.objects.filter(pk=made["amazon"].pk).update(settings=SETTINGS)
    made["amazon"].refresh_from_db()
    load_starters()
    install_flows(made, poll_minutes=5)
    clients.forget_clients()
    return made["amazon"]


def asked(amazon: Connection) -> tuple[str, ...]:
    return personal(clients.client(amazon))


def without(*groups: str) -> None:
    """The mapping's live version no longer reads these groups."""
    flow = Flow.objects.get(slug=AMAZON_ORDERS)
    assert flow.mapping
    rules = MappingRule.objects.filter(version=flow.mapping.live_id)
    version = MappingVersion.objects.create(mapping=flow.mapping, number=90 + len(groups))
    kept = [rule for rule in rules if not any(f"{group}." in f"{rule.source} {rule.formula} {rule.condition}" for group in groups)]
    for rule in kept:
        rule.pk, rule.version = None, version
    MappingRule.objects.bulk_create(kept)
    MappingVersion.objects.filter(pk=version.pk).update(state="published", published_at=timezone.now())
    type(flow.mapping).objects.filter(pk=flow.mapping.pk).update(live=version)


def test_the_shipped_map_reads_the_address_and_so_it_is_asked_for(amazon: Connection) -> None:
    assert asked(amazon) == ("BUYER", "RECIPIENT")


def test_a_flow_that_is_switched_off_needs_nothing(amazon: Connection) -> None:
    Flow.objects.filter(slug=AMAZON_ORDERS).update(enabled=False)
    assert asked(amazon) == ()


def test_a_mapping_that_no_longer_reads_an_address_ends_the_asking_at_once(amazon: Connection) -> None:
    assert asked(amazon)
    without("recipient")
    assert asked(amazon) == ("BUYER",)
    without("recipient", "buyer")
    assert asked(amazon) == ()


def test_a_filter_that_reads_a_buyer_needs_it(amazon: Connection) -> None:
    without("recipient", "buyer")
    Flow.objects.filter(slug=AMAZON_ORDERS).update(filter="NOT ISBLANK($source.buyer.buyerName)")
    assert asked(amazon) == ("BUYER",)
    Flow.objects.filter(slug=AMAZON_ORDERS).update(filter="", filter_words='="To " & recipient.deliveryAddress.city')
    assert asked(amazon) == ("RECIPIENT",)


def test_another_connections_flow_needs_nothing_of_this_one(amazon: Connection) -> None:
    other = factories.connection("amazon", slug="amazon-eu")
    Flow.objects.filter(slug=AMAZON_ORDERS).update(source=other)
    assert asked(amazon) == ()


def test_a_flow_without_a_published_mapping_needs_nothing(amazon: Connection) -> None:
    flow = Flow.objects.get(slug=AMAZON_ORDERS)
    assert flow.mapping
    type(flow.mapping).objects.filter(pk=flow.mapping.pk).update(live=None)
    Flow.objects.update(filter="", filter_words="")
    assert asked(amazon) == ()


def test_records_from_which_others_are_made_are_read_whole(amazon: Connection) -> None:
    channel = Connection.objects.get(connector="channeladvisor")
    assert fields_read(channel, "orders") is None
    Flow.objects.filter(source=channel, stream="customers").update(enabled=False)
    assert "ShippingAddress" in (fields_read(channel, "orders") or ())
