"""Customers of the stand-in: create, change, match, merge, addresses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox, reply, rfc3339
from connectors.tims.standin import documents
from connectors.tims.standin.checks import Flaw, address_flaws, code_flaws, flaw, refuse, shape
from connectors.tims.standin.events import announce
from connectors.tims.standin.matching import name_of

CUSTOMERS = Router()
KIND = "customers"
CODES = {
    "PaymentTermsCode": "payment_terms",
    "PriceListCode": "price_lists",
    "SalespersonCode": "salespersons",
    "DefaultLocationCode": "locations",
}


def declare(box: Sandbox) -> None:
    """The indexes and the order of customers."""
    box.book.order(KIND, lambda row: str(row["UpdatedAt"]))
    box.book.index(KIND, "external", lambda row: [f"{one['System']}\x1f{one['ID']}" for one in row.get("ExternalIDs") or ()])
    box.book.index(KIND, "email", lambda row: [str(row["Email"]).lower()] if row.get("Email") else [])
    box.book.index(KIND, "phone", lambda row: [row["Phone"]] if row.get("Phone") else [])
    box.book.index(KIND, "postal", lambda row: {str(one.get("PostalCode") or "") for one in row.get("Addresses") or ()} - {""})


@CUSTOMERS.on("GET", "/api/v1/customers")
def listed(box: Sandbox, request: Request) -> Response:
    """Delta list with filters; a question that an index answers is not answered by looking at every customer."""
    found = _indexed(box, request)
    if found is None or len(found) > 50:
        return documents.listing(box, request, KIND, _filter)
    keep = _filter(request.query)
    rows = [documents.public(row) for row in sorted(found, key=lambda row: str(row["UpdatedAt"])) if keep(row)]
    return reply({"Data": rows, "Paging": {"Limit": 50, "HasMore": False, "NextCursor": None}, "ServerTime": rfc3339(box.now())})


def _indexed(box: Sandbox, request: Request) -> list[Row] | None:
    arg = request.arg
    marks = {
        "external": f"{arg('external_system')}\x1f{arg('external_id')}" if arg("external_id") else "",
        "email": arg("email").lower(),
        "phone": arg("phone"),
        "postal": arg("postal_code"),
    }
    asked = next(((index, mark) for index, mark in marks.items() if mark), None)
    if asked is None or arg("cursor") or arg("updated_since"):
        return None
    rows = [box.book.get(KIND, key) for key in box.book.find(KIND, *asked)]
    return [row for row in rows if row]


def _filter(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    def arg(name: str) -> str:
        return query.get(name, [""])[-1]

    system, external = arg("external_system"), arg("external_id")

    def keep(row: Row) -> bool:
        named = not external or any(one["System"] == system and one["ID"] == external for one in row.get("ExternalIDs") or ())
        posted = not arg("postal_code") or any(one.get("PostalCode") == arg("postal_code") for one in row.get("Addresses") or ())
        same = all(not arg(name) or str(row.get(member) or "").lower() == arg(name).lower() for name, member in _PLAIN)
        return named and posted and same and (not arg("name") or arg("name").lower() in name_of(row).lower())

    return keep


_PLAIN = (("email", "Email"), ("phone", "Phone"), ("status", "Status"))


@CUSTOMERS.on("GET", "/api/v1/customers/{customer_id}")
def read(box: Sandbox, request: Request) -> Response:
    """One customer; 410 when merged."""
    return documents.shown(request, documents.load(box, KIND, request.params["customer_id"], "Customer"))


@CUSTOMERS.on("POST", "/api/v1/customers")
def create(box: Sandbox, request: Request) -> Response:
    """Creates a customer."""
    row = add(box, request, request.json())
    return documents.shown(request, row, 201, {"Location": f"/api/v1/customers/{row['CustomerID']}"})


def add(box: Sandbox, request: Request, body: Any) -> Row:
    """Checks and stores a new customer. Raises Refusal 422, 409 `duplicate_external_id`."""
    row, flaws = shape(request, body, "customer")
    refuse("customer", flaws + _flaws(box, row))
    _unique(box, row.get("ExternalIDs") or [], "")
    number = f"C-{box.book.next_number('customers', 1000):06d}"
    row = {"CustomerID": number, "Status": "Active", "Currency": "USD", "TaxExempt": False, "MarketingOptIn": False, **row}
    row["Addresses"] = _coded(row.get("Addresses") or [])
    return documents.save(box, KIND, number, row, changed=[])


@CUSTOMERS.on("PATCH", "/api/v1/customers/{customer_id}")
def change(box: Sandbox, request: Request) -> Response:
    """Changes members; lists are replaced whole."""
    row = documents.load(box, KIND, request.params["customer_id"], "Customer")
    documents.guard(request, row)
    body, flaws = shape(request, request.json(), "customer", partial=True)
    merged = {**row, **body}
    refuse("customer", flaws + _flaws(box, merged))
    _unique(box, body.get("ExternalIDs") or [], row["CustomerID"])
    merged["Addresses"] = _coded(merged.get("Addresses") or [])
    return _changed(box, request, merged, sorted(body))


@CUSTOMERS.on("POST", "/api/v1/customers/{customer_id}/addresses")
def add_address(box: Sandbox, request: Request) -> Response:
    """Appends an address."""
    row = documents.load(box, KIND, request.params["customer_id"], "Customer")
    refuse("address", _address_shape(request, row, request.json()))
    row["Addresses"] = _coded([*row["Addresses"], request.json()])
    documents.save(box, KIND, row["CustomerID"], row, changed=["Addresses"])
    return reply(row["Addresses"][-1], 201, {"ETag": documents.etag(row)})


@CUSTOMERS.on("GET", "/api/v1/customers/{customer_id}/addresses")
def addresses(box: Sandbox, request: Request) -> Response:
    """All addresses."""
    return reply({"Data": documents.load(box, KIND, request.params["customer_id"], "Customer")["Addresses"]})


@CUSTOMERS.on("PATCH", "/api/v1/customers/{customer_id}/addresses/{code}")
def change_address(box: Sandbox, request: Request) -> Response:
    """Changes one address."""
    row = documents.load(box, KIND, request.params["customer_id"], "Customer")
    documents.guard(request, row)
    found = [one for one in row["Addresses"] if one["AddressCode"] == request.params["code"]]
    if not found:
        raise Refusal(404, "not_found", f"Address {request.params['code']} does not exist.")
    changed = {**found[0], **request.json()}
    refuse("address", _address_shape(request, row, changed))
    row["Addresses"] = [changed if one is found[0] else one for one in row["Addresses"]]
    return _changed(box, request, row, ["Addresses"])


@CUSTOMERS.on("POST", "/api/v1/customers/{customer_id}/merge")
def merge(box: Sandbox, request: Request) -> Response:
    """`{"Into": "C-000017"}`: the other keeps the ids in other systems."""
    row = documents.load(box, KIND, request.params["customer_id"], "Customer")
    documents.guard(request, row)
    return documents.shown(request, merged(box, row, str(request.json().get("Into"))))


def merged(box: Sandbox, row: Row, into: str) -> Row:
    """Merges a customer into another one and answers that one."""
    target = documents.load(box, KIND, into, "Customer")
    moved, row["ExternalIDs"] = row.get("ExternalIDs") or [], []
    row.update(Status="Merged", MergedInto=into)
    documents.save(box, KIND, row["CustomerID"], row, changed=["Status"])
    target["ExternalIDs"] = [*(target.get("ExternalIDs") or []), *moved]
    documents.save(box, KIND, into, target, changed=["ExternalIDs"])
    entity = ("customer", row["CustomerID"], f"customers/{into}")
    announce(box, "customer.merged", entity, row["Version"], {"CustomerID": row["CustomerID"], "MergedInto": into})
    return target


@CUSTOMERS.on("POST", "/api/v1/customers/{customer_id}/erase_personal_data")
def erase(box: Sandbox, request: Request) -> Response:
    """Clears what tells who the customer is."""
    row = documents.load(box, KIND, request.params["customer_id"], "Customer")
    documents.guard(request, row)
    cleared = ("FirstName", "CompanyName", "Email", "Phone", "MobilePhone", "TaxID", "Notes")
    row.update(dict.fromkeys(cleared), LastName="Erased", Addresses=[], PersonalDataErasedAt=box.stamp())
    return _changed(box, request, row, [*cleared, "LastName", "Addresses"])


def _flaws(box: Sandbox, row: Row) -> list[Flaw]:
    flaws = code_flaws(box, row, CODES)
    kind = row.get("CustomerType")
    if kind in ("Business", "Marketplace") and not row.get("CompanyName"):
        flaws.append(flaw("CompanyName", "required", f"A {kind} customer needs a company name."))
    if kind == "Person" and not row.get("LastName"):
        flaws.append(flaw("LastName", "required", "A person needs a last name."))
    if row.get("TaxExempt") and not row.get("TaxExemptCertificate"):
        flaws.append(flaw("TaxExemptCertificate", "required", "A tax exempt customer needs a certificate."))
    if row.get("Email") and (str(row["Email"]).count("@") != 1 or " " in str(row["Email"])):
        flaws.append(flaw("Email", "invalid_format", "Not an e-mail address.", row["Email"]))
    return flaws + [found for at, one in enumerate(row.get("Addresses") or ()) for found in address_flaws(one, f"Addresses[{at}]")]


def _unique(box: Sandbox, ids: list[Row], own: str) -> None:
    for one in ids:
        holders = [key for key in box.book.find(KIND, "external", f"{one['System']}\x1f{one['ID']}") if key != own]
        if holders:
            held = box.book.get(KIND, holders[0]) or {}
            raise Refusal(
                409, "duplicate_external_id", f"External id {one['ID']} of {one['System']} already exists.",
                headers={"Location": f"/api/v1/customers/{holders[0]}"}, ExistingID=holders[0], ExistingVersion=held.get("Version"),
                ExistingStatus=held.get("Status"),
            )  # fmt: skip


def _address_shape(request: Request, row: Row, address: Row) -> list[Flaw]:
    _, flaws = shape(request, {"CustomerType": row["CustomerType"], "Addresses": [address]}, "customer")
    return flaws + address_flaws(address, "Addresses[0]")


def _coded(listed: list[Row]) -> list[Row]:
    used = {one.get("AddressCode") for one in listed}
    for one in listed:
        stem = "BILL" if one.get("Type") == "Billing" else "SHIP"
        if not one.get("AddressCode"):
            one["AddressCode"] = next(code for code in (f"{stem}{n}" for n in range(1, 999)) if code not in used)
            used.add(one["AddressCode"])
    return listed


def _changed(box: Sandbox, request: Request, row: Row, changed: list[str]) -> Response:
    documents.save(box, KIND, row["CustomerID"], row, changed=changed)
    announce(
        box, "customer.updated", ("customer", row["CustomerID"], f"customers/{row['CustomerID']}"), row["Version"], {"Changed": changed}
    )
    return documents.shown(request, row)
