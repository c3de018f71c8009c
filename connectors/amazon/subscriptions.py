"""Sets up what Amazon announces: destinations of the application, and this account's subscriptions (Amazon SP-API reference, 14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.amazon.client import AmazonClient
from connectors.amazon.notifications import FEED, FULFILMENT, LISTING, ORDER_CHANGE, REPORT
from connectors.base import Payload
from connectors.errors import ConflictError, MissingError, RejectedError, UnsupportedError
from connectors.http import JsonClient

PATH = "notifications/v1"
LIMIT = "notifications"
BY_QUEUE = (ORDER_CHANGE, REPORT, FEED, FULFILMENT)
BY_BRIDGE = (LISTING,)
"""Amazon gives listings to the event bridge only, and the others to queues only."""
_VERSIONS = {REPORT: "2020-09-04", FEED: "2020-09-04"}
_DIRECTIVES: Mapping[str, Payload] = {
    ORDER_CHANGE: {"eventFilter": {"eventFilterType": "ORDER_CHANGE", "orderChangeTypes": ["OrderStatusChange", "BuyerRequestedChange"]}},
}


def set_up(client: JsonClient) -> str:
    """Makes what is missing, leaves what is there; answers in words what is announced now. Raises ConnectorError.

    A queue is named by the setting `queue_arn`, an event bridge by `eventbridge_account` and `eventbridge_region`.
    """
    roads = _roads(client.settings)
    if not roads:
        raise RejectedError("Enter the queue's ARN, or account and region of an event bridge, then press the button again.", code="no_road")
    if not isinstance(client, AmazonClient):
        raise UnsupportedError("This client cannot sign in for the application.")
    told = []
    for words, resource, kinds in roads:
        destination = _destination(client, resource)
        for kind in kinds:
            _subscribe(client, kind, destination)
        told.append(f"{words}: {', '.join(kinds)}")
    return f"Amazon announces now {'; '.join(told)}."


def announces_orders(client: JsonClient) -> bool:
    """Whether this account has a subscription for changes of orders. Raises ConnectorError."""
    return _known_subscription(client, ORDER_CHANGE, _VERSIONS.get(ORDER_CHANGE, "1.0")) is not None


def _roads(settings: Mapping[str, str]) -> list[tuple[str, Payload, Sequence[str]]]:
    roads: list[tuple[str, Payload, Sequence[str]]] = []
    if arn := settings.get("queue_arn", ""):
        roads.append(("by the queue", {"sqs": {"arn": arn}}, BY_QUEUE))
    account, region = settings.get("eventbridge_account", ""), settings.get("eventbridge_region", "")
    if account and region:
        roads.append(("by the event bridge", {"eventBridge": {"accountId": account, "region": region}}, BY_BRIDGE))
    return roads


def _destination(client: AmazonClient, resource: Payload) -> str:
    """The application's destination for a resource; there is at most one."""
    known = _known_destination(client, resource)
    if known:
        return known
    wish = {"name": _name(resource), "resourceSpecification": resource}
    try:
        made = client.call("POST", f"{PATH}/destinations", body=wish, limit=LIMIT, safe=True, auth=client.grantless).body
    except ConflictError:
        # Another connection of this application was faster.
        made = {"payload": {"destinationId": _known_destination(client, resource)}}
    return _id(made, "destinationId")


def _known_destination(client: AmazonClient, resource: Payload) -> str:
    answer = client.call("GET", f"{PATH}/destinations", limit=LIMIT, auth=client.grantless).body
    rows = answer.get("payload") if isinstance(answer, dict) else None
    return next((str(row.get("destinationId") or "") for row in rows or () if _same(row.get("resource"), resource)), "")


def _same(found: Any, wanted: Payload) -> bool:
    """Amazon adds a name of its own to an event bridge."""
    [(kind, fields)] = wanted.items()
    held = found.get(kind) if isinstance(found, dict) else None
    return isinstance(held, dict) and all(held.get(name) == value for name, value in fields.items())


def _name(resource: Payload) -> str:
    """Unique per resource, so that two queues of one application do not meet under one name."""
    [(kind, fields)] = resource.items()
    tail = str(fields.get("arn") or f"{fields.get('accountId')}-{fields.get('region')}").rpartition(":")[2]
    return f"throughline-{kind}-{tail}"[:256]


def _subscribe(client: AmazonClient, kind: str, destination: str) -> None:
    version = _VERSIONS.get(kind, "1.0")
    known = _known_subscription(client, kind, version)
    if known is None:
        wish: Payload = {"payloadVersion": version, "destinationId": destination}
        if kind in _DIRECTIVES:
            wish = {**wish, "processingDirective": _DIRECTIVES[kind]}
        try:
            client.call("POST", f"{PATH}/subscriptions/{kind}", body=wish, limit=LIMIT, safe=True)
            return
        except ConflictError:
            known = _known_subscription(client, kind, version) or {}
    if known.get("destinationId") != destination:
        words = f"Amazon already sends {kind} of this account to another destination ({known.get('destinationId')})."
        raise RejectedError(f"{words} End that subscription first, or enter its queue in the connection.", code="subscribed_elsewhere")


def _known_subscription(client: JsonClient, kind: str, version: str) -> Payload | None:
    try:
        answer = client.call("GET", f"{PATH}/subscriptions/{kind}", query={"payloadVersion": version}, limit=LIMIT).body
    except MissingError:
        return None
    found = answer.get("payload") if isinstance(answer, dict) else None
    return found if isinstance(found, dict) and found.get("subscriptionId") else None


def _id(answer: Any, name: str) -> str:
    payload = answer.get("payload") if isinstance(answer, dict) else None
    found = str(payload.get(name) or "") if isinstance(payload, dict) else ""
    if not found:
        raise RejectedError(f"Amazon did not answer with the {name} of what it made.", code="no_id")
    return found
