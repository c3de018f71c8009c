"""One marketplace order, told by Amazon and by ChannelAdvisor."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from connectors.amazon.regions import marketplace_name
from connectors.amazon.standin.orders import generate
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.hooks import Hooks
from connectors.schema import validate
from hub.demo.twins import as_channeladvisor

ORDERS = [
    one.order
    for one in generate(seed=7, count=60, now=datetime(2026, 11, 20, tzinfo=UTC), skus=["TK-1001", "TK-1002"], failing=0.0)
    if not one.skipped
]


def test_both_tell_the_same_total_and_fit_the_schema() -> None:
    for number, order in enumerate(ORDERS, start=19_000_000):
        twin = as_channeladvisor(order, number=number)
        assert twin["Totals"]["Grand"] == Decimal(order["proceeds"]["grandTotal"]["amount"]), order["orderId"]
        assert validate("connectors.channeladvisor", "order", twin) == []


def test_both_are_known_under_the_same_alias() -> None:
    order = ORDERS[0]
    with ChannelAdvisorSandbox() as box:
        box.place(as_channeladvisor(order, number=19_000_000))
        (record,) = CONNECTOR.stream("orders").read(CONNECTOR.connect(box.settings(), Hooks()), "")
    assert f"{marketplace_name(order['salesChannel']['marketplaceId'])}:{order['orderId']}" in record.aliases
