"""Buyers and recipients of generated orders, as Amazon writes them (Amazon SP-API reference, 3.5)."""

from __future__ import annotations

import random
from typing import Any

from connectors.sandbox.people import Buyer

INSTRUCTIONS = ("Please ring twice", "Leave with the neighbour", "Loading dock at the rear")


def written_buyer(who: Buyer, number: int, *, business: bool) -> dict[str, str]:
    """The buyer; businesses have a company and sometimes a purchase order."""
    address, info = who.shipping, who.info
    found = {"buyerName": f"{address['FirstName']} {address['LastName']}", "buyerEmail": info["Email"]}
    if business:
        found |= {"buyerCompanyName": info["CompanyName"] or f"{address['LastName']} Trading"}
        found |= {"buyerPurchaseOrderNumber": f"PO-{number:06d}"} if number % 2 else {}
    return {name: value for name, value in found.items() if value}


def recipient_of(chance: random.Random, who: Buyer) -> dict[str, Any]:
    """The delivery address without empty members, now and then with an instruction."""
    one = who.shipping
    address = {
        "name": f"{one['FirstName']} {one['LastName']}", "companyName": one["CompanyName"], "addressLine1": one["AddressLine1"],
        "addressLine2": one["AddressLine2"], "city": one["City"], "stateOrRegion": one["StateOrProvince"], "postalCode": one["PostalCode"],
        "countryCode": one["Country"], "phone": one["Phone"], "addressType": one["AddressType"].upper(),
    }  # fmt: skip
    found: dict[str, Any] = {"deliveryAddress": {name: value for name, value in address.items() if value}}
    if chance.random() < 0.05:
        found["deliveryPreference"] = {"addressInstruction": chance.choice(INSTRUCTIONS)}
    return found
