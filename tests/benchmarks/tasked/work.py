"""The baseline's task: fetch, map, post; each step saved."""

from __future__ import annotations

import os
from functools import cache

import requests

from connectors.wire import decode, encode
from tests.benchmarks.shipped import Shipped, shipped
from tests.benchmarks.tasked.models import Order


@cache
def session() -> requests.Session:
    """One per process; it keeps its connections open."""
    return requests.Session()


@cache
def mapping() -> Shipped:
    """Compiled once per process."""
    return shipped()


def carry(pk: int) -> None:
    """One order from its number to its sales order."""
    order = Order.objects.get(pk=pk)
    answer = session().get(f"{os.environ['BENCH_CHANNEL']}/v2/orders/{order.key}", timeout=30)
    answer.raise_for_status()
    order.state, order.source = "fetched", answer.text
    order.save()
    order.state, order.payload = "mapped", encode(mapping()(decode(order.source))).decode()
    order.save()
    sold = session().post(f"{os.environ['BENCH_TIMS']}/api/v1/sales_orders", data=order.payload, timeout=30)
    sold.raise_for_status()
    order.state, order.target_key = "delivered", sold.json()["SalesOrderID"]
    order.save()
