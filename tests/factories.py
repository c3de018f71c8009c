"""Rows for tests, each in one call: connections, flows, deliveries in every state, errors, people in their roles."""

from __future__ import annotations

from collections.abc import Mapping as Fields
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone

from connectors.schema import fields as schema_fields
from connectors.wire import encode
from hub import vault
from hub.core.fingerprint import fingerprint
from hub.core.masking import mask, shape
from hub.core.policy import advice
from hub.models import Attempt, Connection, Delivery, ErrorRecord, Flow
from hub.roles import ship_roles
from mappings.models import LookupTable, Mapping, MappingVersion

PASSWORD = "a long enough pass phrase"
_numbers = count(1)

SETTINGS: dict[str, dict[str, str]] = {
    "channeladvisor": {"base_url": "http://127.0.0.1:9", "dialect": "v2", "application_id": "app-1", "profile_id": "32001327"},
    "tims": {"base_url": "http://127.0.0.1:9"},
    "amazon": {"base_url": "http://127.0.0.1:9", "region": "NA", "seller_id": "A1SELLER", "client_id": "amzn1.application-oa2-client.1"},
}
SECRETS: dict[str, dict[str, str]] = {
    "channeladvisor": {
        "shared_secret": "shared-s3cret",
        "refresh_token": "refresh-s3cret",
        "webhook_secret": "webhook-s3cret-of-32-characters!!",
    },
    "tims": {"client_secret": "tims-s3cret"},
    "amazon": {"client_secret": "amazon-s3cret", "refresh_token": "Atzr|s3cret"},
}


def connection(connector: str = "tims", **fields: Any) -> Connection:
    """A connection with settings and secrets; nothing listens at its address."""
    names = {"channeladvisor": "ChannelAdvisor US", "tims": "TIMS Main", "amazon": "Amazon NA"}
    number = next(_numbers)
    values: dict[str, Any] = {
        "slug": f"{connector}-{number}",
        "name": names.get(connector, connector),
        "connector": connector,
        "settings": SETTINGS.get(connector, {}),
        "secrets": vault.seal_secrets(SECRETS.get(connector, {})),
    }
    return Connection.objects.create(**{**values, **fields})


def mapping(**fields: Any) -> Mapping:
    """From ChannelAdvisor's orders to TIMS's sales orders, without a version."""
    number = next(_numbers)
    values: dict[str, Any] = {
        "slug": f"orders-{number}",
        "name": "Orders to sales orders",
        "source_connector": "channeladvisor",
        "source_stream": "orders",
        "target_connector": "tims",
        "target_operation": "sales_orders",
    }
    return Mapping.objects.create(**{**values, **fields})


def version(of: Mapping, **fields: Any) -> MappingVersion:
    """A draft."""
    values: dict[str, Any] = {"number": of.versions.count() + 1, "state": MappingVersion.State.DRAFT}
    return MappingVersion.objects.create(mapping=of, **{**values, **fields})


def flow(**fields: Any) -> Flow:
    """Orders from a new ChannelAdvisor connection to a new TIMS connection."""
    number = next(_numbers)
    values: dict[str, Any] = {"slug": f"ca-orders-{number}", "name": "Orders to TIMS", "stream": "orders", "operation": "sales_orders"}
    values |= {name: fields.pop(name) for name in list(fields)}
    values.setdefault("source", None if values.get("after") else connection("channeladvisor"))
    values.setdefault("target", connection("tims"))
    if "mapping" not in values and values["operation"] == "sales_orders":
        values["mapping"] = mapping()
    return Flow.objects.create(**values)


def order(number: int | None = None, **fields: Any) -> dict[str, Any]:
    """A ChannelAdvisor order in the shape that the stream yields, personal data and all."""
    number = number or 19_918_000 + next(_numbers)
    payload: dict[str, Any] = {
        "ChannelAdvisorOrderID": number,
        "OrderID": f"112-44556{number % 100:02d}-{number % 10_000_000:07d}",
        "Marketplace": {"SiteID": 640, "Name": "Amazon US"},
        "OrderStatus": "New",
        "PaymentStatus": "Cleared",
        "OrderDate": "2026-11-20T10:15:00Z",
        "Currency": "USD",
        "CustomerInfo": {
            "CustomerKey": "640|5f2a",
            "FirstName": "Ottoline",
            "LastName": "Quackenbush",
            "Email": "ottoline@example.test",
            "Phone": "+1 206 555 0142",
        },
        "ShippingAddress": {
            "FirstName": "Ottoline",
            "LastName": "Quackenbush",
            "AddressLine1": "77 Marzipan Lane",
            "City": "Seattle",
            "StateOrProvince": "WA",
            "PostalCode": "98101",
            "Country": "US",
        },
        "ShippingMethod": {"Carrier": "UPS", "Class": "Ground"},
        "OrderItem": [
            {
                "ItemID": 1,
                "SKU": "TK-9000",
                "Title": "Torch kit",
                "Quantity": 2,
                "UnitPrice": Decimal("59.95"),
                "TaxAmount": Decimal("9.50"),
            }
        ],
        "Totals": {"Items": Decimal("119.90"), "Tax": Decimal("9.50"), "Grand": Decimal("129.40")},
    }
    return {**payload, **fields}


