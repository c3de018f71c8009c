"""Orders of other channels that Amazon ships: created once, changed before planning, cancelled on request (Amazon SP-API reference, 11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.amazon.outbound import ADDRESS, CHANGEABLE, SHIPPED, UNSHIPPED, check, dialect, fetch, group, held, order_id, rows
from connectors.amazon.regions import chosen
from connectors.base import Operation, Outcome, Payload, Receipt, Reference
from connectors.errors import ConflictError, ConnectorError, MissingError, NotNeededError, Problem, RejectedError
from connectors.http import JsonClient

FOLLOW_AFTER = 60.0
CREATING, CANCELLING = "create", "cancel"


def create(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Orders the shipment; one that is there already is brought to what is wanted, or cancelled where `cancelled` says so.

    Raises RejectedError for what Amazon refuses, ConflictError for a change that comes too late.
    """
    name = reference.target or order_id(reference)
    if payload.get("cancelled"):
        return cancelled(client, name)
    check(payload)
    if reference.target:
        return _brought_to(client, fetch(client, name), payload)
    try:
        return _created(client, name, payload)
    except RejectedError:
        # Amazon answers 400 for a number that is taken; only an earlier call of ours can have taken this one.
        there = held(client, name)
        if there is None:
            raise
        return _brought_to(client, there, payload)


def find(client: JsonClient, reference: Reference) -> Receipt | None:
    """The fulfilment order that an earlier call made."""
    there = held(client, reference.target or order_id(reference))
    return receipt(there, "created") if there else None


