"""What differs between a sales order in TIMS and the one that is wanted, and how TIMS can be brought there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from connectors.base import Payload
from connectors.errors import Problem
from connectors.tims.lines import compare_lines

CHANGEABLE = ("Open", "OnHold")
NOT_SHIPPED = ("Draft", "Open", "OnHold")
SHIPPED = ("PartiallyFulfilled", "Fulfilled", "Completed")
BUYER_CANCEL = "BUYER-CANCEL"
CHANNEL_HOLDS = frozenset({"UNPAID", "TOTALS", "DATA", BUYER_CANCEL})
"""Hold codes that the channel's state sets and may therefore lift; all others belong to the people in TIMS."""
DEFAULT_HOLD = "DATA"
PAYMENT_RANK = {"Unpaid": 0, "Failed": 1, "Authorized": 2, "Paid": 3, "PartiallyRefunded": 4, "Refunded": 5}
DESK_FIELDS = frozenset({"Notes", "RequestedShipDate"})
"""Fields in which TIMS wins when somebody there changed them at the same time."""
MOST_NOTES = 2000
LABELS = {"ShippingAddress": "the shipping address", "ShippingMethod": "the shipping method"}


@dataclass(slots=True, kw_only=True)
class Plan:
    """What to ask of TIMS. `cancel` None = nothing, [] = all that is open, else `[{"LineNumber", "Quantity"}]`.

    With `conflicts` nothing is done at all. `warnings` are sentences without personal data.
    """

    patch: Payload = field(default_factory=dict)
    cancel: list[Payload] | None = None
    action: str = ""
    """"hold", "release", "complete", "fulfil" (the marketplace shipped it; `then_complete` also closes it) or ""."""
    then_complete: bool = False
    hold_code: str = DEFAULT_HOLD
    conflicts: list[Problem] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Nothing is to be done."""
        return not self.patch and self.cancel is None and not self.action


def plan(current: Payload, wanted: Payload, base: Payload | None = None) -> Plan:
    """How to bring `current` to `wanted`. `base` is an earlier reading: a field that TIMS changed since is not overwritten.

    A field absent from `wanted` stays. TIMS's status never moves backwards. The document's SourceHash is that of its creation
    (TIMS lets nobody change it), so every change is planned from the fields, never from the hash.
    """
    made = Plan()
    status = str(current.get("OrderStatus"))
    if wanted.get("OrderStatus") == "Cancelled":
        return _cancellation(made, status)
    if status == "Cancelled":
        made.warnings.append("TIMS has cancelled this order, the channel has not; cancel it in the channel or enter it in TIMS again.")
        return made
    _lines(made, current, wanted, status)
    _patch(made, current, wanted, base, status)
    _status(made, current, wanted, status)
    return made


def decided(made: Plan, decision: str) -> Plan:
    """The plan after a person's decision: "target" does nothing, "merge" what TIMS takes; what stays is told as a warning."""
    if decision not in ("target", "merge"):
        return made
    kept = [f"{name} stays as it is in TIMS, as decided." for name in dict.fromkeys(one.path for one in made.conflicts)]
    if decision == "target":
        other = [f"{name} stays as it is in TIMS, as decided." for name in made.patch]
        return Plan(warnings=[*made.warnings, *kept, *other])
    return replace(made, conflicts=[], warnings=[*made.warnings, *kept])


def conflict(path: str, ours: Any, theirs: Any, words: str, *, personal: bool = False) -> Problem:
    """One field that cannot be brought over; values are left out where they are personal."""
    shown = "" if personal else f" The channel says {_text(ours)}, TIMS has {_text(theirs)}."
    return Problem(path=path, code="conflict", message=f"{words}{shown}", value="" if personal else _text(ours), cause="conflict")


def _text(value: Any) -> str:
    return "nothing" if value is None or value == "" else str(value)


def _cancellation(made: Plan, status: str) -> Plan:
    if status in NOT_SHIPPED:
        made.cancel = []
    elif status in SHIPPED:
        words = "The channel cancelled the order, but TIMS has already shipped it or a part of it. Stop the parcel or enter a return."
        made.conflicts.append(conflict("OrderStatus", "Cancelled", status, words))
    return made


def _lines(made: Plan, current: Payload, wanted: Payload, status: str) -> None:
    found = compare_lines(current.get("LineItems") or [], wanted.get("LineItems") or [])
    made.conflicts += [conflict(one.path, one.ours, one.theirs, one.words) for one in found.conflicts]
    if found.cancel and status in ("Fulfilled", "Completed"):
        words = "The channel lowered quantities, but TIMS has already shipped. Enter a return."
        made.conflicts.append(conflict("LineItems", "fewer units", "all shipped", words))
    elif found.cancel:
        made.cancel = found.cancel
    if not found.touched:
        _money(made, current, wanted)


def _money(made: Plan, current: Payload, wanted: Payload) -> None:
    for name in ("Currency", "PricesIncludeTax"):
        if wanted.get(name) is not None and wanted[name] != current.get(name):
            made.conflicts.append(conflict(name, wanted[name], current.get(name), f"{name} cannot be changed in TIMS."))
    ours, theirs = _charges(wanted), _charges(current)
    for kind in dict.fromkeys([*ours, *theirs]):
        if "Charges" in wanted and ours.get(kind, (0, 0)) != theirs.get(kind, (0, 0)):
            sums = [sum(one.get(kind, ()), Decimal(0)) for one in (ours, theirs)]
            words = f"The {kind} charge of the order changed; correct it in TIMS by hand."
            made.conflicts.append(conflict("Charges", sums[0], sums[1], words))
    total, held = wanted.get("TotalAmount"), current.get("TotalAmount")
    if total is not None and held is not None and Decimal(total) != Decimal(held) and not made.conflicts:
        made.conflicts.append(conflict("TotalAmount", total, held, "The order's total changed; correct it in TIMS by hand."))


