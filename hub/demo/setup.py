"""Makes the connections and flows of the order road; what is there already stays as people left it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from connectors.registry import connector
from hub import vault
from hub.models import Connection, Flow
from mappings.lookups import Row, write
from mappings.models import LookupTable
from mappings.models import Mapping as FieldMapping

NAMES = {"channeladvisor": "ChannelAdvisor (stand-in)", "tims": "TIMS (stand-in)"}
ORDERS, CUSTOMERS, ITEMS, ACKNOWLEDGE = "ca-orders", "ca-customers", "tims-items", "ca-acknowledge"
RATE_DAYS = 7


def install(settings: Mapping[str, Mapping[str, str]], *, poll_minutes: int = 5) -> dict[str, Connection]:
    """The connections by connector id, and the four flows between them. Safe to repeat; addresses follow the stand-ins.

    Needs the starter mappings.
    """
    made = {name: _connection(name, fields) for name, fields in settings.items()}
    channel, erp = made["channeladvisor"], made["tims"]
    _flow(ITEMS, "What TIMS can sell", source=erp, stream="items", poll_minutes=60)
    _flow(
        CUSTOMERS, "Buyers become TIMS customers", source=channel, stream="customers", mapping="ca-customer-to-tims-customer",
        target=erp, operation="customers", poll_minutes=0, priority=10,
    )  # fmt: skip
    orders = _flow(
        ORDERS, "Orders become TIMS sales orders", source=channel, stream="orders", mapping="ca-order-to-tims-sales-order",
        target=erp, operation="sales_orders", poll_minutes=poll_minutes,
        filter='OrderStatus = "New"', filter_words="Only orders that are new at ChannelAdvisor are taken over.",
    )  # fmt: skip
    _flow(
        ACKNOWLEDGE, "Taken orders are acknowledged", after=orders, mapping="ca-acknowledge",
        target=channel, operation="acknowledge_order", poll_minutes=0,
    )  # fmt: skip
    return made


def rates(today: date) -> None:
    """The starter's exchange rates, also for today and the days on which the stand-in's orders were placed."""
    table = LookupTable.objects.get(slug="rates")
    seeds = {key.partition("|")[0]: value for key, value in table.entries.order_by("key").values_list("key", "value")}
    days = [today - timedelta(days=back) for back in range(RATE_DAYS)]
    write(table, [Row(f"{currency}|{day}", value) for currency, value in seeds.items() for day in days], by=None, keep=True)


def _connection(connector_id: str, fields: Mapping[str, str]) -> Connection:
    secret = {setting.name for setting in connector(connector_id).settings if setting.secret}
    found = Connection.objects.filter(slug=connector_id).first()
    if found:
        if found.settings.get("base_url") != fields["base_url"]:
            found.settings["base_url"] = fields["base_url"]
            found.save(update_fields=["settings"])
        return found
    return Connection.objects.create(
        slug=connector_id,
        name=NAMES[connector_id],
        connector=connector_id,
        settings={name: value for name, value in fields.items() if name not in secret},
        secrets=vault.seal_secrets({name: value for name, value in fields.items() if name in secret}),
    )


def _flow(slug: str, name: str, *, mapping: str = "", **fields: object) -> Flow:
    rules = FieldMapping.objects.get(slug=mapping) if mapping else None
    flow, _ = Flow.objects.get_or_create(slug=slug, defaults={"name": name, "mapping": rules, **fields})
    return flow
