"""Listings: read in the order of their changes, changed in one call, and never told to be more than Amazon said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest

from connectors import schema
from connectors.amazon import issues, listing_changes, listings, offers
from connectors.amazon.attributes import wrapped
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import listing_rows
from connectors.base import Reference
from connectors.errors import (
    CredentialsError,
    MissingError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
    UnsupportedError,
)
from connectors.http import Answer
from tests.connectors.amazon.conftest import US, client_of
from tests.connectors.amazon.models import parameters, valid

MODEL = "listingsItems_2021-08-01.json"
CA = "A2EUQ1WTGCTBG2"
REFERENCE = Reference(system="TIMS", key="TK-1001", version="v1")
SKU = "MUG/BLUE 1+#2"
FBA = "TK-1008"
STOCK = {"sku": "TK-1001", "quantity": 7}


def held(box: AmazonSandbox, sku: str, marketplace: str = US) -> dict[str, Any]:
    box.advance()
    row = box.book.get(listing_rows.KIND, listing_rows.name(marketplace, sku))
    assert row
    return listing_rows.shown(row, ["summaries", "offers", "fulfillmentAvailability", "attributes"])


def bodies(box: AmazonSandbox) -> list[dict[str, Any]]:
    return list(box.book.rows(listing_rows.QUEUE))


def test_a_quantity_below_nothing_is_refused_before_amazon_is_asked(box: AmazonSandbox, client: AmazonClient) -> None:
    for wrong in (-1, "7", True, Decimal("1.5")):
        with pytest.raises(RejectedError) as caught:
            listing_changes.patch(client, {**STOCK, "quantity": wrong}, REFERENCE)
        assert caught.value.problems[0].path == "quantity"
    assert not box.calls


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"sku": "TK-1001"}, "quantity"),
        ({"quantity": 1}, "sku"),
        ({"sku": "TK-1001", "price": Decimal("1.00")}, "currency"),
        ({"sku": "TK-1001", "price": "twelve", "currency": "USD"}, "price"),
        ({"sku": "TK-1001", "price": Decimal("NaN"), "currency": "USD"}, "price"),
        ({"sku": "TK-1001", "price": 5, "salePrice": 4, "currency": "USD"}, "saleStart"),
    ],
)
def test_a_change_that_lacks_something_names_it(client: AmazonClient, payload: dict[str, Any], path: str) -> None:
    with pytest.raises(RejectedError) as caught:
        listing_changes.patch(client, payload, REFERENCE)
    assert [one.path for one in caught.value.problems] == [path]


def test_a_quantity_for_stock_at_amazon_is_refused_and_nothing_switches(box: AmazonSandbox, client: AmazonClient) -> None:
    with pytest.raises(RejectedError) as caught:
        listing_changes.patch(client, {"sku": FBA, "quantity": 3}, REFERENCE)
    assert caught.value.code == "fulfilled_by_amazon"
    assert not bodies(box)
    assert held(box, FBA)["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "AMAZON_NA"}]


def test_the_price_of_stock_at_amazon_may_change(box: AmazonSandbox, client: AmazonClient) -> None:
    listing_changes.patch(client, {"sku": FBA, "price": Decimal("9.99"), "currency": "USD"}, REFERENCE)
    box.clock.advance(60)
    assert held(box, FBA)["offers"][0]["price"]["amount"] == "9.99"


def test_without_the_guard_the_stand_in_would_switch_the_channel_as_amazon_does(box: AmazonSandbox, client: AmazonClient) -> None:
    change = {
        "op": "merge",
        "path": "/attributes/fulfillment_availability",
        "value": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}],
    }
    body = {"productType": "PRODUCT", "patches": [change]}
    client.call("PATCH", listings.sku_path(client, FBA), query={"marketplaceIds": US}, body=body)
    box.clock.advance(60)
    assert held(box, FBA)["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 3}]


def test_an_unknown_sku_says_what_to_do(client: AmazonClient) -> None:
    with pytest.raises(MissingError, match="Create the listing first"):
        listing_changes.patch(client, {"sku": "NO-SUCH", "quantity": 1}, REFERENCE)


def test_what_amazon_finds_wrong_is_one_problem_per_attribute(client: AmazonClient) -> None:
    with pytest.raises(RejectedError) as caught:
        listing_changes.patch(client, {"sku": "TK-1001", "price": Decimal("9.99"), "currency": "EUR", "productType": "SHOES"}, REFERENCE)
    assert {(one.path, one.code) for one in caught.value.problems} == {("productType", "4000004"), ("price", "4000001")}
    assert "TK-1001" in caught.value.message
    assert "purchasable_offer" in caught.value.message


def test_an_issue_that_names_several_attributes_is_a_problem_for_each() -> None:
    told = [{"code": "1", "message": "Both are wrong", "severity": "ERROR", "attributeNames": ["color", "size"], "categories": []}]
    assert [(one.path, one.message) for one in issues.errors(told)] == [
        ("attributes.color", "Both are wrong."),
        ("attributes.size", "Both are wrong."),
    ]


def test_accepted_is_queued_and_only_later_live(box: AmazonSandbox, client: AmazonClient) -> None:
    receipt = listing_changes.patch(client, STOCK, REFERENCE)
    assert receipt.answer is not None
    assert (receipt.key, receipt.outcome, receipt.answer["status"]) == (f"{US}/TK-1001", "changed", "ACCEPTED")
    assert held(box, "TK-1001")["fulfillmentAvailability"][0]["quantity"] == 14
    box.clock.advance(60)
    assert held(box, "TK-1001")["fulfillmentAvailability"][0]["quantity"] == 7


def test_quantity_and_price_are_one_call_and_the_price_has_no_noise(box: AmazonSandbox, client: AmazonClient) -> None:
    sent: list[bytes] = []
    with patch.object(client, "exchange", wraps=client.exchange) as exchange:
        listing_changes.patch(client, {**STOCK, "price": Decimal("1E+1") + Decimal("0.10"), "currency": "USD"}, REFERENCE)
        sent = [one.kwargs["content"] for one in exchange.call_args_list if one.args[0] == "PATCH"]
    assert len(sent) == 1
    assert b'"value_with_tax":10.10' in sent[0]
    assert b'"op":"merge","path":"/attributes/fulfillment_availability"' in sent[0]
    assert b'"op":"replace","path":"/attributes/purchasable_offer"' in sent[0]
    assert b"OUTDOOR_LIVING" in sent[0]


def test_what_is_sent_is_what_amazons_model_allows() -> None:
    payload = {**STOCK, "price": Decimal("10.10"), "currency": "USD", "salePrice": 8, "saleStart": "2026-11-20T00:00:00Z",
               "saleEnd": "2026-11-30T00:00:00Z", "minimumPrice": 5, "maximumPrice": 50, "leadTimeDays": 2}  # fmt: skip
    assert not schema.validate("connectors.amazon", "patch_listing", payload)
    body = {"productType": "PRODUCT", "patches": offers.patches(payload, US)}
    assert valid(MODEL, "ListingsItemPatchRequest", body) == []


def test_a_merged_quantity_keeps_the_lead_time(box: AmazonSandbox, client: AmazonClient) -> None:
    listing_changes.patch(client, {**STOCK, "leadTimeDays": 3}, REFERENCE)
    listing_changes.patch(client, {**STOCK, "quantity": 5}, REFERENCE)
    box.clock.advance(60)
    kept = held(box, "TK-1001")["attributes"]["fulfillment_availability"]
    assert kept == [{"fulfillment_channel_code": "DEFAULT", "quantity": 5, "lead_time_to_ship_max_days": 3}]


def test_a_sku_with_slashes_blanks_and_signs_is_one_name(box: AmazonSandbox, client: AmazonClient) -> None:
    listing_rows.place(box, US, SKU)
    listing_changes.patch(client, {"sku": SKU, "quantity": 2}, REFERENCE)
    box.clock.advance(60)
    found = listings.read_one(client, f"{US}/{SKU}")
    assert found
    assert (found.key, found.payload["fulfillmentAvailability"][0]["quantity"]) == (f"{US}/{SKU}", 2)


@pytest.mark.parametrize(("fault", "error"), [("drop_after", OutcomeUnknownError), ("500", OutcomeUnknownError), ("503", TransientError)])
def test_a_lost_answer_is_sent_again_with_the_same_effect(
    box: AmazonSandbox, client: AmazonClient, fault: str, error: type[Exception]
) -> None:
    box.faults.add(fault, "*/items/*", method="PATCH")
    with pytest.raises(error):
        listing_changes.patch(client, STOCK, REFERENCE)
    listing_changes.patch(client, STOCK, REFERENCE)
    box.clock.advance(60)
    assert held(box, "TK-1001")["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}]


def test_an_answer_without_a_decision_is_not_taken_for_one(client: AmazonClient) -> None:
    with (
        patch.object(client, "call", return_value=Answer(status=200, headers={}, body={"sku": "TK-1001"})),
        pytest.raises(OutcomeUnknownError),
    ):
        listing_changes.patch(client, {"sku": "TK-1001", "price": 5, "currency": "USD", "productType": "PRODUCT"}, REFERENCE)


def test_a_throttled_change_says_so(box: AmazonSandbox, client: AmazonClient) -> None:
    box.throttled = True
    payload = {"sku": "TK-1001", "price": 5, "currency": "USD", "productType": "PRODUCT"}
    for _ in range(5):
        listing_changes.patch(client, payload, REFERENCE)
    with pytest.raises(ThrottledError):
        listing_changes.patch(client, payload, REFERENCE)


NEW = {
    "sku": "NEW-1", "productType": "DRINKING_CUP", "requirements": "LISTING_OFFER_ONLY", "quantity": 4, "price": Decimal("20.00"),
    "currency": "USD", "attributes": {"condition_type": "new_new", "merchant_suggested_asin": "B0TEST0001"},
}  # fmt: skip


def test_a_new_listing_is_live_after_a_while(box: AmazonSandbox, client: AmazonClient) -> None:
    receipt = listing_changes.create(client, NEW, REFERENCE)
    assert (receipt.key, receipt.outcome) == (f"{US}/NEW-1", "created")
    assert listings.read_one(client, receipt.key) is None
    box.clock.advance(60)
    found = held(box, "NEW-1")
    assert found["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert found["summaries"][0]["asin"] == "B0TEST0001"


def test_what_amazon_finds_after_it_accepted_shows_in_the_listing(box: AmazonSandbox, client: AmazonClient) -> None:
    told = {"item_name": "Mug", "brand": "Northpeak", "condition_type": "new_new"}
    receipt = listing_changes.create(client, {**NEW, "requirements": "LISTING", "attributes": told}, REFERENCE)
    box.clock.advance(60)
    found = listings.read_one(client, receipt.key)
    assert found
    assert (found.payload["summaries"][0]["status"], found.payload["issues"][0]["severity"]) == ([], "ERROR")
    assert valid(MODEL, "Item", found.payload) == []


def test_a_new_listing_names_all_that_is_missing(client: AmazonClient) -> None:
    with pytest.raises(RejectedError) as caught:
        listing_changes.create(client, {**NEW, "requirements": "LISTING"}, REFERENCE)
    assert {one.path for one in caught.value.problems} == {"attributes.item_name", "attributes.brand"}


def test_a_check_before_saving_saves_nothing_while_something_is_wrong(box: AmazonSandbox, client: AmazonClient) -> None:
    with pytest.raises(RejectedError, match="nothing was saved"):
        listing_changes.create(client, {**NEW, "requirements": "LISTING", "checkFirst": True}, REFERENCE)
    assert not bodies(box)
    assert box.counts() == {"getListingsItem": {"404": 1}, "putListingsItem": {"200": 1}}


def test_a_check_before_saving_is_followed_by_the_saving(box: AmazonSandbox, client: AmazonClient) -> None:
    receipt = listing_changes.create(client, {**NEW, "checkFirst": True}, REFERENCE)
    assert receipt.warnings == ("Amazon matches NEW-1 to the product B0TEST0001.",)
    assert len(bodies(box)) == 1
    assert box.counts()["putListingsItem"] == {"200": 2}


def test_a_new_listing_for_stock_at_amazon_takes_no_quantity(client: AmazonClient) -> None:
    with pytest.raises(RejectedError) as caught:
        listing_changes.create(client, {**NEW, "sku": FBA}, REFERENCE)
    assert caught.value.code == "fulfilled_by_amazon"


def test_plain_attributes_become_amazons_lists_of_objects() -> None:
    made = wrapped(
        {"item_name": "Mug", "bullet_point": ["One", "Two"], "brand": "", "color": None, "item_weight": {"value": 1, "unit": "kg"},
         "externally_assigned_product_identifier": "012345678905", "main_product_image_locator": "https://example.com/mug.jpg"},
        US, "en_US",
    )  # fmt: skip
    told = {"language_tag": "en_US", "marketplace_id": US}
    assert made == {
        "item_name": [{"value": "Mug", **told}],
        "bullet_point": [{"value": "One", **told}, {"value": "Two", **told}],
        "item_weight": [{"marketplace_id": US, "value": 1, "unit": "kg"}],
        "externally_assigned_product_identifier": [{"type": "upc", "value": "012345678905", "marketplace_id": US}],
        "main_product_image_locator": [{"media_location": "https://example.com/mug.jpg", "marketplace_id": US}],
    }


def test_every_listing_is_read_once_in_the_order_of_changes(box: AmazonSandbox, client: AmazonClient) -> None:
    for at in range(30):
        listing_rows.place(box, US, f"B-{at}", changed=f"2026-03-01T00:00:{at // 3:02d}.000Z")
    records = list(listings.read(client, ""))
    assert len({one.key for one in records}) == len(records) == 70
    assert [one.cursor for one in records] == sorted(one.cursor for one in records)
    assert not [one for one in records if schema.validate("connectors.amazon", "listing", one.payload)]


def test_reading_goes_on_from_a_cursor_with_an_overlap(box: AmazonSandbox, client: AmazonClient) -> None:
    for at in (0, 290, 310, 700):
        listing_rows.place(box, US, f"B-{at}", changed=f"2026-03-01T00:{at // 60:02d}:{at % 60:02d}.000Z")
    found = [one.payload["sku"] for one in listings.read(client, "2026-03-01T00:10:00.000Z")]
    assert found == ["B-310", "B-700"]


def test_a_listing_that_changes_while_pages_turn_hides_no_other(box: AmazonSandbox, client: AmazonClient) -> None:
    for at in range(45):
        listing_rows.place(box, US, f"B-{at:02d}", changed=f"2026-03-01T00:00:{at:02d}.000Z")
    walk = listings.read(client, "2026-03-01T00:05:00.000Z")
    found = [next(walk).payload["sku"] for _ in range(10)]
    for at in range(5):
        listing_rows.place(box, US, f"B-{at:02d}", changed="2026-03-02T00:00:00.000Z")
    found += [one.payload["sku"] for one in walk]
    assert {f"B-{at:02d}" for at in range(45)} == set(found)


def test_more_listings_than_one_search_reaches_are_all_read(box: AmazonSandbox, client: AmazonClient) -> None:
    with patch("connectors.amazon.standin.listings.REACHED", 40), patch.object(listings, "MOST", 40):
        for at in range(130):
            listing_rows.place(box, US, f"B-{at:03d}", changed=f"2026-03-01T00:{at // 60:02d}:{at % 60:02d}.000Z")
        found = [one.payload["sku"] for one in listings.read(client, "2026-03-01T00:05:00.000Z")]
    assert len(set(found)) == 130


def test_only_more_listings_of_the_very_same_moment_than_a_search_reaches_are_told_to_be_out_of_reach(
    box: AmazonSandbox, client: AmazonClient
) -> None:
    for at in range(20):
        listing_rows.place(box, US, f"B-{at}")
    with patch("connectors.amazon.standin.listings.REACHED", 40), patch.object(listings, "MOST", 40), pytest.raises(UnsupportedError):
        list(listings.read(client, ""))


def test_marketplaces_are_read_together_and_a_denied_one_is_left_out(box: AmazonSandbox) -> None:
    both = client_of(box, marketplace_ids="US,CA")
    assert len({one.key for one in listings.read(both, "")}) == 80
    box.denied_marketplaces.add(CA)
    assert {one.key.partition("/")[0] for one in listings.read(both, "")} == {US}
    box.denied_marketplaces.add(US)
    with pytest.raises(CredentialsError):
        list(listings.read(both, ""))


def test_of_all_marketplaces_of_a_region_those_are_read_where_the_seller_sells(box: AmazonSandbox) -> None:
    everywhere = client_of(box, marketplace_ids="")
    assert {one.key.partition("/")[0] for one in listings.read(everywhere, "")} == {US, CA}


def test_a_part_of_an_offer_may_be_merged_and_a_change_of_what_is_gone_is_lost(box: AmazonSandbox, client: AmazonClient) -> None:
    limit = {"marketplace_id": US, "currency": "USD", "minimum_seller_allowed_price": [{"schedule": [{"value_with_tax": 5}]}]}
    body = {"productType": "PRODUCT", "patches": [{"op": "merge", "path": "/attributes/purchasable_offer", "value": [limit]}]}
    path = listings.sku_path(client, "TK-1001")
    assert client.call("PATCH", path, query={"marketplaceIds": US}, body=body).body["status"] == "ACCEPTED"
    box.clock.advance(60)
    assert len(held(box, "TK-1001")["offers"]) == 1
    for method, content in (("DELETE", None), ("PATCH", body)):
        client.call(method, path, query={"marketplaceIds": US}, body=content)
    box.clock.advance(60)
    assert listings.read_one(client, f"{US}/TK-1001") is None


def test_a_listing_without_its_sku_fails_alone() -> None:
    found = listings.record({"summaries": []}, US)
    assert found.problem
    assert listings.record({"sku": "A"}, US).problem == ""


def test_our_questions_and_the_stand_ins_answers_are_those_of_amazons_model(box: AmazonSandbox, client: AmazonClient) -> None:
    asked = parameters(MODEL, "searchListingsItems")
    with patch.object(client, "call", wraps=client.call) as call:
        page = listings.search(client, US, sortBy="lastUpdatedDate", sortOrder="ASC", lastUpdatedAfter="2026-01-01T00:00:00.000Z")
        assert set(call.call_args.kwargs["query"]) <= set(asked)
    assert valid(MODEL, "ItemSearchResults", page) == []
    assert valid(MODEL, "Item", listings.fetch(client, US, "TK-1001")) == []
    accepted = listing_changes.patch(client, STOCK, REFERENCE).answer
    assert valid(MODEL, "ListingsItemSubmissionResponse", accepted) == []
    with pytest.raises(RejectedError) as caught:
        listing_changes.create(client, {**NEW, "requirements": "LISTING"}, REFERENCE)
    assert valid(MODEL, "ListingsItemSubmissionResponse", caught.value.answer) == []
