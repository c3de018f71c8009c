"""Bundles and multipacks from the channel into TIMS and back through the shipped maps, without a hub between: whole units, told once."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.amazon import CONNECTOR as AMAZON
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.orders import generate
from connectors.base import Connector, Outcome, Payload, Receipt, Reference
from connectors.channeladvisor import CONNECTOR as CHANNEL
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.errors import ConnectorError, NotNeededError
from connectors.hooks import Hooks
from connectors.http import JsonClient
from connectors.sandbox import Sandbox
from connectors.tims import CONNECTOR as ERP
from connectors.tims.sandbox import TimsSandbox
from mappings.core.engine import apply
from mappings.core.values import Facts
from tests.connectors.channeladvisor.conftest import orders
from tests.connectors.tims.conftest import settings_for
from tests.mappings.core.samples import SETTINGS, Everything, compiled_starter, tables

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SKUS = [f"TK-{number}" for number in range(1001, 1021)]
PACKS = {"TK-1001": "TK-1011|6", "TK-1002": "TK-1012|2", "TK-1003": "TK-1013|4"}


class Road:
    """A channel and TIMS, the maps there and back, and what the channel answered."""

    def __init__(self, opened: ExitStack, connector: Connector, box: Sandbox, client: JsonClient, *, kits: str = "parent") -> None:
        self.erp = opened.enter_context(TimsSandbox(rate=None, environment="production"))
        self.of, self.to = ERP.connect(settings_for(self.erp), Hooks()), client
        self.connector, self.channel = connector, box
        self.facts = Facts(tables=tables() | {"sku_pack": PACKS}, settings=SETTINGS | {"kit_mode": kits}, answers=Everything())
        self.left_out = 0

    def enter(self, mapping: str, found: Sequence[Payload]) -> list[str]:
        """The channel's orders become sales orders; answers their numbers."""
        send, keys = ERP.operation("sales_orders").send, []
        for one in found:
            made = apply(compiled_starter(mapping, "connectors.tims", "sales_order"), one, self.facts)
            assert made.problems == ()
            payload = {**made.payload, "CustomerID": "C-CA-GUEST"}
            system = payload["SourceSystem"]
            keys.append(send(self.of, payload, Reference(system=system, key=payload["ExternalOrderID"], version="1")).key)
        return keys

    def tell(self, mapping: str, operation: str) -> None:
        """Everything that has left, told anew, in any order; parcels without their number wait."""
        declared = self.connector.operation(operation)
        rules = compiled_starter(mapping, self.connector.package, declared.schema)
        records = list(ERP.stream("packages").read(self.of, ""))
        random.Random(len(records)).shuffle(records)
        for record in records:
            made = apply(rules, record.payload, self.facts)
            if any(problem.wait for problem in made.problems):
                continue
            assert made.problems == ()
            outcome = told(declared.send, self.to, made.payload, Reference(system="TIMS", key=record.key))
            assert isinstance(outcome, Receipt | NotNeededError), outcome
            self.left_out += isinstance(outcome, NotNeededError)

    def days(self, count: int, mapping: str, operation: str) -> None:
        """So many days in the warehouse, and each is told twice."""
        chance = random.Random(5)
        for day in range(count):
            for box in (self.channel, self.erp):
                box.clock.set(NOON + timedelta(days=day), frozen=True)
            self.erp.ship_open(chance, NOON + timedelta(days=day))
            self.tell(mapping, operation)
            self.tell(mapping, operation)


def told(send: Callable[[JsonClient, Payload, Reference], Receipt], client: JsonClient, payload: Payload, name: Reference) -> Outcome:
    try:
        return send(client, payload, name)
    except ConnectorError as error:
        return error


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def bundle(line: dict[str, Any]) -> None:
    parts = [{"SKU": "TK-1005", "Quantity": line["Quantity"]}, {"SKU": "TK-1006", "Quantity": 2 * line["Quantity"]}]
    line |= {"SKU": "BDL-101", "IsBundle": True, "BundleComponents": parts}


@pytest.mark.parametrize(("dialect", "kits"), [("v2", "explode"), ("v2", "component_only"), ("rest-v1", "explode")])
def test_bundles_that_leave_in_parts_are_shipped_whole_at_channeladvisor(opened: ExitStack, dialect: str, kits: str) -> None:
    box = opened.enter_context(ChannelAdvisorSandbox(rate=None, parallel=None))
    road = Road(opened, CHANNEL, box, CHANNEL.connect(box.settings(dialect), Hooks()), kits=kits)
    made = orders(14, skus=SKUS, bundles=None, lines=(1, 2), weights={"Amazon US": 1}, failing=0)
    for one in made:
        bundle(one["OrderItem"][0])
    box.place_many(made)
    road.enter("ca-order-to-tims-sales-order", [one.payload for one in CHANNEL.stream("orders").read(road.to, "")])
    road.days(9, "tims-package-to-ca-shipment", "ship")
    assert {one["OrderStatus"] for one in box.orders()} == {"Shipped"}
    for one in box.orders():
        sent = [line for row in box.shipments(one["ChannelAdvisorOrderID"]) for line in row["Items"]]
        for line in one["OrderItem"]:
            assert sum(part["Quantity"] for part in sent if part["ItemID"] == line["ItemID"]) == line["Quantity"]
    assert road.left_out > 0


def test_multipacks_that_leave_in_parts_are_confirmed_whole_at_amazon(opened: ExitStack) -> None:
    box = opened.enter_context(AmazonSandbox(throttled=False))
    road = Road(opened, AMAZON, box, AMAZON.connect(box.settings(), Hooks()))
    box.clock.set(NOON - timedelta(hours=1), frozen=True)
    made = generate(seed=4, count=24, now=box.now(), skus=list(PACKS), failing=0.0, weights={"US": 1}, kinds={"plain": 1}, lines=(1, 2))
    keys = box.place_many([one.order for one in made], backdated=True)
    road.enter("amazon-order-to-tims-sales-order", [box.order(key) for key in keys])
    road.days(9, "tims-package-to-amazon-shipment", "confirm_shipment")
    for key in keys:
        found = box.order(key)
        assert found["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
        assert [line["fulfillment"]["quantityFulfilled"] for line in found["orderItems"]] == [
            line["quantityOrdered"] for line in found["orderItems"]
        ]
    assert road.left_out > 0
