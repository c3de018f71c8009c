"""A running stand-in, connections to it in both dialects, and orders made to measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.base import Payload, Record, Reference
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.channeladvisor.standin.orders import generate
from connectors.hooks import Hooks
from connectors.http import JsonClient

SKUS = [f"TK-{number}" for number in range(1001, 1051)]
BUNDLES = {"BDL-1": {"TK-1001": 1, "TK-1002": 2}}


@pytest.fixture
def box() -> Iterator[ChannelAdvisorSandbox]:
    with ChannelAdvisorSandbox(rate=None, parallel=None) as running:
        yield running


@pytest.fixture(params=["v2", "rest-v1"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connect(box: ChannelAdvisorSandbox) -> Callable[..., JsonClient]:
    """A new client: `connect("v2", refresh_token="…")`."""

    def connected(dialect: str, hooks: Hooks | None = None, **changed: str) -> JsonClient:
        return CONNECTOR.connect({**box.settings(dialect), **changed}, hooks or Hooks())

    return connected


@pytest.fixture
def client(connect: Callable[..., JsonClient], dialect: str) -> JsonClient:
    return connect(dialect)


def orders(count: int = 1, **options: Any) -> list[Payload]:
    """Generated orders of which none must fail."""
    wish = {"seed": 5, "now": datetime(2026, 11, 20, tzinfo=UTC), "skus": SKUS, "bundles": BUNDLES, "failing": 0.0, **options}
    return [one.order for one in generate(count=count, **wish)]


def read(client: JsonClient, cursor: str = "") -> list[Record]:
    return list(CONNECTOR.stream("orders").read(client, cursor))


def read_one(client: JsonClient, key: object) -> Record | None:
    one = CONNECTOR.stream("orders").read_one
    assert one
    return one(client, str(key))


def take(client: JsonClient, number: int) -> None:
    """Marks an order as taken without changing it."""
    if client.settings["dialect"] == "v2":
        client.call("PUT", "v2/orders", body={"ChannelAdvisorOrderID": number, "Exported": True})
    else:
        client.call("POST", f"v1/Orders({number})/Export")


def package(order: Payload, *units: tuple[int, int], name: str = "SH-000771-1", **changes: Any) -> Payload:
    """A package of an order, `units` as (place of the line, quantity), else one of everything."""
    lines = order["OrderItem"]
    chosen = [(lines[place], quantity) for place, quantity in units] or [(line, line["Quantity"]) for line in lines]
    return {
        "ChannelAdvisorOrderID": order["ChannelAdvisorOrderID"], "SellerShipmentID": name, "Status": "Shipped", "FulfilledBy": "Seller",
        "OrderedAt": order["OrderDate"], "Carrier": "USPS", "Class": "PRIORITY", "TrackingNumber": "9400 1000 0000 abc",
        "ShippedDateUtc": order["OrderDate"], "Items": [{"ItemID": line["ItemID"], "Quantity": quantity} for line, quantity in chosen],
        **changes,
    }  # fmt: skip


def reference(payload: Payload, version: str = "1") -> Reference:
    """The name of a delivery out of TIMS."""
    return Reference(system="TIMS", key=str(payload.get("SellerShipmentID") or payload["ChannelAdvisorOrderID"]), version=version)
