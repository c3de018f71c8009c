"""Shipments in the v2 dialect: one bulk call for new ones; 409 `duplicate` means that it is there (ChannelAdvisor API reference, A7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.base import Outcome, Payload, Receipt
from connectors.channeladvisor.client import cleaned, rows_of
from connectors.channeladvisor.parcels import Parcel, by_hand, corrections, held_as, refuse_voided, refused
from connectors.errors import ConnectorError, MissingError, OutcomeUnknownError, RejectedError, TransientError
from connectors.http import JsonClient

PATH = "v2/shipping"
_TRANSIENT = ("internal", "unavailable", "request_in_progress")


def send_many(client: JsonClient, parcels: Sequence[Parcel]) -> list[Outcome]:
    """One Outcome per parcel, in order. Raises ConnectorError when the call for all new ones failed."""
    new = [place for place, parcel in enumerate(parcels) if not parcel.voided]
    outcomes = dict(zip(new, _post(client, [parcels[place] for place in new]), strict=True)) if new else {}
    return [_alone(client, parcel, outcomes.get(place)) for place, parcel in enumerate(parcels)]


def _alone(client: JsonClient, parcel: Parcel, first: Outcome | None) -> Outcome:
    """What is to be compared with the shipments that the order has."""
    if first is not None and not (isinstance(first, ConnectorError) and first.code in ("duplicate", "over_shipped")):
        return first
    try:
        rows = [row for row in rows_of(client.get(PATH, channel_advisor_order_id=parcel.order), "Data") if isinstance(row, dict)]
        held = held_as(parcel.name, rows)
        if parcel.voided:
            refuse_voided(parcel, held)
        if held is not None:
            return _corrected(client, parcel, held)
        return receipt(parcel, "unchanged") if by_hand(parcel, rows) else _not_shown(parcel, first)
    except ConnectorError as error:
        return error


def _not_shown(parcel: Parcel, first: Outcome | None) -> Outcome:
    if isinstance(first, ConnectorError) and first.code == "over_shipped":
        return first
    return TransientError(f"ChannelAdvisor does not show shipment {parcel.name} of order {parcel.order} yet; it will be looked at again.")


def _post(client: JsonClient, parcels: Sequence[Parcel]) -> list[Outcome]:
    try:
        # Every entry of a batch counts like a call (ChannelAdvisor API reference, A2.4).
        answer = client.call("POST", PATH, body={"Items": [_body(parcel) for parcel in parcels]}, cost=1 + len(parcels))
        body = answer.body
    except RejectedError as error:
        if error.code == "payload_too_large" and len(parcels) > 1:
            half = len(parcels) // 2
            return [*_post(client, parcels[:half]), *_post(client, parcels[half:])]
        if error.code != "batch_refused":
            raise
        body = error.answer
    results = body.get("Results") if isinstance(body, dict) else None
    return [_outcome(parcel, _entry(results, place)) for place, parcel in enumerate(parcels)]


def _entry(results: Any, place: int) -> dict[str, Any]:
    found = results[place] if isinstance(results, list) and place < len(results) else None
    return found if isinstance(found, dict) else {}


def _outcome(parcel: Parcel, result: dict[str, Any]) -> Outcome:
    error = result.get("Error")
    if isinstance(error, dict):
        return _failure(parcel, error)
    if not result.get("Result"):
        return OutcomeUnknownError(f"ChannelAdvisor's answer says nothing about shipment {parcel.name}; it will be sent again.")
    return receipt(parcel, "unchanged" if result["Result"] == "Superseded" else "created", version=result.get("Version"))


def _failure(parcel: Parcel, error: dict[str, Any]) -> ConnectorError:
    code, message = str(error.get("Code") or ""), cleaned(str(error.get("Message") or ""))
    if code == "not_found":
        return MissingError(f"ChannelAdvisor does not know order {parcel.order} (any more).", status=404, code=code)
    if code in _TRANSIENT:
        return TransientError(f"ChannelAdvisor could not take shipment {parcel.name} at the moment.", code=code)
    if code == "duplicate":
        return RejectedError(f"ChannelAdvisor holds shipment {parcel.name} already.", status=409, code=code)
    return refused(parcel.order, code, message, carrier=f"{parcel.fields.get('Carrier')} {parcel.fields.get('Class')}")


def _corrected(client: JsonClient, parcel: Parcel, held: Payload) -> Receipt:
    changed = corrections(parcel, held)
    if not changed:
        return receipt(parcel, "unchanged", version=held.get("Version"))
    body = {"ShipmentID": held["ShipmentID"], "ChannelAdvisorOrderID": parcel.order, **changed}
    try:
        answer = client.call("POST", PATH, body=body, safe=True).body
    except RejectedError as error:
        raise _failure(parcel, {"Code": error.code, "Message": error.message}) from None
    return receipt(parcel, "changed", version=answer.get("Version") if isinstance(answer, dict) else None)


def _body(parcel: Parcel) -> Payload:
    items = [{"ItemID": number, "Quantity": quantity} for number, quantity in parcel.units.items()]
    return {**parcel.fields, "ChannelAdvisorOrderID": parcel.order, "SellerShipmentID": parcel.name, "Items": items}


def receipt(parcel: Parcel, outcome: str, *, version: Any = None, sent_as: str = "") -> Receipt:
    """The package's own name is its key in both dialects; `sent_as` is the number that an Amazon site was given instead."""
    answer: Payload = {"ChannelAdvisorOrderID": parcel.order, "SellerShipmentID": sent_as or parcel.name}
    answer["TrackingNumber"] = parcel.fields.get("TrackingNumber")
    return Receipt(key=parcel.name, version=str(version or ""), outcome=outcome, answer=answer)
