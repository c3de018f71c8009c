"""Feeds of the stand-in: announced, uploaded, queued, processed after a while, told in a result document (Amazon SP-API reference, 9)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.amazon.standin import documents, listings_feed, order_acknowledgement
from connectors.amazon.standin.asking import admitted, invalid, known, listed, number, time
from connectors.amazon.standin.parts import Operations, Part
from connectors.amazon.times import normalised, written
from connectors.sandbox import Refusal, Request, Response, Row, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

FEEDS = Operations()
BASE = "/feeds/2021-06-30"
KIND = "feeds"
JSON = "JSON_LISTINGS_FEED"
STATUSES = ("IN_QUEUE", "IN_PROGRESS", "DONE", "CANCELLED", "FATAL")
RETIRED = (
    "POST_PRODUCT_DATA", "POST_INVENTORY_AVAILABILITY_DATA", "POST_PRODUCT_PRICING_DATA", "POST_FLAT_FILE_LISTINGS_DATA",
    "POST_FLAT_FILE_INVLOADER_DATA",
)  # fmt: skip
"""Taken, and ended as FATAL since 31 July 2025 (Amazon SP-API reference, 1)."""
QUEUED, RUNS, EACH = 20.0, 40.0, 0.01
"""Seconds in the queue, seconds for any feed, and for each message or row more."""
SHOWN = (
    "feedId", "feedType", "marketplaceIds", "createdTime", "processingStatus", "processingStartTime", "processingEndTime",
    "resultFeedDocumentId",
)  # fmt: skip
LISTING = ("feedTypes", "marketplaceIds", "pageSize", "processingStatuses", "createdSince", "createdUntil")
LISTED_FOR = timedelta(days=90)
RESULT_KEPT = timedelta(days=28)
Process = Callable[["AmazonSandbox", Row, bytes], bytes]
"""Carries a feed out; answers the result. Raises Refusal where it has to be given up."""
KINDS: Mapping[str, Process] = {
    JSON: listings_feed.carry_out,
    "POST_FLAT_FILE_ORDER_ACKNOWLEDGEMENT_DATA": order_acknowledgement.carry_out,
}


def declare(box: AmazonSandbox) -> None:
    """Feeds that still wait or run are found at once."""
    box.book.index(KIND, "open", lambda row: ["yes"] if row["processingStatus"] in STATUSES[:2] else [])


@FEEDS.operation("createFeedDocument", "POST", f"{BASE}/documents")
def announce(box: AmazonSandbox, request: Request) -> Response:
    """An address for an upload of exactly this content type."""
    body = request.json()
    content_type = body.get("contentType") if isinstance(body, dict) else None
    if not isinstance(content_type, str) or not content_type:
        raise invalid("contentType is required.")
    document = f"amzn1.tortuga.4.na.{box.random.getrandbits(64):016x}"
    return reply({"feedDocumentId": document, "url": documents.expect(box, document, content_type)}, 201)


@FEEDS.operation("createFeed", "POST", f"{BASE}/feeds")
def create(box: AmazonSandbox, request: Request) -> Response:
    """Queues a feed of an uploaded document."""
    body = request.json()
    for name in ("feedType", "marketplaceIds", "inputFeedDocumentId"):
        if not isinstance(body, dict) or not body.get(name):
            raise invalid(f"{name} is required.")
    kind, places = body["feedType"], body["marketplaceIds"]
    if kind not in KINDS and kind not in RETIRED:
        raise invalid("Invalid Feed Type.")
    if not isinstance(places, list) or len(places) > 25:
        raise invalid("marketplaceIds must be a list of 1 to 25 ids.")
    admitted(box, request, places)
    if not box.book.has(documents.KIND, str(body["inputFeedDocumentId"])):
        raise invalid("Invalid Input Feed Document ID.")
    if kind == JSON:
        box.take(JSON, request.principal.account)
    feed_id = str(box.book.next_number("feed", 50123))
    row = {
        "feedId": feed_id, "feedType": kind, "marketplaceIds": places, "createdTime": written(box.now()), "processingStatus": "IN_QUEUE",
        "Input": body["inputFeedDocumentId"], "Account": request.principal.account, "Seller": request.principal.seller,
        "Due": written(box.now() + box.delay(QUEUED)),
    }  # fmt: skip
    box.book.put(KIND, feed_id, row)
    return reply({"feedId": feed_id}, 202)


@FEEDS.operation("getFeed", "GET", BASE + "/feeds/{feed}")
def read(box: AmazonSandbox, request: Request) -> Response:
    """A feed as it is now."""
    return reply(shown(_mine(box, request)))


@FEEDS.operation("cancelFeed", "DELETE", BASE + "/feeds/{feed}")
def cancel(box: AmazonSandbox, request: Request) -> Response:
    """Only while it waits in the queue."""
    row = _mine(box, request)
    if row["processingStatus"] != "IN_QUEUE":
        raise invalid(f"Feed {row['feedId']} is {row['processingStatus']} and cannot be cancelled.")
    box.book.put(KIND, row["feedId"], {**row, "processingStatus": "CANCELLED", "processingEndTime": written(box.now())})
    return Response()


@FEEDS.operation("getFeeds", "GET", f"{BASE}/feeds")
def search(box: AmazonSandbox, request: Request) -> Response:
    """Feeds of 90 days, the newest first; the token of a further page must stand alone."""
    known(request, (*LISTING, "nextToken"))
    token = request.arg("nextToken")
    if token and len(request.query) > 1:
        raise invalid("nextToken must be the only parameter.")
    asked, start = _continued(request, token) if token else (request, 0)
    if not listed(asked, "feedTypes", most=10):
        raise invalid("Either feedTypes or nextToken is required.")
    size = number(asked, "pageSize", default=10, most=100)
    rows = [row for row in box.book.rows(KIND) if row["Account"] == request.principal.account and _wanted(box, asked, row)]
    rows.sort(key=lambda row: (row["createdTime"], row["feedId"]), reverse=True)
    answer: Row = {"feeds": [shown(row) for row in rows[start : start + size]]}
    if start + size < len(rows):
        answer["nextToken"] = base64.urlsafe_b64encode(f"{start + size} {asked.query_string}".encode()).decode()
    return reply(answer)


@FEEDS.operation("getFeedDocument", "GET", BASE + "/documents/{document}")
def document(box: AmazonSandbox, request: Request) -> Response:
    """A new address of a document, while it is kept."""
    name = request.params["document"]
    made = next((row for row in box.book.rows(KIND) if row.get("resultFeedDocumentId") == name), None)
    old = made and box.now() - datetime.fromisoformat(made["processingEndTime"]) > RESULT_KEPT
    found = None if old else documents.described(box, name, "feedDocumentId")
    if found is None:
        raise Refusal(404, "NotFound", "The requested feed document does not exist.")
    return reply(found)


def shown(row: Row) -> Row:
    """A feed as getFeed shows it."""
    return {name: row[name] for name in SHOWN if name in row}


def advance(box: AmazonSandbox, now: datetime) -> None:
    """Feeds start and end in the order in which they came; one of a type and account runs at a time."""
    moved = True
    while moved:
        moved = False
        running: set[tuple[str, str]] = set()
        for key in sorted(box.book.find(KIND, "open", "yes"), key=int):
            row = box.book.get(KIND, key) or {}
            lane = (row["Account"], row["feedType"])
            if lane not in running and row["Due"] <= written(now):
                _step(box, row)
                moved = True
            running.add(lane)


def _step(box: AmazonSandbox, row: Row) -> None:
    content = documents.content(box, row["Input"])
    at = datetime.fromisoformat(row["Due"])
    if row["processingStatus"] == "IN_QUEUE":
        size = 0 if content is None else max(content.count(b'"messageId"'), content.count(b"\n"))
        ends = written(at + box.delay(RUNS + EACH * size))
        row = {**row, "processingStatus": "IN_PROGRESS", "processingStartTime": written(at), "Due": ends}
        box.book.put(KIND, row["feedId"], row)
        return
    row = {**row, "processingStatus": "DONE", "processingEndTime": written(at)}
    try:
        if content is None:
            raise invalid("The document was never uploaded.")
        result = _carry_out(box, row, content)
    except Refusal:
        row["processingStatus"] = "FATAL"
    else:
        name = f"amzn1.tortuga.4.na.{box.random.getrandbits(64):016x}"
        documents.store(box, name, result)
        row["resultFeedDocumentId"] = name
    box.book.put(KIND, row["feedId"], row)
    box.announce("FEED_PROCESSING_FINISHED", shown(row))


def _carry_out(box: AmazonSandbox, row: Row, content: bytes) -> bytes:
    if row["feedType"] in RETIRED:
        raise invalid("This feed type is no longer supported.")
    return KINDS[row["feedType"]](box, row, content)


def _mine(box: AmazonSandbox, request: Request) -> Row:
    row = box.book.get(KIND, request.params["feed"])
    if row is None or row["Account"] != request.principal.account:
        raise Refusal(404, "NotFound", f"Feed {request.params['feed']} does not exist.")
    return row


def _wanted(box: AmazonSandbox, asked: Request, row: Row) -> bool:
    places, statuses = listed(asked, "marketplaceIds", most=10), listed(asked, "processingStatuses", of=STATUSES)
    since = time(asked, "createdSince") or written(box.now() - LISTED_FOR)
    until = time(asked, "createdUntil") or normalised(written(box.now()))
    return (
        row["feedType"] in listed(asked, "feedTypes")
        and (not places or bool(set(places) & set(row["marketplaceIds"])))
        and (not statuses or row["processingStatus"] in statuses)
        and since <= row["createdTime"] <= until
    )


def _continued(request: Request, token: str) -> tuple[Request, int]:
    try:
        start, _, query = base64.urlsafe_b64decode(token).decode().partition(" ")
        return Request(method="GET", path=request.path, query_string=query), int(start)
    except ValueError:
        raise invalid("Invalid nextToken.") from None


PART = Part(routes=FEEDS, declare=declare, advance=advance)
