"""Listings of the stand-in: read, searched, changed and checked (Amazon SP-API reference, 8)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from connectors.amazon.standin import listing_checks, listing_rows
from connectors.amazon.standin.asking import invalid, known, listed, marketplaces, number, own, time
from connectors.amazon.standin.listing_rows import KIND
from connectors.amazon.standin.parts import Operations, Part
from connectors.sandbox import Refusal, Request, Response, Row, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

LISTINGS = Operations()
ALL, ONE = "/listings/2021-08-01/items/{seller}", "/listings/2021-08-01/items/{seller}/{sku}"
BLOCKS = ("summaries", "attributes", "issues", "offers", "fulfillmentAvailability", "procurement", "relationships", "productTypes")
SUBMITTED = ("identifiers", "issues")
SORTED_BY = {"sku": "sku", "createdDate": "createdDate", "lastUpdatedDate": "lastUpdatedDate"}
READING = ("marketplaceIds", "includedData", "issueLocale")
CHANGING = (*READING, "mode")
SEARCHING = (
    *READING, "identifiers", "identifiersType", "lastUpdatedAfter", "lastUpdatedBefore", "createdAfter", "createdBefore", "withStatus",
    "withoutStatus", "withIssueSeverity", "sortBy", "sortOrder", "pageSize", "pageToken",
)  # fmt: skip
REACHED = 1000
PREVIEW = "VALIDATION_PREVIEW"


@LISTINGS.operation("getListingsItem", "GET", ONE)
def read(box: AmazonSandbox, request: Request) -> Response:
    """One SKU in one marketplace."""
    own(request, request.params["seller"])
    known(request, READING)
    place = marketplaces(box, request)[0]
    included = listed(request, "includedData", of=BLOCKS) or ["summaries"]
    row = box.book.get(KIND, listing_rows.name(place, request.params["sku"]))
    if row is None:
        raise Refusal(404, "NOT_FOUND", f"SKU '{request.params['sku']}' not found in marketplace {place}.")
    return reply(listing_rows.shown(row, included))


@LISTINGS.operation("searchListingsItems", "GET", ALL)
def search(box: AmazonSandbox, request: Request) -> Response:
    """Pages of up to 20, of which 1,000 listings are reached."""
    own(request, request.params["seller"])
    known(request, SEARCHING)
    place, size = marketplaces(box, request)[0], number(request, "pageSize", default=10, most=20)
    included = listed(request, "includedData", of=BLOCKS) or ["summaries"]
    rows = _sorted(request, [row for row in _held(box, place) if _wanted(request, row)])
    start = _start(request)
    page = rows[start : start + size]
    answer: Row = {"numberOfResults": len(rows), "items": [listing_rows.shown(row, included) for row in page]}
    following = start + size
    if following < min(len(rows), REACHED):
        answer["pagination"] = {"nextToken": _token(request, following)}
    return reply(answer)


@LISTINGS.operation("patchListingsItem", "PATCH", ONE)
def patch(box: AmazonSandbox, request: Request) -> Response:
    """Changes attributes; 200 also where the submission is refused."""
    place, sku, preview = _submission(box, request)
    body = _body(request, ("productType", "patches"))
    patches = listing_checks.check_patches(body["patches"])
    row = box.book.get(KIND, listing_rows.name(place, sku))
    issues = listing_checks.patch_issues(row, str(body["productType"]), patches, place, sku)
    change = {"Op": "PATCH", "Patches": patches}
    return _answer(box, place, sku, issues=issues, change=change, preview=preview, asin=(row or {}).get("asin", ""))


@LISTINGS.operation("putListingsItem", "PUT", ONE)
def put(box: AmazonSandbox, request: Request) -> Response:
    """Creates a listing or replaces all attributes."""
    place, sku, preview = _submission(box, request)
    body = _body(request, ("productType", "attributes"))
    if body.get("requirements", "LISTING") not in listing_checks.REQUIREMENTS or not isinstance(body["attributes"], dict):
        raise invalid("Invalid 'requirements' or 'attributes' provided.")
    issues = listing_checks.put_issues(body, place)
    change = _whole(body)
    suggested = body["attributes"].get("merchant_suggested_asin") or [{}]
    asin = suggested[0].get("value", "") if isinstance(suggested, list) and isinstance(suggested[0], dict) else ""
    return _answer(box, place, sku, issues=issues, change=change, preview=preview, asin=asin)


@LISTINGS.operation("deleteListingsItem", "DELETE", ONE)
def delete(box: AmazonSandbox, request: Request) -> Response:
    """Takes a listing away."""
    place, sku, _ = _submission(box, request)
    return _answer(box, place, sku, issues=[], change={"Op": "DELETE"}, preview=False)


def _submission(box: AmazonSandbox, request: Request) -> tuple[str, str, bool]:
    own(request, request.params["seller"])
    known(request, CHANGING)
    place = marketplaces(box, request, most=1)[0]
    listed(request, "includedData", of=SUBMITTED)
    mode = request.arg("mode")
    if mode not in ("", PREVIEW):
        raise invalid("Invalid 'mode' provided.")
    if mode:
        box.take("previewListingsItem", request.principal.account)
    return place, request.params["sku"], bool(mode)


def _body(request: Request, needed: tuple[str, ...]) -> Row:
    body = request.json()
    missing = [one for one in needed if not isinstance(body, dict) or not body.get(one)]
    if missing:
        raise invalid(f"The request body is invalid: {missing[0]} is required.")
    found: Row = body
    return found


def _answer(box: AmazonSandbox, place: str, sku: str, *, issues: list[Row], change: Row, preview: bool, asin: str = "") -> Response:
    answer: Row = {"sku": sku, "submissionId": f"{box.random.getrandbits(64):016x}", "issues": issues}
    if preview:
        answer["identifiers"] = [{"marketplaceId": place, "asin": asin}] if asin and not issues else []
        return reply({**answer, "status": "INVALID" if issues else "VALID"})
    if issues:
        return reply({**answer, "status": "INVALID"})
    return reply({**answer, "status": "ACCEPTED", "submissionId": listing_rows.enqueue(box, place, sku, change)})


def _held(box: AmazonSandbox, place: str) -> list[Row]:
    return [row for key in box.book.find(KIND, "marketplace", place) if (row := box.book.get(KIND, key))]


def _wanted(request: Request, row: Row) -> bool:
    identifiers, kind = listed(request, "identifiers", most=20), request.arg("identifiersType")
    if bool(identifiers) != bool(kind) or kind not in ("", "SKU", "ASIN"):
        raise invalid("identifiers and identifiersType (SKU or ASIN here) must be given together.")
    if identifiers and row["sku" if kind == "SKU" else "asin"] not in identifiers:
        return False
    for name, field in (("lastUpdated", "lastUpdatedDate"), ("created", "createdDate")):
        after, before = time(request, f"{name}After"), time(request, f"{name}Before")
        if row[field] < after or (before and row[field] > before):
            return False
    status, severities = listing_rows.status(row), listed(request, "withIssueSeverity", of=("WARNING", "ERROR"))
    if severities and not any(one["severity"] in severities for one in row["issues"]):
        return False
    return _status_fits(request, status)


def _status_fits(request: Request, status: list[str]) -> bool:
    known_ones = ("BUYABLE", "DISCOVERABLE")
    wanted, unwanted = listed(request, "withStatus", of=known_ones), listed(request, "withoutStatus", of=known_ones)
    return (not wanted or any(one in status for one in wanted)) and not any(one in status for one in unwanted)


def _sorted(request: Request, rows: list[Row]) -> list[Row]:
    by, order = request.arg("sortBy", "lastUpdatedDate"), request.arg("sortOrder", "DESC")
    if by not in SORTED_BY or order not in ("ASC", "DESC"):
        raise invalid("Invalid 'sortBy' or 'sortOrder' provided.")
    return sorted(rows, key=lambda row: (row[SORTED_BY[by]], row["sku"]), reverse=order == "DESC")


def _asked(request: Request) -> str:
    return "&".join(f"{name}={values}" for name, values in sorted(request.query.items()) if name != "pageToken")


def _token(request: Request, start: int) -> str:
    return base64.urlsafe_b64encode(f"{start} {_asked(request)}".encode()).decode()


def _start(request: Request) -> int:
    given = request.arg("pageToken")
    if not given:
        return 0
    try:
        start, _, asked = base64.urlsafe_b64decode(given).decode().partition(" ")
        place = int(start)
    except ValueError:
        raise invalid("Invalid 'pageToken' provided.") from None
    if asked != _asked(request):
        raise invalid("Invalid 'pageToken' provided.", "All other parameters must be those of the first page.")
    return place


def submit(box: AmazonSandbox, marketplace: str, message: Row) -> list[dict[str, Any]]:
    """One message of a listings feed: queued when nothing is wrong with it; answers its issues."""
    sku, kind = str(message["sku"]), message["operationType"]
    row = box.book.get(KIND, listing_rows.name(marketplace, sku))
    if kind == "DELETE":
        change: Row = {"Op": "DELETE"}
        issues = []
    elif kind == "UPDATE":
        issues = listing_checks.put_issues(message, marketplace)
        change = _whole(message)
    else:
        patches = _patches(message)
        issues = _path_issues(patches) or listing_checks.patch_issues(row, str(message["productType"]), patches, marketplace, sku)
        change = {"Op": "PATCH", "Patches": patches}
    if not issues:
        listing_rows.enqueue(box, marketplace, sku, change)
    return issues


def _whole(body: Row) -> Row:
    later = listing_checks.later_issues(body)
    return {"Op": "PUT", "Attributes": body["attributes"], "ProductType": body["productType"], "Issues": later}


def _patches(message: Row) -> list[Row]:
    if message["operationType"] == "PATCH":
        return list(message["patches"])
    return [{"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in message["attributes"].items()]


def _path_issues(patches: list[Row]) -> list[dict[str, Any]]:
    try:
        listing_checks.check_patches(patches)
    except Refusal as refusal:
        return [listing_checks.issue("4000002", refusal.message, "")]
    return []


PART = Part(routes=LISTINGS, declare=listing_rows.declare, seed=listing_rows.seed, advance=listing_rows.advance)
