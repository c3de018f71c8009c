"""The stand-in's v2 orders: lists with opaque cursors, one order, single and bulk writes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from connectors.base import Payload
from connectors.channeladvisor.standin import store
from connectors.channeladvisor.standin.routes import ROUTES
from connectors.channeladvisor.standin.writes import write
from connectors.channeladvisor.times import normalised
from connectors.sandbox import Refusal, Request, Response, Row, reply, rfc3339
from connectors.wire import decode, encode

if TYPE_CHECKING:
    from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox

LARGEST = 2 * 1024 * 1024
MOST = 100
SUPERSEDED = {"Result": "Superseded", "HttpStatus": 200}
FILTERS = (
    "status", "payment_status", "fulfillment_status", "exported", "created_since", "updated_since", "marketplace", "order_id",
    "channel_advisor_order_id",
)  # fmt: skip
_EQUAL = {"status": "OrderStatus", "payment_status": "PaymentStatus", "fulfillment_status": "FulfillmentStatus", "order_id": "OrderID"}


@ROUTES.on("GET", "/v2/orders")
def orders(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """A page of orders by (UpdatedDateUtc, id)."""
    limit = _limit(request)
    wanted = {name: request.query[name] for name in FILTERS if name in request.query}
    place = _place(box, request, wanted)
    numbers = wanted.get("channel_advisor_order_id")
    found = _by_number(box, numbers) if numbers else _by_change(box, request, wanted, place)
    chosen = list(islice(((at, row) for at, row in found if at > place and _fits(box, row, request, wanted)), limit + 1))
    page, more = chosen[:limit], len(chosen) > limit
    total = (
        sum(1 for _, row in store.by_change(box, "") if _fits(box, row, request, wanted))
        if request.arg("include_total") == "true"
        else None
    )
    paging = {"Limit": limit, "HasMore": more, "NextCursor": _cursor(box, wanted, page[-1][0]) if more else None, "TotalCount": total}
    shown_rows = [shown(row, request.principal.application) for _, row in page]
    return reply({"Data": shown_rows, "Paging": paging, "ServerTimeUtc": rfc3339(box.now())})


@ROUTES.on("GET", "/v2/orders/{number}")
def order(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """One order with its ETag."""
    row = _mine(box, request)
    return reply(shown(row, request.principal.application), headers={"ETag": f'"{row["Order"]["Version"]}"'})


@ROUTES.on("PUT", "/v2/orders/{number}")
def put_order(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Changes one order; a stale If-Match is refused."""
    body = body_of(request)
    row = _mine(box, request)
    expected = request.headers.get("if-match")
    if expected not in (None, "*", f'"{row["Order"]["Version"]}"'):
        raise Refusal(412, "version_mismatch", "The order has changed.")
    write(box, request.principal, {**body, "ChannelAdvisorOrderID": row["Order"]["ChannelAdvisorOrderID"]})
    return reply(shown(_mine(box, request), request.principal.application))


@ROUTES.on("PUT", "/v2/orders")
def put_orders(box: ChannelAdvisorSandbox, request: Request) -> Response:
    """Changes one order or up to 100; the entries of a batch stand each for itself (ChannelAdvisor API reference, A2.6)."""
    body = body_of(request)
    if "Items" not in body:
        number = write(box, request.principal, body)
        return reply(shown(store.load(box, number), request.principal.application))
    return in_bulk(box, body["Items"], lambda entry: _written(box, write(box, request.principal, entry)), key=_key)


def in_bulk(box: ChannelAdvisorSandbox, entries: Any, act: Callable[[Any], dict[str, Any]], *, key: Callable[[Any], str]) -> Response:
    """Every entry for itself; of two with one `key` the later counts (ChannelAdvisor API reference, A2.6)."""
    if not isinstance(entries, list) or not entries:
        raise Refusal(400, "invalid_request", "Items must be a list that is not empty.")
    if len(entries) > MOST:
        raise Refusal(413, "payload_too_large", f"More than {MOST} items.")
    keys = [key(entry) for entry in entries]
    results = [
        {"Index": at, "Key": keys[at], **(SUPERSEDED if keys[at] and keys[at] in keys[at + 1 :] else _one(box, entries[at], act))}
        for at in range(len(entries))
    ]
    failed = sum(result["Result"] == "Failed" for result in results)
    status = 200 if not failed else 422 if failed == len(results) else 207
    return reply({"Results": results, "Summary": {"Accepted": len(results) - failed, "Failed": failed, "StaleIgnored": 0}}, status)


def shown(row: Row, application: str) -> Payload:
    """A stored order as an application sees it, without the stand-in's own members."""
    return {
        **_public(row["Order"]),
        "OrderItem": [_public(line) for line in row["Order"]["OrderItem"]],
        "Exported": application in row["Taken"],
    }


def _public(held: Payload) -> Payload:
    return {name: value for name, value in held.items() if not name.startswith("_")}


def _key(entry: Any) -> str:
    return str(entry.get("ChannelAdvisorOrderID") or "") if isinstance(entry, dict) else ""


