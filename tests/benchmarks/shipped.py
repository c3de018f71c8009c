"""The shipped order map without a hub: its tables in memory and every question answered beforehand."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor.standin.orders import SITES
from mappings.core.engine import apply, compile_rules
from mappings.core.values import Facts, Need
from tests.benchmarks.quick_channel import skus
from tests.mappings.core.samples import starter_rules

Shipped = Callable[[Payload], Payload]


def shipped() -> Shipped:
    """A function from an order of ChannelAdvisor to a sales order of TIMS. ValueError for an order that it cannot map."""
    rows: dict[str, Any] = {
        one.name.removesuffix(".json"): json.loads(one.read_text("utf-8")) for one in (files("mappings") / "starters").iterdir()
    }
    tables = {slug: {key: value for key, value, *_ in row["entries"]} for slug, row in rows.items() if "entries" in row}
    # The stand-in's orders are a few days old at most, and rates hold for a day.
    days = [datetime.now(UTC).date() - timedelta(days=back) for back in range(7)]
    tables["rates"] = {f"{key.partition('|')[0]}|{day}": value for key, value in tables["rates"].items() for day in days}
    tables["house_account"] = {str(site.id): "C-000001" for site in SITES}
    compiled = compile_rules(starter_rules("ca-order-to-tims-sales-order", "connectors.tims", "sales_order"), tables=tables)
    answers: dict[Need, str | None] = {Need(kind="record", stream="items", key=sku): sku for sku in skus()}
    answers |= {Need(kind="hazard", stream="items", key=sku): "" for sku in skus()}

    def convert(order: Payload) -> Payload:
        outcome = apply(compiled, order, Facts(tables=tables, settings={"time_zone": "America/Denver"}, answers=answers))
        if outcome.problems or outcome.asked or outcome.waits:
            raise ValueError(outcome.problems or outcome.asked or outcome.waits)
        return outcome.payload

    return convert
