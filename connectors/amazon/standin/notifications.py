"""The stand-in's destinations and subscriptions (Amazon SP-API reference, 14; model notifications.json)."""

from __future__ import annotations

import re
import uuid
from functools import partial
from typing import TYPE_CHECKING, Any

from connectors.amazon.standin import announcements
from connectors.amazon.standin import queue as sqs
from connectors.amazon.standin.parts import Operations, Part, joined
from connectors.sandbox import Refusal, Request, Response, Row, Sandbox, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

NOTIFICATIONS = Operations()
_SELLER = partial(NOTIFICATIONS.operation, plan="notifications")
_APPLICATION = partial(_SELLER, grantless=True)
PATH = "/notifications/v1"
DESTINATIONS, SUBSCRIPTIONS = announcements.DESTINATIONS, announcements.SUBSCRIPTIONS
_ARN = re.compile(r"arn:aws:sqs:[^\s:]+:[^\s:]+:([^\s:]+)")
_SPECIFIED = {"sqs": {"arn"}, "eventBridge": {"region", "accountId"}}


@_APPLICATION("getDestinations", "GET", f"{PATH}/destinations")
def destinations(box: Sandbox, request: Request) -> Response:
    """All destinations of the application."""
    return reply({"payload": list(box.book.rows(DESTINATIONS))})


@_APPLICATION("createDestination", "POST", f"{PATH}/destinations")
def create_destination(box: Sandbox, request: Request) -> Response:
    """One resource is one destination."""
    wish = _fields(request.json(), required={"name", "resourceSpecification"}, known={"name", "resourceSpecification"})
    resource = _resource(box, wish["resourceSpecification"])
    if not isinstance(wish["name"], str) or not 0 < len(wish["name"]) <= 256:
        raise _invalid("name has between 1 and 256 characters.")
    for held in box.book.rows(DESTINATIONS):
        if held["name"] == wish["name"] or held["resource"] == resource:
            raise Refusal(409, "Conflict", "The destination you are trying to create already exists.")
    number = str(uuid.UUID(int=box.random.getrandbits(128)))
    row = {"name": wish["name"], "destinationId": number, "resource": resource}
    box.book.put(DESTINATIONS, number, row)
    return reply({"payload": row})


@_APPLICATION("getDestination", "GET", f"{PATH}/destinations/{{destination_id}}")
def destination(box: Sandbox, request: Request) -> Response:
    """One destination."""
    return reply({"payload": _held(box, DESTINATIONS, request.params["destination_id"])})


@_APPLICATION("deleteDestination", "DELETE", f"{PATH}/destinations/{{destination_id}}")
def delete_destination(box: Sandbox, request: Request) -> Response:
    """Only one that no subscription uses can go."""
    row = _held(box, DESTINATIONS, request.params["destination_id"])
    if any(one["destinationId"] == row["destinationId"] for one in box.book.rows(SUBSCRIPTIONS)):
        raise _invalid("The destination is used by a subscription.")
    box.book.delete(DESTINATIONS, row["destinationId"])
    return reply({})


@_SELLER("getSubscriptions", "GET", f"{PATH}/subscriptions")
def subscriptions(box: Sandbox, request: Request) -> Response:
    """Those of the seller of some types."""
    wanted = request.arg("notificationTypes").split(",")
    if not wanted[0]:
        raise _invalid("notificationTypes is required.")
    rows = [
        announcements.shown(row)
        for row in box.book.rows(SUBSCRIPTIONS)
        if row["Type"] in wanted and row["Region"] == request.principal.region
    ]
    return reply({"payload": {"subscriptions": rows}})


@_SELLER("getSubscription", "GET", f"{PATH}/subscriptions/{{kind}}")
def subscription(box: Sandbox, request: Request) -> Response:
    """The seller's subscription of a type and version."""
    kind = _kind(request)
    version = request.arg("payloadVersion", announcements.VERSIONS[kind])
    row = box.book.get(SUBSCRIPTIONS, f"{request.principal.region} {kind} {version}")
    if row is None:
        raise Refusal(404, "NotFound", f"There is no subscription of {kind} with payload version {version}.")
    return reply({"payload": announcements.shown(row)})


