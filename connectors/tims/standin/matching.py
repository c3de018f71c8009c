"""TIMS's own opinion on who a customer could be."""

from __future__ import annotations

from rapidfuzz import fuzz

from connectors.sandbox import Request, Response, Router, Row, Sandbox, reply

MATCHING = Router()
KIND = "customers"


def name_of(row: Row) -> str:
    """The customer's name as one text."""
    person = f"{row.get('FirstName') or ''} {row.get('LastName') or ''}".strip()
    return person or str(row.get("CompanyName") or "")


@MATCHING.on("POST", "/api/v1/customers/match")
def match(box: Sandbox, request: Request) -> Response:
    """Who could this be? Best first."""
    wish = request.json()
    found = [(score, on, row) for row in _candidates(box, wish) for score, on in [_score(wish, row)] if score >= 0.5]
    found.sort(key=lambda one: (-one[0], one[2]["CustomerID"]))
    rows = [
        {"CustomerID": row["CustomerID"], "Score": score, "MatchedOn": on, "Name": name_of(row), "Status": row["Status"]}
        for score, on, row in found[:10]
    ]
    return reply({"Data": rows})


def _candidates(box: Sandbox, wish: Row) -> list[Row]:
    keys = dict.fromkeys(
        box.book.find(KIND, "email", str(wish.get("Email") or "").lower())
        + box.book.find(KIND, "phone", str(wish.get("Phone") or ""))
        + box.book.find(KIND, "postal", str(wish.get("PostalCode") or ""))
        + [key for one in wish.get("ExternalIDs") or () for key in box.book.find(KIND, "external", f"{one['System']}\x1f{one['ID']}")]
    )
    rows = [box.book.get(KIND, key) for key in keys]
    return [row for row in rows if row and row["Status"] != "Merged"]


def _score(wish: Row, row: Row) -> tuple[float, list[str]]:
    named = fuzz.token_sort_ratio(str(wish.get("Name") or "").lower(), name_of(row).lower()) / 100
    wanted = {(one["System"], one["ID"]) for one in wish.get("ExternalIDs") or ()}
    near = [one for one in row.get("Addresses") or () if wish.get("PostalCode") and one.get("PostalCode") == wish["PostalCode"]]
    street = str(wish.get("AddressLine1") or "").lower()
    same = any(fuzz.ratio(street, str(one["AddressLine1"]).lower()) >= 90 for one in near) if street else False
    if wanted & {(one["System"], one["ID"]) for one in row.get("ExternalIDs") or ()}:
        return 0.97, ["ExternalID"]
    if wish.get("Email") and str(row.get("Email") or "").lower() == str(wish["Email"]).lower():
        return (0.95 if named >= 0.6 else 0.7), ["Email"]
    if wish.get("Phone") and row.get("Phone") == wish["Phone"]:
        return (0.93 if named >= 0.8 else 0.66), ["Phone"]
    if same and named >= 0.5:
        return round(0.6 + 0.35 * named, 2), ["Name", "AddressLine1", "PostalCode"]
    return (round(0.75 * named, 2), ["Name", "PostalCode"]) if near else (0.0, [])
