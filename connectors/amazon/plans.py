"""Amazon's usage plans: one rate limit per operation, named as Amazon names the operation (Amazon SP-API reference, 5)."""

from __future__ import annotations

from connectors.base import Limit

USAGE: tuple[tuple[str, str, float, int, int], ...] = (
    # operation, in words, calls per second, burst, calls left to urgent work
    ("searchOrders", "Orders: list", 0.0056, 20, 2),
    ("getOrder", "Orders: one order", 0.5, 30, 10),
    ("confirmShipment", "Orders: confirm a shipment", 2, 10, 0),
    ("getListingsItem", "Listings: read", 5, 10, 0),
    ("putListingsItem", "Listings: create or replace", 5, 10, 0),
    ("patchListingsItem", "Listings: change", 5, 5, 1),
    ("searchListingsItems", "Listings: list", 5, 5, 0),
    ("previewListingsItem", "Listings: check before sending", 1, 1, 0),
    ("createFeedDocument", "Feeds: document", 0.5, 15, 3),
    ("createFeed", "Feeds: send", 0.0083, 15, 3),
    # Five listing feeds in five minutes at most, and in the long run no more than createFeed allows.
    ("JSON_LISTINGS_FEED", "Feeds: listings", 0.0083, 5, 0),
    ("getFeed", "Feeds: state", 2, 15, 0),
    ("getFeeds", "Feeds: list", 0.0222, 10, 0),
    ("getFeedDocument", "Feeds: result", 0.0222, 10, 2),
    ("createReport", "Reports: order", 0.0167, 15, 3),
    ("getReport", "Reports: state", 2, 15, 0),
    ("getReports", "Reports: list", 0.0222, 10, 0),
    ("getReportDocument", "Reports: document", 0.0167, 15, 3),
    ("getInventorySummaries", "Stock at Amazon", 2, 2, 0),
    ("createFulfillmentOrder", "Fulfilment by Amazon: order", 2, 30, 0),
    ("updateFulfillmentOrder", "Fulfilment by Amazon: change", 2, 30, 0),
    ("cancelFulfillmentOrder", "Fulfilment by Amazon: cancel", 2, 30, 0),
    ("getFulfillmentOrder", "Fulfilment by Amazon: read", 2, 30, 5),
    ("listAllFulfillmentOrders", "Fulfilment by Amazon: list", 2, 30, 0),
    ("listTransactions", "Finances: transactions", 0.5, 10, 0),
    ("listSummary", "Finances: summary", 0.5, 10, 0),
    ("listFinancialEventGroups", "Finances: payouts", 0.5, 30, 0),
    ("notifications", "Notifications: set up", 1, 5, 0),
    ("getMarketplaceParticipations", "Account: marketplaces", 0.016, 15, 0),
)

LIMITS = tuple(
    Limit(name=name, label=label, per_second=per_second, burst=max(burst - 1, 1), reserved=reserved)
    for name, label, per_second, burst, reserved in USAGE
)
"""One call less at once than Amazon allows: a call that is long on its way arrives together with the next. The rate really in force comes
with the answers (`x-amzn-RateLimit-Limit`)."""