def _charges(order: Payload) -> dict[str, tuple[Decimal, Decimal]]:
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for one in order.get("Charges") or ():
        amount, tax = sums.get(one["Type"], (Decimal(0), Decimal(0)))
        sums[one["Type"]] = (amount + Decimal(one.get("Amount") or 0), tax + Decimal(one.get("TaxAmount") or 0))
    return {kind: both for kind, both in sums.items() if any(both)}


def _patch(made: Plan, current: Payload, wanted: Payload, base: Payload | None, status: str) -> None:
    differing = _differing(current, wanted)
    for name in list(differing):
        if base is not None and base.get(name) != current.get(name):
            _touched(made, name, differing.pop(name))
    if not differing or status in CHANGEABLE:
        made.patch = differing
        return
    for name in differing:
        if name in LABELS:
            words = (
                f"The channel changed {LABELS[name]}, but the order is {status} in TIMS. Call the warehouse, or change the parcel's route."
            )
            made.conflicts.append(conflict(name, differing[name], current.get(name), words, personal=name == "ShippingAddress"))
        else:
            made.warnings.append(f"{name} was not changed in TIMS, since the order is {status} there.")


def _touched(made: Plan, name: str, ours: Any) -> None:
    if name in DESK_FIELDS:
        made.warnings.append(f"{name} was changed in TIMS at the same time; TIMS's value stays.")
        return
    words = f"{name} was changed in TIMS and in the channel at the same time. Decide which one is right and enter it in TIMS."
    made.conflicts.append(conflict(name, ours, "another value", words, personal=name == "ShippingAddress"))


def _differing(current: Payload, wanted: Payload) -> Payload:
    found: Payload = {}
    address = _address(current.get("ShippingAddress") or {}, wanted.get("ShippingAddress") or {})
    if address:
        found["ShippingAddress"] = address
    for name in ("ShippingMethod", "RequestedShipDate"):
        if wanted.get(name) and wanted[name] != current.get(name):
            found[name] = wanted[name]
    paid, held = wanted.get("PaymentStatus"), current.get("PaymentStatus")
    if paid and paid != held and PAYMENT_RANK.get(paid, 0) > PAYMENT_RANK.get(str(held), -1):
        found["PaymentStatus"] = paid
    notes = _notes(str(current.get("Notes") or ""), str(wanted.get("Notes") or ""))
    return {**found, "Notes": notes} if notes else found


def _notes(held: str, wanted: str) -> str:
    """The channel's notes behind what TIMS's people wrote; "" when they are there already or there is no room."""
    joined = f"{held}\n{wanted}" if held else wanted
    return "" if wanted.strip() in held or len(joined) > MOST_NOTES else joined


def _address(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> Payload:
    """Members that differ. An address without name or street is one whose personal data was erased: it changes nothing."""
    if not wanted.get("Name") or not wanted.get("AddressLine1"):
        return {}
    return {name: value for name, value in wanted.items() if (value or None) != (held.get(name) or None)}


def _status(made: Plan, current: Payload, wanted: Payload, status: str) -> None:
    want = wanted.get("OrderStatus")
    code = str((current.get("Hold") or {}).get("Code") or "")
    if want == "OnHold" and status == "Open":
        made.action, made.hold_code = "hold", str((wanted.get("Hold") or {}).get("Code") or DEFAULT_HOLD)
    elif want == "OnHold" and (wanted.get("Hold") or {}).get("Code") == BUYER_CANCEL:
        _buyer_too_late(made, status)
    elif (want == "Open" and status == "Draft") or (want == "Open" and status == "OnHold" and code in CHANNEL_HOLDS):
        made.action = "release"
    elif want == "Open" and status == "OnHold":
        made.warnings.append(f"TIMS keeps the order on hold ({code or 'no code'}); release it there.")
    elif want in ("Fulfilled", "Completed") and status in ("Open", "PartiallyFulfilled") and _external(current):
        made.action, made.then_complete = "fulfil", want == "Completed"
    elif want == "Completed" and status == "Fulfilled" and (_external(current) or _invoiced(current)):
        made.action = "complete"


def _buyer_too_late(made: Plan, status: str) -> None:
    """The buyer asks to cancel what TIMS can no longer hold back: a person decides about the rest."""
    if status == "PartiallyFulfilled":
        words = "The buyer asks to cancel, but TIMS has shipped a part. Cancel the rest in TIMS, or go on and tell the buyer."
        made.conflicts.append(conflict("OrderStatus", "OnHold", status, words))
    elif status in SHIPPED:
        made.warnings.append("The buyer asked to cancel after TIMS had shipped the order; expect a return.")


def _external(current: Payload) -> bool:
    return current.get("FulfilledBy") == "External"


def _invoiced(current: Payload) -> bool:
    lines = current.get("LineItems") or ()
    return all(Decimal(one.get("QuantityInvoiced") or 0) >= Decimal(one.get("QuantityShipped") or 0) for one in lines)
