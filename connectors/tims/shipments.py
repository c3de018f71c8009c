"""Shipments that somebody else made, entered in TIMS once; TIMS lets nobody change one, it can only be voided (TIMS contract 6)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.base import Payload, Receipt, Reference
from connectors.errors import ConflictError, NotNeededError, OutcomeUnknownError, Problem
from connectors.http import JsonClient
from connectors.tims.client import DuplicateError, ReplayedError
from connectors.tims.given_up import never_coming
from connectors.tims.spread import resolved
from connectors.tims.streams import PAGE, fetch

PATH = "shipments"
COMPARED = ("CarrierID", "ShippingMethod", "ReturnTrackingNumber")


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Enters the shipment; one that TIMS holds under this name already counts as sent when it says the same.

    Lines without `LineNumber` are found by `ExternalLineID`, else by SKU, oldest line first. Status Voided takes an earlier shipment
    back; `GivenUp` enters nothing. Raises ConnectorError; ConflictError names every field that TIMS holds otherwise, since a shipment
    cannot be changed.
    """
    system, key = payload.get("SourceSystem") or reference.system, payload.get("ExternalShipmentID") or reference.key
    if payload.get("GivenUp"):
        raise never_coming(payload, fetch(client, "sales_orders", str(payload["SalesOrderID"])), sender=system)
    shipment = {**payload, "SourceSystem": system, "ExternalShipmentID": key}
    if reference.target:
        return _agree(client, fetch(client, PATH, reference.target), shipment, reference)
    if shipment.get("Status") == "Voided":
        return _take_back(client, shipment, reference)
    if any(line.get("LineNumber") is None or "ExternalLineID" in line for line in _lines(shipment)) and shipment.get("SalesOrderID"):
        shipment = resolved(shipment, fetch(client, "sales_orders", str(shipment["SalesOrderID"])))
    try:
        return create(client, shipment, reference.token)
    except DuplicateError as duplicate:
        return _agree(client, fetch(client, PATH, duplicate.existing), shipment, reference)


def create(client: JsonClient, shipment: Payload, key: str) -> Receipt:
    """One shipment under an idempotency key. Raises DuplicateError, ConflictError with the order's status, ConnectorError."""
    try:
        return _created(client, shipment, key)
    except (ReplayedError, ConflictError) as error:
        if isinstance(error, ConflictError) and error.code != "state_conflict":
            raise
    try:
        # TIMS keeps refusals under their key, and this one may be out of date; the shipment's own name still prevents a second one.
        return _created(client, shipment, f"{key}-{secrets.token_hex(4)}")
    except ConflictError as error:
        if error.code != "state_conflict":
            raise
        status = _status_of(error.answer)
        words = f"TIMS takes no shipment for sales order {shipment.get('SalesOrderID')}{status}. Correct the order there, then retry."
        raise ConflictError(words, status=error.status, code=error.code) from None


def _created(client: JsonClient, shipment: Payload, key: str) -> Receipt:
    answer = client.call("POST", f"api/v1/{PATH}", body=shipment, headers={"Idempotency-Key": key}).body
    if not isinstance(answer, dict) or not answer.get("ShipmentID"):
        raise OutcomeUnknownError("TIMS accepted the shipment but did not say under which number.")
    return _receipt(answer, "created")


def _status_of(answer: object) -> str:
    error = answer.get("Error") if isinstance(answer, dict) else None
    status = error.get("ExistingStatus") if isinstance(error, dict) else None
    return f", which is {status}" if isinstance(status, str) and status.isalpha() else ""


def _agree(client: JsonClient, held: Payload, wanted: Payload, reference: Reference) -> Receipt:
    """The shipment that TIMS holds, when it is the wanted one or can be voided."""
    if wanted.get("Status") == "Voided":
        return _voided(client, held, reference)
    number = str(held["ShipmentID"])
    problems = tuple(_differences(held, wanted))
    if held.get("Status") == "Voided":
        words = f"TIMS has voided shipment {number}, its sender has not. Enter a new shipment in TIMS if it is on its way after all."
        raise ConflictError(words, code="voided")
    if problems:
        words = f"Shipment {number} differs in TIMS and cannot be changed from outside. {problems[0].message} Correct it in TIMS by hand."
        raise ConflictError(words, code="conflict", problems=problems)
    return _receipt(held, "unchanged")


def _voided(client: JsonClient, held: Payload, reference: Reference) -> Receipt:
    if held.get("Status") == "Voided":
        return _receipt(held, "unchanged")
    key = f"{reference.token}-void-{held['Version']}"
    headers = {"If-Match": f'W/"{held["Version"]}"', "Idempotency-Key": key}
    answer: Payload = client.call("POST", f"api/v1/{PATH}/{held['ShipmentID']}/void", body={}, headers=headers).body
    return _receipt(answer, "cancelled")


def _take_back(client: JsonClient, shipment: Payload, reference: Reference) -> Receipt:
    """Voids what an earlier call may have made whose answer was lost."""
    page = client.get(f"api/v1/{PATH}", sales_order_id=shipment.get("SalesOrderID") or "", limit=PAGE)
    name = (shipment["SourceSystem"], shipment["ExternalShipmentID"])
    for held in page.get("Data") or ():
        if (held.get("SourceSystem"), held.get("ExternalShipmentID")) == name:
            return _voided(client, held, reference)
    raise NotNeededError("The shipment was cancelled before it reached TIMS; there is nothing to void.", code="voided_before_delivery")


def _differences(held: Payload, wanted: Payload) -> Iterator[Problem]:
    for name in COMPARED:
        if wanted.get(name) is not None and wanted[name] != held.get(name):
            yield _differs(name, wanted[name], held.get(name))
    if len(wanted.get("Packages") or ()) != len(held.get("Packages") or ()):
        yield _differs("Packages", len(wanted.get("Packages") or ()), len(held.get("Packages") or ()))
        return
    for at, (ours, theirs) in enumerate(zip(wanted.get("Packages") or (), held.get("Packages") or (), strict=True)):
        if ours.get("TrackingNumber") is not None and ours["TrackingNumber"] != theirs.get("TrackingNumber"):
            yield _differs(f"Packages[{at}].TrackingNumber", ours["TrackingNumber"], theirs.get("TrackingNumber"))
        if _contents(ours) != _contents(theirs):
            yield _differs(f"Packages[{at}].Lines", "other contents", "its own")


def _contents(package: Payload) -> dict[str, Decimal]:
    """Units by SKU: on which lines of the order they count may have been decided here."""
    sums: dict[str, Decimal] = {}
    for line in package.get("Lines") or ():
        sku = str(line.get("SKU")).upper()
        sums[sku] = sums.get(sku, Decimal(0)) + Decimal(line.get("Quantity") or 0)
    return sums


def _differs(path: str, ours: Any, theirs: Any) -> Problem:
    message = f"{path}: the sender says {ours}, TIMS has {theirs if theirs is not None else 'nothing'}."
    return Problem(path=path, code="conflict", message=message, value=str(ours), cause="conflict")


def _lines(shipment: Payload) -> Iterator[Payload]:
    return (line for box in shipment.get("Packages") or () for line in box.get("Lines") or ())


def _receipt(shipment: Payload, outcome: str) -> Receipt:
    kept = ("ShipmentID", "Sequence", "SalesOrderID", "Status", "ShippedAt", "Version", "SourceSystem", "ExternalShipmentID")
    answer = {name: shipment[name] for name in kept if name in shipment}
    return Receipt(key=str(shipment["ShipmentID"]), version=str(shipment.get("Version", "")), outcome=outcome, answer=answer)
