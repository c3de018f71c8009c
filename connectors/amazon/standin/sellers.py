"""The account: in which marketplaces the seller takes part (Amazon SP-API reference, 15)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.amazon.standin.markets import MARKETS
from connectors.amazon.standin.parts import Operations, Part
from connectors.sandbox import Request, Response, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

SELLERS = Operations()
STORE = "Northpeak Outfitters"


@SELLERS.operation("getMarketplaceParticipations", "GET", "/sellers/v1/marketplaceParticipations")
def participations(box: AmazonSandbox, request: Request) -> Response:
    """Every marketplace of the account's region that the stand-in knows."""
    return reply({"payload": [_participation(box, one) for one in request.principal.marketplaces]})


def _participation(box: AmazonSandbox, marketplace_id: str) -> dict[str, Any]:
    market = MARKETS[marketplace_id]
    about = {
        "id": marketplace_id, "name": market.site, "countryCode": market.country, "defaultCurrencyCode": market.currency,
        "defaultLanguageCode": market.language, "domainName": f"www.{market.site.lower()}",
    }  # fmt: skip
    taking_part = {"isParticipating": marketplace_id not in box.denied_marketplaces, "hasSuspendedListings": False}
    return {"marketplace": about, "storeName": STORE, "participation": taking_part}


PART = Part(routes=SELLERS)