def _written(box: ChannelAdvisorSandbox, number: int) -> dict[str, Any]:
    return {"Result": "Updated", "HttpStatus": 200, "Version": store.load(box, number)["Order"]["Version"]}


def _one(box: ChannelAdvisorSandbox, entry: Any, act: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    try:
        with box.book.transaction():
            return act(entry)
    except Refusal as refusal:
        more = {name: value for name, value in refusal.more.items() if name != "Details"}
        error = {"Code": refusal.code, "Message": refusal.message, "Details": refusal.more.get("Details", []), **more}
        return {"Result": "Failed", "HttpStatus": refusal.status, "Error": error}


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of a write. Raises Refusal 400, 413, 415."""
    if not request.headers.get("content-type", "").startswith("application/json"):
        raise Refusal(415, "unsupported_media_type", "Send application/json.")
    if len(request.body) > LARGEST:
        raise Refusal(413, "payload_too_large", "The body is larger than 2 MiB.")
    body = request.json()
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_request", "The body must be an object.")
    return body


def _mine(box: ChannelAdvisorSandbox, request: Request) -> Row:
    number = request.params["number"]
    row = store.load(box, int(number)) if number.isdigit() else None
    if row is None or row["Order"]["ProfileID"] != request.principal.profile:
        raise Refusal(404, "not_found", "There is no such order.")
    return row


def _limit(request: Request) -> int:
    given = request.arg("limit", "50")
    if not given.isdigit() or not 1 <= int(given) <= MOST:
        raise Refusal(400, "invalid_request", f"limit must be a number from 1 to {MOST}.")
    return int(given)


def _by_number(box: ChannelAdvisorSandbox, numbers: list[str]) -> list[tuple[tuple[str, str], Row]]:
    if len(numbers) > MOST or not all(number.isdigit() for number in numbers):
        raise Refusal(400, "invalid_request", f"channel_advisor_order_id takes at most {MOST} numbers.")
    rows = [row for number in dict.fromkeys(numbers) if (row := box.book.get(store.KIND, store.key_of(int(number))))]
    return sorted(((row["Order"]["UpdatedDateUtc"], store.key_of(row["Order"]["ChannelAdvisorOrderID"])), row) for row in rows)


def _by_change(box: ChannelAdvisorSandbox, request: Request, wanted: dict[str, list[str]], place: tuple[str, str]) -> Any:
    since = _time(wanted, "updated_since")
    application = request.principal.application if wanted.get("exported") == ["false"] else ""
    return store.behind(box, max(place, (since, "")), untaken_by=application)


def _fits(box: ChannelAdvisorSandbox, row: Row, request: Request, wanted: dict[str, list[str]]) -> bool:
    order = row.get("Order")
    if not order or order["ProfileID"] != request.principal.profile:
        return False
    if not {"created_since", "channel_advisor_order_id"} & set(wanted) and store.is_hidden(box, order):
        return False
    if "exported" in wanted and (request.principal.application in row["Taken"]) != (wanted["exported"][-1] == "true"):
        return False
    if order["UpdatedDateUtc"] < _time(wanted, "updated_since") or normalised(order["OrderDate"]) < _time(wanted, "created_since"):
        return False
    if "marketplace" in wanted and wanted["marketplace"][-1] not in (order["Marketplace"]["Name"], str(order["Marketplace"]["SiteID"])):
        return False
    return all(order[field] == wanted[name][-1] for name, field in _EQUAL.items() if name in wanted)


def _time(wanted: dict[str, list[str]], name: str) -> str:
    if name not in wanted:
        return ""
    time = normalised(wanted[name][-1])
    if not time:
        raise Refusal(400, "invalid_request", f"{name} must be a time such as 2026-11-20T10:15:00Z.")
    return time


def _mark(wanted: dict[str, list[str]]) -> str:
    return hashlib.sha256(encode(sorted(wanted.items()))).hexdigest()[:16]


def _cursor(box: ChannelAdvisorSandbox, wanted: dict[str, list[str]], at: tuple[str, str]) -> str:
    until = rfc3339(box.now() + timedelta(seconds=box.cursor_life))
    return base64.urlsafe_b64encode(encode({"At": at, "Until": until, "Filters": _mark(wanted)})).decode()


def _place(box: ChannelAdvisorSandbox, request: Request, wanted: dict[str, list[str]]) -> tuple[str, str]:
    given = request.arg("cursor")
    if not given:
        return "", ""
    try:
        content = decode(base64.urlsafe_b64decode(given))
        place, until, filters = (content["At"][0], content["At"][1]), datetime.fromisoformat(content["Until"]), content["Filters"]
    except (ValueError, KeyError, TypeError, IndexError):
        raise Refusal(400, "invalid_request", "The cursor is not one of ours.") from None
    if filters != _mark(wanted):
        raise Refusal(400, "cursor_mismatch", "The filters differ from those of the first call.")
    if until <= box.now():
        raise Refusal(410, "cursor_expired", "The cursor has expired.")
    return place
