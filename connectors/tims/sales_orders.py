"""Sales orders to TIMS: created once, changed where TIMS still allows it, cancelled in time (TIMS contract 1.4 to 1.6, 5)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress

from connectors.base import Outcome, Payload, Receipt, Reference
from connectors.errors import ConflictError, MissingError, NotNeededError, OutcomeUnknownError, StaleError
from connectors.http import JsonClient
from connectors.tims import bulk, changes, external
from connectors.tims.bundles import numbered
from connectors.tims.client import DuplicateError, ReplayedError, in_production
from connectors.tims.masking import mask_for_test
from connectors.tims.streams import fetch

PATH = "sales_orders"
TRIES = 3


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Creates the order, or changes the one that an earlier delivery made. Raises ConnectorError; ConflictError names every field."""
    return _alone(client, prepared(client, payload, reference), reference)


def send_many(client: JsonClient, parts: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    """New orders in one call, all others one by one; one Outcome each, in order. Raises ConnectorError when the only call failed."""
    return bulk.sent(
        client,
        PATH,
        [(prepared(client, payload, reference), reference) for payload, reference in parts],
        new=lambda order, reference: not reference.target and order.get("OrderStatus") != "Cancelled",
        alone=lambda order, reference: _alone(client, order, reference),
    )


def find(client: JsonClient, reference: Reference) -> Receipt | None:
    """The order that earlier calls made or changed, in whatever version: sending this one then changes it. None when TIMS has none."""
    if reference.target:
        with suppress(MissingError):
            return receipt(fetch(client, PATH, reference.target), "created")
    for order in _by_external_id(client, reference.system, reference.key):
        return receipt(order, "created")
    return None


def prepared(client: JsonClient, payload: Payload, reference: Reference) -> Payload:
    """The order with its names, its kits' lines and its fingerprint, masked when this TIMS is not production."""
    order = {**numbered(payload)}
    order["SourceSystem"] = payload.get("SourceSystem") or reference.system
    order["ExternalOrderID"] = payload.get("ExternalOrderID") or reference.key
    if reference.version:
        order["SourceHash"] = reference.version
    return order if in_production(client) else mask_for_test(order)


def create(client: JsonClient, order: Payload, reference: Reference) -> Receipt:
    """Creates an order; one that is there already counts as sent when it has this version, else it is changed."""
    try:
        return _created(client, order, reference.token)
    except DuplicateError as duplicate:
        held = fetch(client, PATH, duplicate.existing)
        if reference.version and held.get("SourceHash") == reference.version:
            return receipt(held, "unchanged")
        return amend(client, duplicate.existing, order, reference)
    except ReplayedError:
        # The refusal may be out of date: what was wrong may have been corrected since. The order's own number still prevents a second one.
        return _created(client, order, f"{reference.token}-{secrets.token_hex(4)}")


def _created(client: JsonClient, order: Payload, key: str) -> Receipt:
    answer = client.call("POST", f"api/v1/{PATH}", body=order, headers={"Idempotency-Key": key}).body
    if not isinstance(answer, dict) or not answer.get("SalesOrderID"):
        raise OutcomeUnknownError("TIMS accepted the order but did not say under which number.")
    return receipt(answer, "created")


def amend(client: JsonClient, order_id: str, wanted: Payload, reference: Reference) -> Receipt:
    """Brings an existing order to the wanted state; read and planned again when somebody else changes it meanwhile."""
    base: Payload | None = None
    for _ in range(TRIES):
        current = fetch(client, PATH, order_id)
        plan = changes.decided(changes.plan(current, wanted, None if reference.decision == "source" else base), reference.decision)
        if plan.conflicts:
            words = f"Sales order {order_id} cannot follow the channel's change. {plan.conflicts[0].message}"
            raise ConflictError(words, code="conflict", problems=tuple(plan.conflicts))
        if plan.empty:
            return receipt(current, "unchanged", plan.warnings)
        try:
            return _carried_out(client, current, wanted, plan, reference)
        except StaleError:
            base = base or current
    raise StaleError(f"Sales order {order_id} is being changed in TIMS all the time; it will be tried again.", status=412)


def _carried_out(client: JsonClient, current: Payload, wanted: Payload, plan: changes.Plan, reference: Reference) -> Receipt:
    order_id = str(current["SalesOrderID"])
    if plan.cancel is not None:
        wish = {"Reason": "Other", **({"Lines": plan.cancel} if plan.cancel else {})}
        current = _action(client, current, "cancel", wish, reference)
    if plan.patch:
        match = {"If-Match": f'W/"{current["Version"]}"'}
        current = client.call("PATCH", f"api/v1/{PATH}/{order_id}", body=plan.patch, headers=match).body
    if plan.action == "fulfil":
        current = external.fulfilled(client, current, wanted, reference)
        if plan.then_complete and current["OrderStatus"] == "Fulfilled":
            current = _action(client, current, "complete", {}, reference)
    elif plan.action:
        wish = {"Code": plan.hold_code} if plan.action == "hold" else {}
        current = _action(client, current, plan.action, wish, reference)
    return receipt(current, "cancelled" if current.get("OrderStatus") == "Cancelled" else "changed", plan.warnings)


def _action(client: JsonClient, current: Payload, action: str, wish: Payload, reference: Reference) -> Payload:
    # TIMS also stores refusals under a key, so the key holds the version: the action on a newer version is another call.
    key = f"{reference.token}-{action}-{current['Version']}"
    headers = {"If-Match": f'W/"{current["Version"]}"', "Idempotency-Key": key}
    answer: Payload = client.call("POST", f"api/v1/{PATH}/{current['SalesOrderID']}/{action}", body=wish, headers=headers).body
    return answer


def _cancel_unknown(client: JsonClient, order: Payload, reference: Reference) -> Receipt:
    for held in _by_external_id(client, order["SourceSystem"], order["ExternalOrderID"]):
        return amend(client, str(held["SalesOrderID"]), order, reference)
    words = "The order was cancelled in the channel before it reached TIMS; there is nothing to create and nothing to cancel."
    raise NotNeededError(words, code="cancelled_before_delivery")


def _by_external_id(client: JsonClient, system: str, key: str) -> list[Payload]:
    page = client.get(f"api/v1/{PATH}", source_system=system, external_order_id=key)
    return [one for one in page.get("Data") or () if one.get("SourceSystem") == system and one.get("ExternalOrderID") == key]


def _alone(client: JsonClient, order: Payload, reference: Reference) -> Receipt:
    if reference.target:
        return amend(client, reference.target, order, reference)
    return _cancel_unknown(client, order, reference) if order.get("OrderStatus") == "Cancelled" else create(client, order, reference)


def receipt(order: Payload, outcome: str, warnings: Sequence[str] = ()) -> Receipt:
    """What TIMS holds, without the parts that are personal."""
    kept = ("SalesOrderID", "OrderStatus", "PaymentStatus", "TotalAmount", "Currency", "Version", "ExternalOrderID", "SourceSystem")
    answer = {name: order[name] for name in kept if name in order}
    return Receipt(
        key=str(order["SalesOrderID"]), version=str(order.get("Version", "")), outcome=outcome, answer=answer, warnings=tuple(warnings)
    )
