"""The hub's own order road, prepared for measuring: customers and items are known beforehand, and only webhooks bring orders."""

from __future__ import annotations

from connectors.base import Record
from connectors.channeladvisor.standin.orders import SITES
from connectors.sandbox import Rate
from hub import schedules
from hub.demo.day import widen
from hub.demo.flows import ACKNOWLEDGE, ITEMS, ORDERS
from hub.demo.stage import prepare as stage
from hub.engine import known
from hub.models import Connection, Delivery, Flow, InboundEvent
from mappings.models import LookupEntry, LookupTable
from tests.benchmarks.plan import SENDERS, Plan
from tests.benchmarks.quick_channel import skus

SECRET = "a-webhook-secret-of-at-least-32-characters"
PLENTY = Rate(10_000_000, 60)
"""No rate limit holds anything up here."""


def prepare(plan: Plan, tims: int, channel: int) -> tuple[str, str]:
    """Tables, connections, flows and mappings as `demo` makes them; answers path and secret of the webhooks.

    Every marketplace has a house account, so that no customer has to be made before an order.
    """
    made = stage(_settings(tims, channel))
    for connection in made.values():
        widen(connection, PLENTY)
    Connection.objects.update(parallel=SENDERS)
    Flow.objects.exclude(slug__in=[ORDERS, ACKNOWLEDGE]).update(enabled=False)
    Flow.objects.filter(slug=ORDERS).update(poll_minutes=0)
    Flow.objects.filter(slug=ACKNOWLEDGE).update(enabled=plan.acknowledge)
    schedules.sync()
    known.remember(Flow.objects.get(slug=ITEMS), [Record(key=sku, payload={}) for sku in skus()], now=made["tims"].created_at)
    Flow.objects.filter(slug=ITEMS).update(last_read_at=made["tims"].created_at)
    accounts = LookupTable.objects.get(slug="house_account")
    LookupEntry.objects.bulk_create([LookupEntry(table=accounts, key=str(site.id), value="C-000001") for site in SITES])
    LookupTable.touch(accounts.pk)
    seller = made["channeladvisor"]
    return f"/api/webhooks/{seller.slug}/{seller.webhook_token}", SECRET


def _settings(tims: int, channel: int) -> dict[str, dict[str, str]]:
    shared = {"client_id": "benchmark", "client_secret": "benchmark", "application_id": "benchmark", "shared_secret": "benchmark"}
    erp = {**shared, "base_url": f"http://127.0.0.1:{tims}", "auth": "oauth", "company": "MAIN"}
    seller = {**shared, "base_url": f"http://127.0.0.1:{channel}", "dialect": "v2", "refresh_token": "benchmark", "profile_id": "1"}
    return {"tims": erp, "channeladvisor": {**seller, "webhook_secret": SECRET}}


def settled() -> bool:
    """Nothing waits or is under way, and no delivery stopped."""
    if InboundEvent.objects.filter(state=InboundEvent.State.RECEIVED).exists():
        return False
    return not Delivery.objects.exclude(state=Delivery.State.DELIVERED).exists()
