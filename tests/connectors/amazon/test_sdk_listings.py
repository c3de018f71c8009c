"""Amazon's own SDK, unchanged, against the stand-in: listings, feeds and stock."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import requests

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.login import SELLER_ID
from tests.connectors.amazon.conftest import US
from tests.connectors.amazon.sdk import api_client, sdk

spapi = sdk()
MERGE = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 9}]}
WAIT = {"_request_timeout": 10}


@pytest.fixture
def api(box: AmazonSandbox) -> Any:
    """The SDK's client for the seller in North America."""
    return api_client(box)


@pytest.fixture
def listings(api: Any) -> Any:
    from spapi.api.listings_items_v2021_08_01.listings_api import ListingsApi

    return ListingsApi(api)


@pytest.fixture
def feeds(api: Any) -> Any:
    from spapi.api.feeds_v2021_06_30.feeds_api import FeedsApi

    return FeedsApi(api)


def test_it_changes_a_quantity_and_reads_it_later(box: AmazonSandbox, listings: Any) -> None:
    body = {"productType": "PRODUCT", "patches": [MERGE]}
    answer = listings.patch_listings_item(SELLER_ID, "TK-1001", [US], body, **WAIT)
    assert (answer.status, answer.issues) == ("ACCEPTED", [])
    box.clock.advance(60)
    found = listings.get_listings_item(SELLER_ID, "TK-1001", [US], included_data=["summaries", "fulfillmentAvailability"], **WAIT)
    assert (found.fulfillment_availability[0].quantity, found.summaries[0].status) == (9, ["BUYABLE", "DISCOVERABLE"])


def test_it_is_told_what_is_wrong_with_an_answer_of_200(listings: Any) -> None:
    wrong = {"op": "replace", "path": "/attributes/purchasable_offer", "value": [{"marketplace_id": US, "currency": "EUR"}]}
    answer = listings.patch_listings_item(SELLER_ID, "TK-1001", [US], {"productType": "PRODUCT", "patches": [wrong]}, **WAIT)
    assert (answer.status, answer.issues[0].attribute_names) == ("INVALID", ["purchasable_offer"])


def test_a_path_below_an_attribute_is_refused(listings: Any) -> None:
    deep = {**MERGE, "path": "/attributes/fulfillment_availability/0"}
    with pytest.raises(spapi.ApiException) as caught:
        listings.patch_listings_item(SELLER_ID, "TK-1001", [US], {"productType": "PRODUCT", "patches": [deep]}, **WAIT)
    assert caught.value.status == 400
    assert "Invalid path provided in patch" in str(caught.value.body)


def test_it_checks_a_new_listing_without_saving_it(box: AmazonSandbox, listings: Any) -> None:
    attributes = {"condition_type": [{"value": "new_new"}], "merchant_suggested_asin": [{"value": "B0TEST0001"}]}
    body = {"productType": "PRODUCT", "requirements": "LISTING_OFFER_ONLY", "attributes": attributes}
    answer = listings.put_listings_item(SELLER_ID, "NEW-1", [US], body, mode="VALIDATION_PREVIEW", **WAIT)
    assert (answer.status, [one.attribute_names for one in answer.issues]) == ("INVALID", [["purchasable_offer"]])
    assert not box.book.count("listing_changes")


def test_it_searches_all_pages(listings: Any) -> None:
    first = listings.search_listings_items(SELLER_ID, [US], page_size=20, sort_by="sku", sort_order="ASC", **WAIT)
    token = first.pagination.next_token
    second = listings.search_listings_items(SELLER_ID, [US], page_size=20, sort_by="sku", sort_order="ASC", page_token=token, **WAIT)
    assert (first.number_of_results, len({one.sku for one in [*first.items, *second.items]})) == (40, 40)


def test_it_sends_a_feed_and_reads_its_result(box: AmazonSandbox, feeds: Any) -> None:
    kind = "application/json; charset=UTF-8"
    made = feeds.create_feed_document({"contentType": kind}, **WAIT)
    message = {"messageId": 1, "sku": "TK-1001", "operationType": "PATCH", "productType": "PRODUCT", "patches": [MERGE]}
    bad = {**message, "messageId": 2, "sku": "NO-SUCH"}
    content = json.dumps({"header": {"sellerId": SELLER_ID, "version": "2.0"}, "messages": [message, bad]}).encode()
    assert requests.put(made.url, data=content, headers={"Content-Type": kind}, timeout=5).status_code == 200
    wish = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [US], "inputFeedDocumentId": made.feed_document_id}
    number = feeds.create_feed(wish, **WAIT).feed_id
    assert feeds.get_feed(number, **WAIT).processing_status == "IN_QUEUE"
    box.clock.advance(1800)
    feed = feeds.get_feed(number, **WAIT)
    result = feeds.get_feed_document(feed.result_feed_document_id, **WAIT)
    report = json.loads(gzip.decompress(requests.get(result.url, timeout=5).content))
    assert (feed.processing_status, result.compression_algorithm) == ("DONE", "GZIP")
    assert [(one["messageId"], one["severity"]) for one in report["issues"]] == [(2, "ERROR")]
    assert [one.feed_id for one in feeds.get_feeds(feed_types=["JSON_LISTINGS_FEED"], **WAIT).feeds] == [number]


def test_it_reads_the_stock(api: Any) -> None:
    from spapi.api.fba_inventory_v1.fba_inventory_api import FbaInventoryApi

    answer = FbaInventoryApi(api).get_inventory_summaries("Marketplace", US, [US], details=True, **WAIT)
    (first, *_) = answer.payload.inventory_summaries
    assert (first.seller_sku, first.inventory_details.fulfillable_quantity) == ("TK-1008", 37)
