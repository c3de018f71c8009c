"""Feeds of listings: three calls that may fail, one verdict per message, and DONE that may mean nothing was done."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from unittest.mock import patch

import pytest
import requests

from connectors.amazon import feeds, listings_feed
from connectors.amazon.client import AmazonClient
from connectors.amazon.documents import Document
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import documents as store
from connectors.amazon.standin import feeds as standin
from connectors.amazon.standin import listing_rows
from connectors.amazon.standin import listings_feed as processing
from connectors.base import Outcome, Payload, Receipt, Reference
from connectors.errors import (
    ConnectorError,
    CredentialsError,
    MissingError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from connectors.wire import decode, encode
from tests.connectors.amazon.conftest import US, client_of
from tests.connectors.amazon.models import parameters, valid, valid_document

MODEL = "feeds_2021-06-30.json"
CA = "A2EUQ1WTGCTBG2"
PRICED = {"price": Decimal("10.10"), "currency": "USD"}
LATER = 1800


def part(sku: str, **fields: Any) -> tuple[Payload, Reference]:
    return {"sku": sku, **fields}, Reference(system="TIMS", key=sku, version="v1")


def tickets(outcomes: list[Outcome]) -> list[str]:
    assert all(isinstance(one, Receipt) for one in outcomes), outcomes
    return [one.ticket for one in outcomes if isinstance(one, Receipt)]


def followed(client: AmazonClient, outcomes: list[Outcome]) -> list[Outcome]:
    return listings_feed.follow(client, [(ticket, Reference(system="TIMS", key="any")) for ticket in tickets(outcomes)])


def quantity(box: AmazonSandbox, sku: str, marketplace: str = US) -> Any:
    box.advance()
    row = box.book.get(listing_rows.KIND, listing_rows.name(marketplace, sku))
    assert row
    return row["attributes"]["fulfillment_availability"][0].get("quantity")


def document(box: AmazonSandbox) -> dict[str, Any]:
    feed = list(box.book.rows(standin.KIND))[-1]
    content = store.content(box, feed["Input"])
    assert content is not None
    found: dict[str, Any] = decode(content)
    return found


@pytest.mark.parametrize("fault", ["drop_after", "reset", "503", "html_after", "truncate"])
def test_a_lost_answer_about_the_document_changes_nothing_and_is_tried_again(box: AmazonSandbox, client: AmazonClient, fault: str) -> None:
    box.faults.add(fault, "*/documents", method="POST")
    (first,) = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    assert isinstance(first, TransientError)
    assert not isinstance(first, OutcomeUnknownError)
    assert not box.book.count(standin.KIND)


@pytest.mark.parametrize("fault", ["drop_after", "reset", "503", "403"])
def test_a_lost_upload_changes_nothing_and_is_tried_again(box: AmazonSandbox, client: AmazonClient, fault: str) -> None:
    box.faults.add(fault, "/document-store/*", method="PUT")
    (first,) = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    assert isinstance(first, TransientError)
    assert not isinstance(first, OutcomeUnknownError)
    assert not box.book.count(standin.KIND)


@pytest.mark.parametrize("fault", ["drop_after", "timeout", "truncate", "html_after"])
def test_a_feed_whose_number_was_lost_may_run_and_a_second_one_ends_the_same(box: AmazonSandbox, client: AmazonClient, fault: str) -> None:
    assert listings_feed.LISTINGS_FEED.repeatable
    box.faults.add(fault, "*/feeds", method="POST", seconds=0.01)
    (first,) = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    assert isinstance(first, OutcomeUnknownError)
    outcomes = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    box.clock.advance(LATER)
    assert isinstance(followed(client, outcomes)[0], Receipt)
    box.clock.advance(LATER)
    assert (box.book.count(standin.KIND), quantity(box, "TK-1001")) == (2, 3)


def test_a_newer_wish_wins_over_a_feed_whose_number_was_lost(box: AmazonSandbox, client: AmazonClient) -> None:
    box.faults.add("drop_after", "*/feeds", method="POST")
    listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    listings_feed.send_many(client, [part("TK-1001", quantity=9)])
    box.clock.advance(LATER)
    box.advance()
    box.clock.advance(LATER)
    assert quantity(box, "TK-1001") == 9


def test_every_message_gets_its_own_verdict(box: AmazonSandbox, client: AmazonClient) -> None:
    parts = [part("TK-1001", quantity=3), part("TK-1002", price=Decimal("5.00"), currency="EUR"), part("TK-1003", **PRICED)]
    outcomes = listings_feed.send_many(client, parts)
    assert [one.rpartition("/")[2] for one in tickets(outcomes)] == ["TK-1001", "TK-1002", "TK-1003"]
    box.clock.advance(LATER)
    good, bad, also_good = followed(client, outcomes)
    assert isinstance(good, Receipt)
    assert (good.key, good.ticket, good.outcome) == (f"{US}/TK-1001", "", "changed")
    assert isinstance(bad, RejectedError)
    assert [(one.path, one.code) for one in bad.problems] == [("price", "4000001")]
    assert "TK-1002" in bad.message
    assert isinstance(also_good, Receipt)


def test_done_may_mean_that_everything_was_refused(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part(f"TK-100{at}", price=1, currency="EUR") for at in (1, 2)])
    box.clock.advance(LATER)
    assert [type(one) for one in followed(client, outcomes)] == [RejectedError, RejectedError]
    assert next(iter(box.book.rows(standin.KIND)))["processingStatus"] == "DONE"


def test_a_feed_in_the_queue_or_at_work_keeps_its_ticket(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    assert tickets(followed(client, outcomes)) == tickets(outcomes)
    box.clock.advance(30)
    assert tickets(followed(client, outcomes)) == tickets(outcomes)
    assert next(iter(box.book.rows(standin.KIND)))["processingStatus"] == "IN_PROGRESS"


def test_a_result_is_fetched_once_for_all_messages_and_all_questions(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part(f"TK-100{at}", quantity=at) for at in range(1, 6)])
    box.clock.advance(LATER)
    for _ in range(3):
        assert all(isinstance(one, Receipt) and not one.ticket for one in followed(client, outcomes))
    assert box.counts()["getFeedDocument"] == {"200": 1}
    assert box.counts()["getFeed"] == {"200": 1}


def test_a_cancelled_feed_says_that_nothing_was_changed(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    client.call("DELETE", f"{feeds.PATH}/feeds/{feeds.ticket(tickets(outcomes)[0]).feed}")
    (found,) = followed(client, outcomes)
    assert isinstance(found, RejectedError)
    assert found.code == "feed_cancelled"
    assert quantity(box, "TK-1001") == 14


def test_a_feed_that_was_given_up_may_have_acted_and_says_so(box: AmazonSandbox, client: AmazonClient) -> None:
    wrong = client_of(box, marketplace_ids=US)
    outcomes = listings_feed.send_many(wrong, [part("TK-1001", quantity=3)])
    row = next(iter(box.book.rows(standin.KIND)))
    box.book.put(store.KIND, row["Input"], {"ContentType": "x"})
    box.clock.advance(LATER)
    (found,) = followed(client, outcomes)
    assert isinstance(found, RejectedError)
    assert found.code == "feed_fatal"
    assert "may or may not" in found.message


def test_a_feed_that_amazon_has_forgotten_goes_to_a_person(client: AmazonClient) -> None:
    (found,) = listings_feed.follow(client, [("99999/1/US/TK-1001", Reference(system="TIMS", key="1"))])
    assert isinstance(found, RejectedError)
    assert found.code == "feed_forgotten"


@pytest.mark.parametrize("fault", ["503", "429", "reset", "truncate", "html"])
def test_a_question_that_fails_decides_nothing(box: AmazonSandbox, client: AmazonClient, fault: str) -> None:
    outcomes = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    box.clock.advance(LATER)
    box.faults.add(fault, "/feeds/*", method="GET")
    with pytest.raises(ThrottledError if fault == "429" else TransientError):
        followed(client, outcomes)
    assert isinstance(followed(client, outcomes)[0], Receipt)


def test_a_question_that_fails_for_one_feed_leaves_the_others_their_answers(box: AmazonSandbox, client: AmazonClient) -> None:
    first = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    second = listings_feed.send_many(client, [part("TK-1002", quantity=4)])
    box.clock.advance(LATER)
    box.faults.add("503", "/feeds/2021-06-30/feeds/*", method="GET")
    still, done = followed(client, [*first, *second])
    assert isinstance(still, Receipt)
    assert still.ticket == tickets(first)[0]
    assert isinstance(done, Receipt)
    assert not done.ticket


def test_a_revoked_access_stops_the_questions(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    box.faults.add("403", "/feeds/*", method="GET", count=None)
    with pytest.raises(CredentialsError):
        followed(client, outcomes)


def test_an_expired_address_of_the_result_is_asked_for_again(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part("TK-1001", quantity=3)])
    box.clock.advance(LATER)
    box.faults.add("403", "/document-store/*", method="GET")
    with pytest.raises(TransientError):
        followed(client, outcomes)
    assert isinstance(followed(client, outcomes)[0], Receipt)


@pytest.mark.parametrize("result", [b"<html>", b"[]", b'{"issues": 3}', b'{"summary": {}}', b""])
def test_a_result_that_cannot_be_read_is_no_success(result: bytes) -> None:
    with pytest.raises(OutcomeUnknownError):
        listings_feed.read(Document(content=result))


def test_a_result_that_accepted_nothing_refuses_also_what_it_does_not_name() -> None:
    summary = {"errors": 0, "warnings": 0, "messagesProcessed": 0, "messagesAccepted": 0, "messagesInvalid": 0}
    verdict = listings_feed.read(Document(content=encode({"header": {}, "issues": [], "summary": summary})))
    assert verdict.whole


def test_an_issue_of_the_whole_feed_refuses_every_message() -> None:
    issue = {"severity": "ERROR", "message": "The feed cannot be read."}
    verdict = listings_feed.read(Document(content=encode({"issues": [issue], "summary": {"messagesAccepted": 1}})))
    assert [one.message for one in verdict.whole] == ["The feed cannot be read."]


def test_a_warning_does_not_refuse() -> None:
    issue = {"messageId": 4, "severity": "WARNING", "message": "Odd"}
    verdict = listings_feed.read(Document(content=encode({"issues": [issue], "summary": {"messagesAccepted": 1}})))
    assert (dict(verdict.warnings), dict(verdict.problems)) == ({4: ("Odd.",)}, {4: ()})


def test_stock_at_amazon_unknown_skus_and_bad_input_stay_behind_and_the_rest_goes(box: AmazonSandbox, client: AmazonClient) -> None:
    parts = [part("TK-1008", quantity=1), part("NO-SUCH", quantity=1), part("", quantity=1), part("TK-1001", quantity=-1),
             part("TK-1002", quantity=2)]  # fmt: skip
    outcomes = listings_feed.send_many(client, parts)
    assert [type(one) for one in outcomes] == [RejectedError, MissingError, RejectedError, RejectedError, Receipt]
    assert [one["sku"] for one in document(box)["messages"]] == ["TK-1002"]


def test_skus_are_looked_up_twenty_at_once_and_one_with_a_comma_alone(box: AmazonSandbox, client: AmazonClient) -> None:
    listing_rows.place(box, US, "A,B")
    skus = [f"TK-{1001 + at}" for at in range(25) if at % 8 != 7]
    outcomes = listings_feed.send_many(client, [part(sku, quantity=1) for sku in [*skus[:5], "A,B", *skus[5:]]])
    assert len(tickets(outcomes)) == len(skus) + 1
    assert box.counts()["searchListingsItems"] == {"200": 2}
    assert box.counts()["getListingsItem"] == {"200": 1}


def test_prices_with_their_product_type_need_no_looking_up(box: AmazonSandbox, client: AmazonClient) -> None:
    listings_feed.send_many(client, [part("TK-1001", productType="PRODUCT", **PRICED)])
    assert set(box.counts()) == {"createFeedDocument", "createFeed"}


def test_what_the_rate_limit_keeps_back_waits_and_the_rest_goes(box: AmazonSandbox, client: AmazonClient) -> None:
    skus = [f"TK-{1001 + at}" for at in range(40) if at % 8 != 7]
    box.faults.add("429", "/listings/*", skip=1)
    outcomes = listings_feed.send_many(client, [part(sku, quantity=1) for sku in skus])
    assert [type(one) for one in outcomes] == [Receipt] * 20 + [ThrottledError] * 15


def test_marketplaces_get_feeds_of_their_own_and_outcomes_keep_their_order(box: AmazonSandbox) -> None:
    both = client_of(box, marketplace_ids="US,CA")
    parts = [part("TK-1001", quantity=1), part("TK-1001", quantity=2, marketplaceId=CA), part("TK-1002", quantity=3)]
    outcomes = listings_feed.send_many(both, parts)
    assert [one.key for one in outcomes if isinstance(one, Receipt)] == [f"{US}/TK-1001", f"{CA}/TK-1001", f"{US}/TK-1002"]
    box.clock.advance(LATER)
    assert all(isinstance(one, Receipt) and not one.ticket for one in followed(both, outcomes))
    box.clock.advance(LATER)
    assert (quantity(box, "TK-1001"), quantity(box, "TK-1001", CA), quantity(box, "TK-1002")) == (1, 2, 3)


def test_one_alone_is_a_feed_of_one(box: AmazonSandbox, client: AmazonClient) -> None:
    payload, reference = part("TK-1001", quantity=3)
    assert listings_feed.LISTINGS_FEED.send(client, payload, reference).ticket
    with pytest.raises(ConnectorError):
        listings_feed.LISTINGS_FEED.send(client, {"sku": "TK-1001"}, reference)


def test_a_sixth_listings_feed_in_five_minutes_is_throttled(box: AmazonSandbox, client: AmazonClient) -> None:
    box.throttled = True
    sent = [listings_feed.send_many(client, [part("TK-1001", productType="PRODUCT", **PRICED)])[0] for _ in range(6)]
    assert [type(one) for one in sent] == [Receipt] * 5 + [ThrottledError]


def test_the_upload_has_the_exact_content_type_and_no_access_token(box: AmazonSandbox, client: AmazonClient) -> None:
    with patch.object(client, "exchange", wraps=client.exchange) as exchange:
        listings_feed.send_many(client, [part("TK-1001", productType="PRODUCT", **PRICED)])
    put = next(one for one in exchange.call_args_list if one.args[0] == "PUT")
    assert put.kwargs["headers"] == {"Content-Type": listings_feed.CONTENT_TYPE, "Accept": "*/*"}


def test_our_feed_and_its_result_are_what_amazons_schemas_say(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part("TK-1001", quantity=3, **PRICED), part("TK-1002", price=1, currency="EUR")])
    assert valid_document("feeds/listings-feed-schema-v2.json", document(box)) == []
    box.clock.advance(LATER)
    followed(client, outcomes)
    row = next(iter(box.book.rows(standin.KIND)))
    result = store.content(box, row["resultFeedDocumentId"])
    assert valid_document("feeds/listings-feed-processing-report-schema-v2.json", decode(result or b"")) == []
    assert valid(MODEL, "Feed", client.get(f"{feeds.PATH}/feeds/{row['feedId']}")) == []
    assert valid(MODEL, "FeedDocument", client.get(f"{feeds.PATH}/documents/{row['resultFeedDocumentId']}")) == []
    page = client.get(f"{feeds.PATH}/feeds", feedTypes=listings_feed.KIND)
    assert valid(MODEL, "GetFeedsResponse", page) == []
    assert {"feedTypes", "nextToken"} <= set(parameters(MODEL, "getFeeds"))


def test_our_calls_are_what_amazons_model_allows(box: AmazonSandbox, client: AmazonClient) -> None:
    with patch.object(client, "call", wraps=client.call) as call:
        listings_feed.send_many(client, [part("TK-1001", productType="PRODUCT", **PRICED)])
    asked = {one.kwargs["limit"]: one.kwargs["body"] for one in call.call_args_list}
    assert valid(MODEL, "CreateFeedDocumentSpecification", asked["createFeedDocument"]) == []
    assert valid(MODEL, "CreateFeedSpecification", asked["createFeed"]) == []


def test_a_large_feed_is_processed_whole(box: AmazonSandbox, client: AmazonClient) -> None:
    outcomes = listings_feed.send_many(client, [part("TK-1001", productType="PRODUCT", **PRICED)] * 2000)
    box.clock.advance(LATER)
    found = followed(client, outcomes)
    assert len(found) == 2000
    assert all(isinstance(one, Receipt) and not one.ticket for one in found)


def asked(box: AmazonSandbox, client: AmazonClient, method: str, path: str, **options: Any) -> requests.Response:
    headers = {**client.auth.headers(client), "User-Agent": "Tests/1"}
    return requests.request(method, f"{box.url}{standin.BASE}/{path}", headers=headers, timeout=5, **options)


def test_the_token_of_a_further_page_of_feeds_must_stand_alone(box: AmazonSandbox, client: AmazonClient) -> None:
    for _ in range(3):
        listings_feed.send_many(client, [part("TK-1001", productType="PRODUCT", **PRICED)])
    first = asked(box, client, "GET", "feeds", params={"feedTypes": listings_feed.KIND, "pageSize": 2}).json()
    assert len(first["feeds"]) == 2
    token = first["nextToken"]
    assert asked(box, client, "GET", "feeds", params={"nextToken": token, "pageSize": 2}).status_code == 400
    second = asked(box, client, "GET", "feeds", params={"nextToken": token}).json()
    assert [one["feedId"] for one in [*first["feeds"], *second["feeds"]]] == ["50125", "50124", "50123"]
    assert asked(box, client, "GET", "feeds").status_code == 400


def test_only_a_feed_that_waits_can_be_cancelled(box: AmazonSandbox, client: AmazonClient) -> None:
    listings_feed.send_many(client, [part("TK-1001", productType="PRODUCT", **PRICED)])
    box.clock.advance(30)
    answer = asked(box, client, "DELETE", "feeds/50123")
    assert (answer.status_code, "cannot be cancelled" in answer.text) == (400, True)


@pytest.mark.parametrize(
    "body",
    [
        {"feedType": "NO_SUCH", "marketplaceIds": [US]},
        {"feedType": listings_feed.KIND, "marketplaceIds": []},
        {"feedType": listings_feed.KIND, "marketplaceIds": ["A1NOWHERE"]},
        {"feedType": listings_feed.KIND, "marketplaceIds": [US], "inputFeedDocumentId": "amzn1.unknown"},
        {"marketplaceIds": [US]},
    ],
)
def test_a_feed_that_amazon_would_not_take_is_refused(box: AmazonSandbox, client: AmazonClient, body: dict[str, Any]) -> None:
    document_id = asked(box, client, "POST", "documents", json={"contentType": "text/plain"}).json()["feedDocumentId"]
    answer = asked(box, client, "POST", "feeds", json={"inputFeedDocumentId": document_id, **body})
    assert answer.status_code == 400


@pytest.mark.parametrize("kind", [listings_feed.KIND, "POST_PRODUCT_DATA"])
def test_a_feed_that_was_never_uploaded_or_whose_kind_is_retired_ends_fatally(box: AmazonSandbox, client: AmazonClient, kind: str) -> None:
    made = asked(box, client, "POST", "documents", json={"contentType": "text/xml"}).json()
    body = {"feedType": kind, "marketplaceIds": [US], "inputFeedDocumentId": made["feedDocumentId"]}
    number = asked(box, client, "POST", "feeds", json=body).json()["feedId"]
    box.clock.advance(LATER)
    assert asked(box, client, "GET", f"feeds/{number}").json()["processingStatus"] == "FATAL"


@pytest.mark.parametrize(
    "message",
    [
        {"messageId": 0, "sku": "TK-1001", "operationType": "DELETE"},
        {"messageId": 1, "sku": "TK-1001", "operationType": "REMOVE"},
        {"messageId": 1, "sku": "TK-1001", "operationType": "DELETE", "productType": "PRODUCT"},
        {"messageId": 1, "sku": "TK-1001", "operationType": "PATCH", "productType": "PRODUCT", "attributes": {"a": []}},
        {"messageId": 1, "sku": "TK-1001", "operationType": "PATCH", "productType": "PRODUCT",
         "patches": [{"op": "replace", "path": "/attributes/x/0", "value": [{}]}]},
        {"messageId": 1, "sku": "TK-1001", "operationType": "UPDATE", "productType": "SHOES", "attributes": {"brand": "X"}},
        "not an object",
    ],
)  # fmt: skip
def test_a_message_of_the_wrong_form_is_refused_alone(box: AmazonSandbox, message: Any) -> None:
    fine = {"messageId": 7, "sku": "TK-1002", "operationType": "DELETE"}
    header = {"sellerId": "S", "version": "2.0"}
    feed = {"Seller": "S", "feedId": "1", "marketplaceIds": [US]}
    report = decode(processing.carry_out(box, feed, encode({"header": header, "messages": [message, fine]})))
    assert (report["summary"]["messagesAccepted"], report["summary"]["messagesInvalid"]) == (1, 1)
    assert {one.get("messageId") for one in report["issues"]} <= {message.get("messageId") if isinstance(message, dict) else None}
