"""Makes the connections and flows of the order road; what is there already stays as people left it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from connectors.registry import connector
from hub import vault
from hub.demo.flows import install_flows
from hub.demo.inventing import PACKS
from hub.models import Connection
from mappings.lookups import Row, write
from mappings.models import LookupTable

NAMES = {"channeladvisor": "ChannelAdvisor (stand-in)", "tims": "TIMS (stand-in)", "amazon": "Amazon (stand-in)"}
RATE_DAYS = 7


def install(settings: Mapping[str, Mapping[str, str]], *, poll_minutes: int = 5) -> dict[str, Connection]:
    """The connections by connector id, and the flows between them. Safe to repeat; addresses follow the stand-ins.

    Needs the starter mappings.
    """
    made = {name: _connection(name, fields) for name, fields in settings.items()}
    install_flows(made, poll_minutes=poll_minutes)
    return made


def rates(today: date) -> None:
    """The starter's exchange rates, also for today and the days on which the stand-in's orders were placed."""
    table = LookupTable.objects.get(slug="rates")
    seeds = {key.partition("|")[0]: value for key, value in table.entries.order_by("key").values_list("key", "value")}
    days = [today - timedelta(days=back) for back in range(RATE_DAYS)]
    write(table, [Row(f"{currency}|{day}", value) for currency, value in seeds.items() for day in days], by=None, keep=True)


def packs() -> None:
    """What is in the multipacks that the stand-in's orders are of."""
    table = LookupTable.objects.get(slug="sku_pack")
    write(table, [Row(key, f"{sku}|{units}") for key, (sku, units) in PACKS.items()], by=None, keep=True)


def _connection(connector_id: str, fields: Mapping[str, str]) -> Connection:
    secret = {setting.name for setting in connector(connector_id).settings if setting.secret}
    found = Connection.objects.filter(slug=connector_id).first()
    if found:
        was = str(found.settings.get("base_url"))
        if was != fields["base_url"]:
            found.settings = {name: str(value).replace(was, fields["base_url"]) for name, value in found.settings.items()}
            found.save(update_fields=["settings"])
        return found
    return Connection.objects.create(
        slug=connector_id,
        name=NAMES[connector_id],
        connector=connector_id,
        settings={name: value for name, value in fields.items() if name not in secret},
        secrets=vault.seal_secrets({name: value for name, value in fields.items() if name in secret}),
    )
