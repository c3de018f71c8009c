"""The hub of the rate budget: Amazon's own connector between two toy systems, with every wait scaled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

from django.conf import settings
from django.utils import timezone

from connectors import registry
from connectors.amazon import CONNECTOR, order_walk
from connectors.amazon.confirm_shipment import CONFIRM_SHIPMENT
from connectors.amazon.confirm_shipment import send as confirm
from connectors.amazon.sandbox import AmazonSandbox
from connectors.base import Connector, Payload, Receipt, Reference
from connectors.http import JsonClient
from hub import clients, vault
from hub.engine import deliver as sender
from hub.models import Connection
from tests.hub.engine import toy


@contextmanager
def hurried(scale: float, box: AmazonSandbox) -> Iterator[None]:
    """Our own waits are scaled like Amazon's, and nobody sleeps: one process does everything."""
    toy.WORLD.__init__()  # type: ignore[misc]
    amazon = _amazon(box)
    clients.forget_clients()
    known = {"shop": toy.SHOP, "ledger": toy.LEDGER, "amazon": amazon}
    with (
        patch.object(registry, "connectors", lambda: known),
        patch.object(settings, "HUB_PACE", 1 / scale),
        patch.object(order_walk, "OVERLAP", order_walk.OVERLAP / scale),
        patch.object(clients, "LONGEST_PACE", 0.0),
        patch.object(sender, "LONGEST_PAUSE", 0.0),
    ):
        yield
    clients.forget_clients()


def _amazon(box: AmazonSandbox) -> Connector:
    """The connector itself; what is said of a parcel is made up from its order."""

    def parcel(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
        order = box.order(str(payload["Number"]))
        lines = [{"orderItemId": line["orderItemId"], "quantity": line["quantityOrdered"]} for line in order["orderItems"]]
        package = {"packageReferenceId": "101", "carrierCode": "DHL", "trackingNumber": "JJD0001", "shipDate": now(), "orderItems": lines}
        said = {"orderId": order["orderId"], "marketplaceId": order["salesChannel"]["marketplaceId"], "packageDetail": package}
        return confirm(client, said, reference)

    operation = replace(CONFIRM_SHIPMENT, schema="document", send=parcel)
    return replace(CONNECTOR, package=toy.PACKAGE, operations=(operation,))


def connection(name: str, box: AmazonSandbox) -> Connection:
    """A connection to a region of the stand-in, or to one of the toy systems."""
    if name not in ("NA", "EU"):
        return Connection.objects.create(slug=name, name=name, connector=name)
    given = box.settings(name)
    secret = {one.name for one in CONNECTOR.settings if one.secret}
    return Connection.objects.create(
        slug=f"amazon-{name.lower()}", name=f"Amazon {name}", connector="amazon",
        settings={key: value for key, value in given.items() if key not in secret},
        secrets=vault.seal_secrets({key: value for key, value in given.items() if key in secret}),
    )  # fmt: skip


def now() -> str:
    """As Amazon writes it."""
    return timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
