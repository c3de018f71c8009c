"""A package as ChannelAdvisor is told of it, and how it differs from what is held there. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Payload
from connectors.channeladvisor.times import moved, normalised, written
from connectors.channeladvisor.values import text
from connectors.errors import ConflictError, ConnectorError, NotNeededError, Problem, RejectedError

CORRECTABLE = ("TrackingNumber", "TrackingUrl", "ReturnTrackingNumber", "Carrier", "Class")
AHEAD = 300
"""Seconds by which the ERP's clock may be ahead."""
_NUMBERS = re.compile(r"(\d{1,12})-(\d{1,2})\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One package. `fields` are those of `/v2/shipping` without lines and order number; `units` counts by line number (`ItemID`)."""

    order: int
    name: str
    number: str
    """For marketplaces that demand a number: shipment sequence × 100 + package (entity map 11.1)."""
    fields: Payload = field(default_factory=dict)
    units: dict[int, int] = field(default_factory=dict)
    voided: bool = False


def parcel(payload: Payload, *, now: datetime) -> Parcel:
    """The package of a payload: tracking number without blanks and in capitals, shipped after it was ordered and not in the future.

    Raises RejectedError for a payload without order, name or contents, NotNeededError where the marketplace ships itself and for a package
    that the channel is told nothing of (`LeftOut`).
    """
    order, name = payload.get("ChannelAdvisorOrderID"), text(payload.get("SellerShipmentID"))
    if payload.get("FulfilledBy") == "External":
        raise NotNeededError("The marketplace ships this order itself; it is told nothing.", code="externally_managed")
    units = _units(payload.get("Items"))
    if payload.get("LeftOut") and not units:
        raise NotNeededError(text(payload["LeftOut"]), code="left_out")
    if not isinstance(order, int) or isinstance(order, bool) or order < 1 or not name or not units:
        words = "A shipment needs the order's number, its own name and at least one line with its units. Correct the mapping."
        raise RejectedError(words, code="incomplete")
    skip = ("ChannelAdvisorOrderID", "SellerShipmentID", "ShipmentNumber", "Status", "FulfilledBy", "OrderedAt", "LeftOut", "Items")
    fields = {key: value for key, value in payload.items() if key not in skip and value is not None}
    if "TrackingNumber" in fields:
        fields["TrackingNumber"] = tracking(fields["TrackingNumber"])
    fields["ShippedDateUtc"] = _shipped_at(payload, now)
    number = text(payload.get("ShipmentNumber")) or _number(name)
    return Parcel(order=order, name=name, number=number, fields=fields, units=units, voided=payload.get("Status") == "Voided")


def tracking(value: Any) -> str:
    """A tracking number as marketplaces take it."""
    return "".join(text(value).split()).upper()


def same_contents(wanted: Parcel, held: Mapping[str, Any]) -> bool:
    """Whether a shipment that ChannelAdvisor holds has these lines and units."""
    return wanted.units == _units(held.get("Items"))


def held_as(name: str, shipments: Sequence[Payload]) -> Payload | None:
    """The shipment of this name."""
    return next((one for one in shipments if text(one.get("SellerShipmentID")) == name), None)


def by_hand(wanted: Parcel, shipments: Sequence[Payload]) -> bool:
    """Whether somebody there entered this package without our name; asked only where no units are left, since packages may look alike."""
    code = wanted.fields.get("TrackingNumber")
    nameless = (one for one in shipments if code and not text(one.get("SellerShipmentID")))
    return any(tracking(one.get("TrackingNumber")) == code and same_contents(wanted, one) for one in nameless)


def corrections(wanted: Parcel, held: Mapping[str, Any]) -> Payload:
    """What has to be corrected in a shipment that is held; empty when it says the same. Raises ConflictError for other contents."""
    if not same_contents(wanted, held):
        words = f"ChannelAdvisor holds shipment {wanted.name} of order {wanted.order} with other contents."
        raise ConflictError(f"{words} Lines of a shipment cannot be changed; correct the order there by hand.", code="conflict")
    return {
        name: wanted.fields[name] for name in CORRECTABLE if name in wanted.fields and _differs(name, wanted.fields[name], held.get(name))
    }


def refuse_voided(wanted: Parcel, held: Mapping[str, Any] | None) -> None:
    """What a marketplace was told cannot be taken back. Raises ConflictError, or NotNeededError where it was told nothing."""
    if held is None:
        raise NotNeededError("The shipment was voided before ChannelAdvisor was told of it.", code="voided_before_delivery")
    words = f"Shipment {wanted.name} was voided after order {wanted.order} had been confirmed; the marketplace cannot take that back."
    raise ConflictError(f"{words} Tell the buyer, ship again with a corrected tracking number, or refund the order.", code="voided")


def refused(order: int, code: str, words: str, *, carrier: str = "") -> ConnectorError:
    """The error for a code or message of ChannelAdvisor that speaks of the shipment itself."""
    if code == "externally_managed":
        return NotNeededError(f"The marketplace ships order {order} itself; it is told nothing.", code=code)
    if code == "order_cancelled":
        told = f"Order {order} was cancelled in the channel, but a package of it was shipped. Stop the parcel, or enter a return."
        return ConflictError(told, status=422, code=code)
    if code == "over_shipped":
        told = f"ChannelAdvisor has fewer units of order {order} left than this package holds. Compare its shipments and cancellations."
        return RejectedError(told, status=422, code=code)
    if code == "carrier_class_invalid":
        told = f"ChannelAdvisor's carrier list has no “{carrier}”. Add it there, or correct the carrier lookup tables, then retry."
        problem = Problem(path="Carrier", code=code, message=told, value=carrier, cause=f"{code}:{carrier}")
        return RejectedError(told, status=422, code=code, problems=(problem,))
    return RejectedError(
        f"ChannelAdvisor did not take the shipment of order {order}: {words or code or 'no reason given'}", status=422, code=code
    )


def _differs(name: str, ours: Any, theirs: Any) -> bool:
    if name == "TrackingNumber":
        return tracking(ours) != tracking(theirs)
    return text(ours).upper() != text(theirs).upper() if name in ("Carrier", "Class") else text(ours) != text(theirs)


def _units(items: Any) -> dict[int, int]:
    units: dict[int, int] = {}
    for number, quantity in _pairs(items):
        units[number] = units.get(number, 0) + quantity
    return units


def _pairs(items: Any) -> Iterator[tuple[int, int]]:
    for one in items if isinstance(items, list) else ():
        number, quantity = (one.get("ItemID"), one.get("Quantity")) if isinstance(one, dict) else (None, None)
        if isinstance(number, int) and isinstance(quantity, int) and quantity > 0:
            yield number, quantity


def _shipped_at(payload: Payload, now: datetime) -> str:
    """A marketplace takes no shipment from before the order nor from the future: clocks differ (entity map 11.1).

    One that seems older than its order left a second after it; up to five minutes ahead is now, and what is further ahead stays.
    """
    shipped, ordered, today = normalised(payload.get("ShippedDateUtc")), normalised(payload.get("OrderedAt")), written(now)
    if today < shipped <= moved(today, seconds=AHEAD):
        shipped = today
    return moved(ordered, seconds=1) if ordered and shipped and shipped <= ordered else shipped


def _number(name: str) -> str:
    found = _NUMBERS.search(name)
    return str(int(found.group(1)) * 100 + int(found.group(2))) if found else ""
