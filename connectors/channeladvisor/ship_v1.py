"""Shipments in the published dialect: it takes the same shipment twice, so the order is looked at first (reference, B5.3 and C1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import Outcome, Payload, Receipt
from connectors.channeladvisor import rest_v1
from connectors.channeladvisor.lines import asked_to_cancel
from connectors.channeladvisor.parcels import Parcel, by_hand, corrections, held_as, refuse_voided, refused
from connectors.channeladvisor.ship_v2 import receipt
from connectors.channeladvisor.values import objects, text, whole
from connectors.errors import ConnectorError, CredentialsError, MissingError, RejectedError, ThrottledError, TransientError
from connectors.http import JsonClient

_WHOLE_CALL = (CredentialsError, ThrottledError, TransientError)
_CARRIER_WORDS = "carrier and class is invalid"


def send_many(client: JsonClient, parcels: Sequence[Parcel]) -> list[Outcome]:
    """One Outcome per parcel, in order; what stops one for a while stops those behind it as well."""
    outcomes: list[Outcome] = []
    for parcel in parcels:
        try:
            outcomes.append(_send(client, parcel))
        except _WHOLE_CALL as error:
            later = _not_tried(error)
            return [*outcomes, error, *([later] * (len(parcels) - len(outcomes) - 1))]
        except ConnectorError as error:
            outcomes.append(error)
    return outcomes


def _not_tried(error: ConnectorError) -> ConnectorError:
    """For packages that were not sent: nothing has happened to them, whatever became of the one before."""
    if error.acted is None:
        return TransientError("ChannelAdvisor broke off at the package before this one; it will be sent again.")
    return error


def _send(client: JsonClient, parcel: Parcel) -> Receipt:
    row = rest_v1.one(client, str(parcel.order))
    if row is None or not isinstance(row.raw, dict):
        raise MissingError(f"ChannelAdvisor does not know order {parcel.order} (any more).", status=404, code="not_found")
    order, sent_as = row.raw, _sent_as(row.raw, parcel)
    shipped = [_as_v2(one) for one in objects(order.get("Fulfillments")) if one.get("DeliveryStatus") == "Complete"]
    held = held_as(sent_as, shipped)
    if parcel.voided:
        refuse_voided(parcel, held)
    if held is not None:
        return _corrected(client, parcel, held, sent_as)
    if _is_left(order, parcel):
        return _shipped(client, parcel, sent_as)
    if by_hand(parcel, shipped):
        return receipt(parcel, "unchanged", sent_as=sent_as)
    raise refused(parcel.order, "over_shipped", "")


def _shipped(client: JsonClient, parcel: Parcel, sent_as: str) -> Receipt:
    try:
        client.call("POST", f"v1/Orders({parcel.order})/Ship", body={"Value": _value(client, parcel, sent_as)})
    except RejectedError as error:
        raise _worded(parcel, error) from None
    return receipt(parcel, "created", sent_as=sent_as)


def _sent_as(order: Mapping[str, Any], parcel: Parcel) -> str:
    """Amazon sites take a whole number only (reference, B5.3). RejectedError where there is none."""
    if not text(order.get("SiteName")).startswith("Amazon"):
        return parcel.name
    if not parcel.number:
        words = f"Amazon demands a number for a shipment, and {parcel.name} has none. Fill ShipmentNumber in the mapping."
        raise RejectedError(words, code="number_required")
    return parcel.number


def _as_v2(one: Mapping[str, Any]) -> Payload:
    items = [{"ItemID": each.get("OrderItemID"), "Quantity": whole(each.get("Quantity"))} for each in objects(one.get("Items"))]
    return {
        "ShipmentID": one.get("ID"), "SellerShipmentID": text(one.get("SellerFulfillmentID")), "Carrier": one.get("ShippingCarrier"),
        "Class": one.get("ShippingClass"), "TrackingNumber": one.get("TrackingNumber"), "TrackingUrl": one.get("TrackingUrl"),
        "ReturnTrackingNumber": one.get("ReturnTrackingNumber"), "Items": items,
    }  # fmt: skip


def _corrected(client: JsonClient, parcel: Parcel, held: Payload, sent_as: str) -> Receipt:
    changed = corrections(parcel, held)
    if not changed:
        return receipt(parcel, "unchanged", sent_as=sent_as)
    names = {"Carrier": "ShippingCarrier", "Class": "ShippingClass"}
    # Without its status a fulfilment would be marked anew (reference, B5.3).
    body = {**{names.get(name, name): value for name, value in changed.items()}, "DeliveryStatus": "Complete"}
    try:
        client.call("PATCH", f"v1/Fulfillments({held['ShipmentID']})", body=body, safe=True)
    except RejectedError as error:
        raise _worded(parcel, error) from None
    return receipt(parcel, "changed", sent_as=sent_as)


def _is_left(order: Mapping[str, Any], parcel: Parcel) -> bool:
    """Whether the units are still to be shipped. Raises what this dialect would refuse without saying why, or not refuse at all."""
    if order.get("DistributionCenterTypeRollup") == "ExternallyManaged":
        raise refused(parcel.order, "externally_managed", "")
    if order.get("ShippingStatus") == "Canceled":
        raise refused(parcel.order, "order_cancelled", "")
    left = {line.get("ID"): whole(line.get("Quantity")) - asked_to_cancel(line) for line in objects(order.get("Items"))}
    for one in objects(order.get("Fulfillments")):
        for each in objects(one.get("Items")) if one.get("DeliveryStatus") == "Complete" else ():
            left[each.get("OrderItemID")] = left.get(each.get("OrderItemID"), 0) - whole(each.get("Quantity"))
    return all(quantity <= left.get(number, 0) for number, quantity in parcel.units.items())


def _value(client: JsonClient, parcel: Parcel, sent_as: str) -> Payload:
    fields = parcel.fields
    kept: Payload = {
        name: fields[name] for name in ("ShippedDateUtc", "TrackingNumber", "TrackingUrl", "ReturnTrackingNumber") if name in fields
    }
    center = rest_v1.center_id(client, text(fields.get("DistributionCenter")))
    return {
        **kept, "ShippingCarrier": fields.get("Carrier"), "ShippingClass": fields.get("Class"), "DeliveryStatus": "Complete",
        "SellerFulfillmentID": sent_as, "FulfillmentType": "Ship", **({} if center is None else {"DistributionCenterID": center}),
        "PreventMarketplaceCommunication": fields.get("NotifyMarketplace") is False,
        "Items": [{"OrderItemID": number, "Quantity": quantity} for number, quantity in parcel.units.items()],
    }  # fmt: skip


def _worded(parcel: Parcel, error: RejectedError) -> ConnectorError:
    code = "carrier_class_invalid" if _CARRIER_WORDS in error.message.lower() else error.code
    return refused(parcel.order, code, error.message, carrier=f"{parcel.fields.get('Carrier')} {parcel.fields.get('Class')}")