@_SELLER("createSubscription", "POST", f"{PATH}/subscriptions/{{kind}}")
def subscribe(box: Sandbox, request: Request) -> Response:
    """One per type and version."""
    kind = _kind(request)
    wish = _fields(
        request.json(), required={"payloadVersion", "destinationId"}, known={"payloadVersion", "destinationId", "processingDirective"}
    )
    if wish["payloadVersion"] != announcements.VERSIONS[kind]:
        raise _invalid(f"payloadVersion {wish['payloadVersion']} is not known for {kind}.")
    target = box.book.get(DESTINATIONS, str(wish["destinationId"]))
    if target is None:
        raise _invalid("destinationId is not known.")
    if ("eventBridge" in target["resource"]) != (kind in announcements.BRIDGE_ONLY):
        raise _invalid(f"{kind} cannot be sent to this kind of destination.")
    _directive(kind, wish.get("processingDirective"))
    region = request.principal.region
    name = f"{region} {kind} {wish['payloadVersion']}"
    if box.book.has(SUBSCRIPTIONS, name):
        raise Refusal(409, "Conflict", "A subscription for this notification type and payload version already exists.")
    row = {**wish, "subscriptionId": str(uuid.UUID(int=box.random.getrandbits(128))), "Type": kind, "Region": region}
    box.book.put(SUBSCRIPTIONS, name, row)
    return reply({"payload": announcements.shown(row)})


@NOTIFICATIONS.operation(
    "getSubscriptionById", "GET", f"{PATH}/subscriptions/{{kind}}/{{subscription_id}}", plan="notifications", grantless=True
)
def subscription_by_id(box: Sandbox, request: Request) -> Response:
    """One subscription of any seller of the application."""
    return reply({"payload": announcements.shown(_by_id(box, request))})


@NOTIFICATIONS.operation(
    "deleteSubscriptionById", "DELETE", f"{PATH}/subscriptions/{{kind}}/{{subscription_id}}", plan="notifications", grantless=True
)
def unsubscribe(box: Sandbox, request: Request) -> Response:
    """Ends a subscription."""
    row = _by_id(box, request)
    box.book.delete(SUBSCRIPTIONS, f"{row['Region']} {row['Type']} {row['payloadVersion']}")
    return reply({})


@NOTIFICATIONS.operation(
    "sendTestNotification", "POST", f"{PATH}/subscriptions/{{kind}}/testNotification", plan="notifications", grantless=True
)
def test_notification(box: Sandbox, request: Request) -> Response:
    """Sends an invented notification to a destination."""
    kind, wish = _kind(request), request.json()
    target = _held(box, DESTINATIONS, str(wish.get("destinationId")))
    announcements.send_mock(box, kind, target)
    return reply({})


def _kind(request: Request) -> str:
    kind = request.params["kind"]
    if kind not in announcements.VERSIONS:
        raise _invalid(f"{kind} is not a notification type.")
    return kind


def _resource(box: Sandbox, wish: Any) -> Row:
    if not isinstance(wish, dict) or len(wish) != 1 or set(wish) - set(_SPECIFIED):
        raise _invalid("resourceSpecification holds either sqs or eventBridge.")
    [(kind, fields)] = wish.items()
    _fields(fields, required=_SPECIFIED[kind], known=_SPECIFIED[kind])
    if kind == "eventBridge":
        return {kind: {**fields, "name": f"aws.partner/sellingpartnerapi.amazon.com/{fields['accountId']}/sandbox"}}
    found = _ARN.fullmatch(str(fields["arn"]))
    if found is None or not box.book.has(sqs.QUEUES, found[1]):
        raise _invalid("The queue does not exist, or its policy does not allow Amazon's account 437568002678 to send to it.")
    return {kind: fields}


def _directive(kind: str, wish: Any) -> None:
    if wish is None:
        return
    if not isinstance(wish, dict) or not wish or set(wish) - {"eventFilter", "filterExpression"} or len(wish) != 1:
        raise _invalid("processingDirective holds either eventFilter or filterExpression.")
    found = wish.get("eventFilter")
    if found is not None and found.get("eventFilterType") != kind:
        raise _invalid("eventFilterType is not that of the notification type.")


def _by_id(box: Sandbox, request: Request) -> Row:
    for row in box.book.rows(SUBSCRIPTIONS):
        if row["subscriptionId"] == request.params["subscription_id"] and row["Type"] == request.params["kind"]:
            return row
    raise Refusal(404, "NotFound", "There is no such subscription.")


def _held(box: Sandbox, kind: str, key: str) -> Row:
    row = box.book.get(kind, key)
    if row is None:
        raise Refusal(404, "NotFound", "There is no such resource.")
    return row


def _fields(wish: Any, *, required: set[str], known: set[str]) -> Row:
    if not isinstance(wish, dict):
        raise _invalid("An object is expected.")
    for name in sorted(required - set(wish)):
        raise _invalid(f"{name} is required.")
    for name in sorted(set(wish) - known):
        raise _invalid(f"{name} is not known.")
    return wish


def _invalid(words: str) -> Refusal:
    return Refusal(400, "InvalidInput", words)


def _declare(box: AmazonSandbox) -> None:
    sqs.declare(box)
    box.listeners.append(lambda kind, about: announcements.hear(box, kind, about))


def _seed(box: AmazonSandbox) -> None:
    sqs.make(box)


PART = Part(routes=joined([NOTIFICATIONS, sqs.QUEUE]), controls=sqs.CONTROLS, declare=_declare, seed=_seed)