def delivery(
    of: Flow, state: str = "pending", *, payload: Fields[str, Any] | None = None, ago: timedelta = timedelta(), **fields: Any
) -> Delivery:
    """One delivery of an order, masked for people and sealed for the machine, `ago` before now."""
    record = dict(payload or order())
    key, now = str(record["ChannelAdvisorOrderID"]), timezone.now() - ago
    masked = encode(mask(record, shape(schema_fields("connectors.channeladvisor", "order")))).decode()
    seal = vault.new_seals(of.source_id or of.after.source_id, "orders", [key], now + timedelta(days=30))[key]  # type: ignore[union-attr]
    values: dict[str, Any] = {
        "flow": of,
        "key": key,
        "state": state,
        "title": f"Amazon US {record['OrderID']}",
        "amount": record["Totals"]["Grand"],
        "currency": record["Currency"],
        "placed_at": now,
        "fingerprint": fingerprint(record),
        "version": "2026-11-20T10:15:00Z",
        "masked": masked,
        "sealed": vault.seal(seal, encode(record)),
        "seal": seal,
        "due_at": now,
        "created_at": now,
        "changed_at": now,
    }
    return Delivery.objects.create(**{**values, **_of_state(state, key, now), **fields})


def _of_state(state: str, key: str, now: datetime) -> dict[str, Any]:
    return {
        "delivered": {
            "target_key": f"SO-{key[-6:]}",
            "target_version": "1",
            "outcome": "created",
            "delivered_at": now + timedelta(seconds=3),
            "attempts": 1,
        },
        "failed": {"reason": "1 problem stops this order.", "reason_code": "mapping", "attempts": 1},
        "held": {"reason": "Waits for ABC-1 (items) in TIMS.", "reason_code": "waits"},
        "waiting": {"reason": "TIMS answered 503.", "reason_code": "transient", "attempts": 2, "due_at": now + timedelta(minutes=5)},
        "sending": {"lease": "a" * 32, "lease_until": now + timedelta(minutes=3), "attempts": 1},
        "skipped": {"reason": "The order was cancelled before it was taken.", "reason_code": "filtered"},
        "superseded": {"reason": "A newer version of the record arrived.", "reason_code": "superseded"},
    }.get(state, {})


def attempt(of: Delivery, *, outcome: str = "created", status: int | None = 201, message: str = "", **fields: Any) -> Attempt:
    """One try with what was sent and what came back, masked."""
    sent = {
        "ExternalOrderID": of.key,
        "CustomerID": "C-10001",
        "LineItems": [{"SKU": "TK-9000", "Quantity": 2, "Price": Decimal("59.95")}],
        "TotalAmount": of.amount,
    }
    values: dict[str, Any] = {
        "number": of.tries.count() + 1,
        "started_at": of.created_at + timedelta(seconds=1),
        "finished_at": of.created_at + timedelta(seconds=2),
        "outcome": outcome,
        "status": status,
        "message": message,
        "request": encode(sent).decode(),
        "answer": encode({"SalesOrderID": of.target_key or "SO-1000045", "Version": 1}).decode() if outcome == "created" else "",
    }
    return Attempt.objects.create(delivery=of, **{**values, **fields})


def error(of: Delivery | None, *, cause: str = "lookup:ca_ship:UPS|Ground", **fields: Any) -> ErrorRecord:
    """An open error of a delivery, by default a lookup row that is missing."""
    values: dict[str, Any] = {
        "flow": of.flow if of else None,
        "connection": of.flow.target if of else None,
        "category": "mapping",
        "cause": cause,
        "code": "lookup",
        "path": "ShippingMethod",
        "value": cause.rpartition(":")[2],
        "advice": advice("mapping"),
        "created_at": timezone.now(),
        "message": f'The lookup table "ca_ship" has no row for "{cause.rpartition(":")[2]}". Add the row, then retry.',
    }
    return ErrorRecord.objects.create(delivery=of, **{**values, **fields})


def failed(of: Flow, *, cause: str = "lookup:ca_ship:UPS|Ground", **fields: Any) -> Delivery:
    """A failed delivery with its attempt and its open error."""
    made = delivery(of, "failed", **fields)
    attempt(made, outcome="mapping", status=None, message=made.reason, request="")
    error(made, cause=cause)
    return made


def lookup_table(slug: str = "ca_ship", **rows: str) -> LookupTable:
    """A lookup table with these rows."""
    table = LookupTable.objects.create(slug=slug, name="Shipping methods", key_label="Carrier and class", value_label="TIMS method")
    for key, value in rows.items():
        table.entries.create(key=key, value=value)
    return table


def user(role: str = "", *, name: str = "") -> User:
    """A person who may enter the admin, in one of the shipped roles; "superuser" may do everything."""
    name = name or f"{role.lower() or 'nobody'}-{next(_numbers)}"
    if role == "superuser":
        return User.objects.create_superuser(name, password=PASSWORD)
    made = User.objects.create_user(name, password=PASSWORD, is_staff=True)
    if role:
        ship_roles()
        made.groups.add(Group.objects.get(name=role))
    return made
