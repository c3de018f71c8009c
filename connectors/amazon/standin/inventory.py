"""Stock in Amazon's warehouses, as the stand-in has it (Amazon SP-API reference, 10)."""

from __future__ import annotations

import base64
import zlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.amazon.standin.asking import invalid, known, listed, marketplaces, time
from connectors.amazon.standin.listing_rows import FBA_EVERY, SEEDED, SINCE
from connectors.amazon.standin.markets import MARKETS
from connectors.amazon.standin.parts import Operations, Part
from connectors.amazon.times import written
from connectors.sandbox import Request, Response, Row, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

INVENTORY = Operations()
KIND = "fba_inventory"
PAGE = 50
TOKEN_LIVES = timedelta(seconds=30)
FARTHEST = timedelta(days=548)
ASKED = (
    "details", "granularityType", "granularityId", "startDateTime", "sellerSkus", "sellerSku", "nextToken", "marketplaceIds",
)  # fmt: skip


def seed(box: AmazonSandbox) -> None:
    """Stock of the listings that Amazon fulfils."""
    for market in MARKETS.values():
        for at in range(FBA_EVERY - 1, SEEDED, FBA_EVERY):
            sku = f"TK-{1001 + at}"
            if not box.book.has(KIND, f"{market.id}/{sku}"):
                stock(box, market.id, sku, sellable=30 + at, changed=SINCE)


def stock(box: AmazonSandbox, marketplace: str, sku: str, *, sellable: int, inbound: int = 40, changed: str = "") -> Row:
    """So much is in the warehouse; `changed` is now when it is not given."""
    number = zlib.crc32(sku.encode()) % 10**8
    details = {
        "fulfillableQuantity": sellable, "inboundWorkingQuantity": 0, "inboundShippedQuantity": inbound, "inboundReceivingQuantity": 0,
        "reservedQuantity": {"totalReservedQuantity": 5, "pendingCustomerOrderQuantity": 3, "pendingTransshipmentQuantity": 2,
                             "fcProcessingQuantity": 0},
        "researchingQuantity": {"totalResearchingQuantity": 0, "researchingQuantityBreakdown": []},
        "unfulfillableQuantity": {"totalUnfulfillableQuantity": 1, "customerDamagedQuantity": 1},
    }  # fmt: skip
    row = {
        "marketplaceId": marketplace, "asin": f"B0{number:08d}", "fnSku": f"X0{number:08d}", "sellerSku": sku, "condition": "NewItem",
        "inventoryDetails": details, "lastUpdatedTime": changed or written(box.now()), "productName": f"Article {sku}",
        "totalQuantity": sellable + inbound + 6,
    }  # fmt: skip
    box.book.put(KIND, f"{marketplace}/{sku}", row)
    return row


@INVENTORY.operation("getInventorySummaries", "GET", "/fba/inventory/v1/summaries")
def summaries(box: AmazonSandbox, request: Request) -> Response:
    """Pages whose tokens live 30 seconds and stand for the same question."""
    known(request, ASKED)
    place = marketplaces(box, request, most=1)[0]
    if request.arg("granularityType") != "Marketplace" or request.arg("granularityId") != place:
        raise invalid("granularityType must be Marketplace and granularityId the marketplace.")
    details = request.arg("details", "false").lower()
    if details not in ("true", "false"):
        raise invalid("details must be true or false.")
    rows = _wanted(box, request, place)
    start = _start(box, request)
    page = [_shown(row, details == "true") for row in rows[start : start + PAGE]]
    answer: Row = {"payload": {"granularity": {"granularityType": "Marketplace", "granularityId": place}, "inventorySummaries": page}}
    if start + PAGE < len(rows):
        answer["pagination"] = {"nextToken": _token(box, request, start + PAGE)}
    return reply(answer)


def _wanted(box: AmazonSandbox, request: Request, place: str) -> list[Row]:
    since, many, one = time(request, "startDateTime"), listed(request, "sellerSkus", most=50), request.arg("sellerSku")
    if since and datetime.fromisoformat(since) < box.now() - FARTHEST:
        raise invalid("startDateTime must not be more than 18 months ago.")
    rows = [row for row in box.book.rows(KIND) if row["marketplaceId"] == place]
    if since:
        return [row for row in rows if row["lastUpdatedTime"] >= since]
    skus = many or ([one] if one else [])
    return [row for row in rows if not skus or row["sellerSku"] in skus]


def _shown(row: Row, details: bool) -> Row:
    hidden = ("marketplaceId",) if details else ("marketplaceId", "inventoryDetails")
    return {name: value for name, value in row.items() if name not in hidden}


def _asked(request: Request) -> str:
    return "&".join(f"{name}={values}" for name, values in sorted(request.query.items()) if name != "nextToken")


def _token(box: AmazonSandbox, request: Request, start: int) -> str:
    return base64.urlsafe_b64encode(f"{start} {written(box.now() + TOKEN_LIVES)} {_asked(request)}".encode()).decode()


def _start(box: AmazonSandbox, request: Request) -> int:
    token = request.arg("nextToken")
    if not token:
        return 0
    try:
        start, until, asked = base64.urlsafe_b64decode(token).decode().split(" ", 2)
        place = int(start)
    except ValueError:
        raise invalid("Invalid nextToken.") from None
    if asked != _asked(request) or until < written(box.now()):
        raise invalid("Invalid nextToken.", "It has expired, or the other parameters are not those of the first page.")
    return place


PART = Part(routes=INVENTORY, seed=seed)