def update(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Changes or releases a fulfilment order before its planning has begun. Raises ConflictError when it is too late."""
    return _changed(client, fetch(client, _named(payload, reference)), {**payload})


def cancel(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Asks Amazon to cancel; the receipt holds a ticket until it is known whether it did. Raises ConflictError when it is too late."""
    return cancelled(client, _named(payload, reference))


def follow(client: JsonClient, pending: Sequence[tuple[str, Reference]]) -> list[Outcome]:
    """What became of orders and cancellations that Amazon took without deciding."""
    return [_followed(client, ticket) for ticket, _ in pending]


def cancelled(client: JsonClient, name: str) -> Receipt:
    """Cancels the order of that number: at once where Amazon already has, else with a ticket to follow."""
    there = held(client, name)
    if there is None:
        words = "Amazon has no such fulfilment order; there is nothing to cancel."
        raise NotNeededError(words, code="cancelled_before_delivery")
    decided = _decided(there)
    if decided:
        return decided
    try:
        path = f"{dialect(client.settings).path}/{name}/cancel"
        client.call("PUT", path, limit="cancelFulfillmentOrder", safe=True)
    except RejectedError as error:
        again = _decided(fetch(client, name))
        if again:
            return again
        words = f"Amazon no longer cancels fulfilment order {name}: it is being packed. Ask the buyer to refuse it or to send it back."
        raise ConflictError(words, status=error.status, code="too_late_to_cancel") from None
    return receipt(there, "cancelled", ticket=f"{CANCELLING}:{name}")


def receipt(order: Payload, outcome: str, *, ticket: str = "") -> Receipt:
    """What Amazon holds, without the parts that are personal."""
    kept = ("orderId", "displayOrderId", "marketplaceId", "status", "statusAt", "speed", "hold")
    answer = {name: order[name] for name in kept if name in order}
    return Receipt(key=str(order["orderId"]), version=str(order.get("statusAt", "")), outcome=outcome, answer=answer, ticket=ticket)


def _named(payload: Payload, reference: Reference) -> str:
    return str(payload.get("orderId") or reference.target or order_id(reference))


def _created(client: JsonClient, name: str, payload: Payload) -> Receipt:
    version = dialect(client.settings)
    body = version.create(name, payload, chosen(client.settings)[0])
    answer = client.call("POST", version.path, body=body, limit="createFulfillmentOrder")
    if isinstance(answer.body, dict) and answer.body.get("errors"):
        raise RejectedError(f"Amazon did not take fulfilment order {name}, without saying so in its status.", code="refused")
    ticket = f"{CREATING}:{name}" if answer.status == 202 else ""
    return Receipt(key=name, outcome="created", answer={"orderId": name, "displayOrderId": payload["displayOrderId"]}, ticket=ticket)


def _followed(client: JsonClient, ticket: str) -> Outcome:
    kind, _, name = ticket.partition(":")
    try:
        there = held(client, name)
        if there is None and kind == CREATING:
            return Receipt(key=name, ticket=ticket)
        if there is None:
            return MissingError(f"Amazon no longer knows fulfilment order {name}.")
        if kind == CREATING:
            return receipt(there, "created")
        return _decided(there) or receipt(there, "cancelled", ticket=ticket)
    except ConnectorError as error:
        return error


def _decided(order: Payload) -> Receipt | None:
    """Whether a cancellation is through; None while Amazon has not decided. Raises ConflictError when the goods have left."""
    if order.get("status") in UNSHIPPED:
        return receipt(order, "cancelled")
    if order.get("status") in SHIPPED or any(one.get("status") == "Shipped" for one in order.get("packages") or ()):
        words = f"Amazon has already shipped fulfilment order {order['orderId']}; it cannot be cancelled. Treat it as a return."
        raise ConflictError(words, code="shipped_before_cancel")
    return None


def _brought_to(client: JsonClient, there: Payload, wanted: Payload) -> Receipt:
    """What differs is changed; nothing is asked of Amazon where nothing does. Raises ConflictError for an order that ended unshipped."""
    if there.get("status") in UNSHIPPED:
        words = f"Fulfilment order {there['orderId']} is {there['status']} at Amazon and its number cannot be used again."
        raise ConflictError(
            f"{words} Ship these goods from another place, or order them by hand in Seller Central.", code="ended_unshipped"
        )
    differs: Payload = {}
    if there.get("hold") and not wanted.get("hold"):
        differs["release"] = True
    for name in ("comment", "speed"):
        if _plain(wanted.get(name)) != _plain(there.get(name)):
            differs[name] = wanted[name]
    address = {name: wanted["address"].get(name) for name in ADDRESS}
    if any(_plain(value) != _plain(group(there.get("address")).get(name)) for name, value in address.items() if value):
        differs["address"] = address
    if lines := _fewer(there, wanted):
        differs["lines"] = lines
    return _changed(client, there, differs) if differs else receipt(there, "unchanged")


def _fewer(there: Payload, wanted: Payload) -> list[Payload]:
    """The lines whose quantity goes down. Raises ConflictError for what Amazon cannot add (Amazon SP-API reference, 11.4)."""
    now = {str(line["lineId"]): int(line["quantity"]) for line in rows(there.get("lines"))}
    wish = {str(line["lineId"]): int(line["quantity"]) for line in wanted["lines"]}
    more = [name for name, quantity in wish.items() if quantity > now.get(name, 0)]
    if more:
        words = f"Amazon cannot add goods to fulfilment order {there['orderId']} (line {', '.join(more[:5])}). Order them separately."
        problem = Problem(path="lines", code="conflict", message=words, cause="fulfilment_more")
        raise ConflictError(words, code="conflict", problems=(problem,))
    changed = {name: wish.get(name, 0) for name, quantity in now.items() if wish.get(name, 0) < quantity}
    return [{"lineId": name, "quantity": quantity} for name, quantity in changed.items()]


def _changed(client: JsonClient, there: Payload, wish: Payload) -> Receipt:
    name, version = str(there["orderId"]), dialect(client.settings)
    body = version.change(wish)
    if not body:
        return receipt(there, "unchanged")
    if there.get("status") not in CHANGEABLE and not there.get("hold"):
        raise _too_late(there)
    try:
        client.call("PUT", f"{version.path}/{name}", body=body, limit="updateFulfillmentOrder", safe=True)
    except RejectedError:
        again = fetch(client, name)
        if again.get("status") == there.get("status"):
            raise
        raise _too_late(again) from None
    return receipt(there, "changed")


def _too_late(order: Payload) -> ConflictError:
    words = f"Amazon has already begun with fulfilment order {order['orderId']} ({order.get('status')}); it can no longer be changed."
    return ConflictError(f"{words} Cancel it if that is still possible, or settle it with the buyer.", code="too_late_to_change")


def _plain(value: Any) -> str:
    """As Amazon may write it: neither case nor blanks count."""
    return " ".join(str(value or "").split()).casefold()


CREATE_FULFILMENT_ORDER = Operation(
    id="create_fulfilment_order",
    label="Have Amazon ship an order",
    schema="create_fulfilment_order",
    send=create,
    find=find,
    follow=follow,
    follow_after=FOLLOW_AFTER,
    limit="createFulfillmentOrder",
)
UPDATE_FULFILMENT_ORDER = Operation(
    id="update_fulfilment_order",
    label="Change an order that Amazon ships",
    schema="update_fulfilment_order",
    send=update,
    repeatable=True,
    limit="updateFulfillmentOrder",
)
CANCEL_FULFILMENT_ORDER = Operation(
    id="cancel_fulfilment_order",
    label="Cancel an order that Amazon ships",
    schema="cancel_fulfilment_order",
    send=cancel,
    repeatable=True,
    follow=follow,
    follow_after=FOLLOW_AFTER,
    limit="cancelFulfillmentOrder",
)
