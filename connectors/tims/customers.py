"""Customers to TIMS: found where TIMS knows them, made where not; TIMS's own values are never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from connectors.base import Payload, Receipt, Reference
from connectors.errors import MissingError, OutcomeUnknownError, StaleError
from connectors.http import JsonClient
from connectors.tims import identity
from connectors.tims.client import DuplicateError, ReplayedError, in_production
from connectors.tims.masking import mask_for_test
from connectors.tims.streams import fetch

PATH = "customers"
CERTAIN = 0.92
POSSIBLE = 0.75
TRIES = 3
MOST_CANDIDATES = 5
MOST_ADDRESSES = 50
MOST_IDS = 20
FILLED = ("Email", "Phone", "MobilePhone", "TaxID", "Currency", "PaymentTermsCode", "PriceListCode", "DefaultLocationCode", "Notes")
"""Members that are filled where TIMS has nothing. Names, status, credit and kind of customer stay as TIMS has them."""


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """The customer's number in TIMS: known, recognised or new. Raises ConnectorError.

    Search order: known target, ids in other systems; then among TIMS's candidates same e-mail, same phone, same house, TIMS's own score.
    """
    wanted = prepared(client, payload, reference)
    held = _known(client, wanted, reference)
    if held:
        return _completed(client, held, wanted)
    same, possible = _recognised(client, wanted)
    if same:
        return _completed(client, same, wanted)
    warnings = (f"Possible duplicate of {possible}; merge them in TIMS if they are the same customer.",) if possible else ()
    return _created(client, wanted, reference, warnings)


def find(client: JsonClient, reference: Reference) -> Receipt | None:
    """The customer that earlier calls made or completed: by its number, else by its id in the source system."""
    if reference.target:
        with suppress(MissingError):
            return receipt(fetch(client, PATH, reference.target), "created")
    for held in _search(client, external_system=reference.system, external_id=reference.key):
        return receipt(held, "created")
    return None


def prepared(client: JsonClient, payload: Payload, reference: Reference) -> Payload:
    """The customer with an id in the source system, masked when this TIMS is not production."""
    ids = payload.get("ExternalIDs") or [{"System": reference.system, "ID": reference.key}]
    wanted = {**payload, "ExternalIDs": ids}
    return wanted if in_production(client) else mask_for_test(wanted)


def _known(client: JsonClient, wanted: Payload, reference: Reference) -> Payload | None:
    if reference.target:
        with suppress(MissingError):
            return fetch(client, PATH, reference.target)
    for one in wanted["ExternalIDs"]:
        for held in _search(client, external_system=one["System"], external_id=one["ID"]):
            return held
    return None


def _recognised(client: JsonClient, wanted: Payload) -> tuple[Payload | None, str]:
    """The certain customer, or the number of a possible one. One question to TIMS brings the candidates for every criterion."""
    scored = _candidates(client, wanted)
    read = [fetch(client, PATH, key) for key, _ in scored]
    held = [one for one in read if one.get("Status") != "Merged" and one.get("CustomerType") != "Marketplace"]
    for same in (identity.same_mail, identity.same_phone, identity.same_house):
        for one in held:
            if same(wanted, one):
                return one, ""
    best, score = scored[0] if scored else ("", 0.0)
    if score >= CERTAIN:
        return read[0], ""
    return None, best if score >= POSSIBLE else ""


def _candidates(client: JsonClient, wanted: Payload) -> list[tuple[str, float]]:
    """TIMS's candidates with their scores, best first."""
    address: Payload = next(iter(wanted.get("Addresses") or ()), {})
    person = f"{wanted.get('FirstName') or ''} {wanted.get('LastName') or ''}".strip() or wanted.get("CompanyName")
    mail = None if identity.is_alias(wanted.get("Email")) else wanted.get("Email")
    wish = {
        "Email": mail, "Phone": wanted.get("Phone"), "Name": person, "PostalCode": address.get("PostalCode"),
        "AddressLine1": address.get("AddressLine1"), "ExternalIDs": wanted["ExternalIDs"],
    }  # fmt: skip
    answer = client.call("POST", f"api/v1/{PATH}/match", body={k: v for k, v in wish.items() if v}, safe=True).body
    rows = [one for one in answer.get("Data") or () if isinstance(one, dict) and one.get("CustomerID")]
    return [(str(one["CustomerID"]), float(one.get("Score") or 0)) for one in rows[:MOST_CANDIDATES]]


def _search(client: JsonClient, **query: str) -> list[Payload]:
    rows = client.get(f"api/v1/{PATH}", limit=MOST_CANDIDATES, **query).get("Data")
    return [row for row in rows or () if isinstance(row, dict) and row.get("CustomerID")]


def _created(client: JsonClient, wanted: Payload, reference: Reference, warnings: Sequence[str]) -> Receipt:
    try:
        answer = client.call("POST", f"api/v1/{PATH}", body=wanted, headers={"Idempotency-Key": reference.token}).body
    except DuplicateError as duplicate:
        return _completed(client, fetch(client, PATH, duplicate.existing), wanted)
    except ReplayedError:
        # The refusal may be out of date; the ids in other systems still prevent a second customer.
        answer = client.call("POST", f"api/v1/{PATH}", body=wanted).body
    if not isinstance(answer, dict) or not answer.get("CustomerID"):
        raise OutcomeUnknownError("TIMS accepted the customer but did not say under which number.")
    return receipt(answer, "created", warnings)


def _completed(client: JsonClient, held: Payload, wanted: Payload) -> Receipt:
    customer_id = str(held["CustomerID"])
    for _ in range(TRIES):
        missing = completion(held, wanted)
        if not missing:
            return receipt(held, "unchanged", _warnings(held))
        try:
            match = {"If-Match": f'W/"{held["Version"]}"'}
            answer = client.call("PATCH", f"api/v1/{PATH}/{held['CustomerID']}", body=missing, headers=match).body
            return receipt(answer, "changed", _warnings(held))
        except StaleError:
            held = fetch(client, PATH, customer_id)
    raise StaleError(f"Customer {customer_id} is being changed in TIMS all the time; it will be tried again.", status=412)


def completion(held: Payload, wanted: Payload) -> Payload:
    """What TIMS lacks: empty members, further addresses, further ids in other systems. Blanks never overwrite. Pure."""
    missing = {name: wanted[name] for name in FILLED if wanted.get(name) and not held.get(name)}
    ids = held.get("ExternalIDs") or []
    new_ids = [one for one in wanted.get("ExternalIDs") or () if one not in [{"System": had["System"], "ID": had["ID"]} for had in ids]]
    if new_ids and len(ids) + len(new_ids) <= MOST_IDS:
        missing["ExternalIDs"] = [*ids, *new_ids]
    addresses = held.get("Addresses") or []
    known = {identity.address_key(one) for one in addresses}
    fresh = {identity.address_key(one): one for one in wanted.get("Addresses") or () if one.get("AddressLine1")}
    new = [{k: v for k, v in one.items() if k not in ("AddressCode", "IsDefault")} for key, one in fresh.items() if key not in known]
    if new and len(addresses) + len(new) <= MOST_ADDRESSES:
        missing["Addresses"] = [*addresses, *new]
    return missing


def _warnings(held: Payload) -> tuple[str, ...]:
    if held.get("Status") in ("Inactive", "OnHold"):
        return (f"Customer {held['CustomerID']} is {held['Status']} in TIMS; TIMS may refuse or hold the orders.",)
    return ()


def receipt(held: Payload, outcome: str, warnings: Sequence[str] = ()) -> Receipt:
    """What TIMS holds, without anything personal."""
    answer: Payload = {name: held[name] for name in ("CustomerID", "CustomerType", "Status", "Version") if name in held}
    return Receipt(
        key=str(held["CustomerID"]), version=str(held.get("Version", "")), outcome=outcome, answer=answer, warnings=tuple(warnings)
    )
