"""Orders that Amazon ships for other channels: lost answers, late wishes and refusals first, then the plain way."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.amazon import fulfilment
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.outbound_life import KIND, switches
from connectors.base import Receipt, Reference
from connectors.errors import ConflictError, MissingError, NotNeededError, OutcomeUnknownError, RejectedError, TransientError
from connectors.http import JsonClient
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.test_outbound_versions import OLD, order

REFERENCE = Reference(system="ChannelAdvisor", key="100045", version="v1")
NAME = "ChannelAdvisor-100045"
ROAD = "/fba/outbound/*"


@pytest.fixture(autouse=True)
def plain(box: AmazonSandbox) -> None:
    switches(box, split=0, late=0)


def create(client: JsonClient, **fields: Any) -> Receipt:
    return fulfilment.create(client, order(**fields), REFERENCE)


def target(version: str = "v2") -> Reference:
    return Reference(system="ChannelAdvisor", key="100045", version=version, target=NAME)


def until(box: AmazonSandbox, state: str) -> None:
    """Lets time pass until the order has that status."""
    for _ in range(60):
        box.advance()
        if held(box)["Status"] == state:
            return
        box.clock.advance(60)
    raise AssertionError(held(box)["Status"])


def held(box: AmazonSandbox) -> dict[str, Any]:
    return box.book.get(KIND, NAME) or {}


@pytest.mark.parametrize("fault", ["drop_after", "timeout", "html_after", "truncate"])
def test_a_lost_answer_never_makes_a_second_order(box: AmazonSandbox, client: AmazonClient, fault: str) -> None:
    box.faults.add(fault, ROAD, method="POST", seconds=0)
    with pytest.raises(OutcomeUnknownError):
        create(client)
    found = fulfilment.find(client, REFERENCE)
    assert found
    again = fulfilment.create(client, order(), target("v1"))
    assert (found.key, again.outcome, box.book.count(KIND)) == (NAME, "unchanged", 1)


def test_sending_again_without_asking_first_finds_the_order_by_its_number(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    assert (create(client).outcome, box.book.count(KIND)) == ("unchanged", 1)


def test_nothing_was_made_where_nothing_arrived(box: AmazonSandbox, client: AmazonClient) -> None:
    box.faults.add("503", ROAD, method="POST")
    with pytest.raises(TransientError):
        create(client)
    assert fulfilment.find(client, REFERENCE) is None


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"lines": [{"lineId": "1", "sku": "A", "quantity": 251}]}, "at most 250"),
        ({"comment": ""}, "displayableOrderComment"),
        ({"marketplaceId": "A1F83G8C2ARO7P"}, "marketplace"),
        ({"address": {"name": "Jo", "addressLine1": "1 Way", "postalCode": "1", "countryCode": "US"}}, "city"),
    ],
)
def test_what_amazon_refuses_is_refused_in_words(client: AmazonClient, fields: dict[str, Any], said: str) -> None:
    with pytest.raises(RejectedError, match=said):
        create(client, **fields)


def test_an_order_goes_out_whole(box: AmazonSandbox, client: AmazonClient) -> None:
    receipt = create(client, blankBox=True)
    wish = held(box)["Wish"]
    assert (receipt.key, receipt.outcome, receipt.ticket) == (NAME, "created", "")
    assert (wish["displayableOrderId"], wish["featureConstraints"][0]["featureName"]) == ("100045", "BLANK_BOX")


def test_a_receipt_holds_nothing_personal(client: AmazonClient) -> None:
    create(client)
    found = fulfilment.find(client, REFERENCE)
    assert "Jo Sample" not in str(found)


@pytest.mark.parametrize("state", ["Planning", "Processing", "Complete"])
def test_a_change_after_planning_has_begun_goes_to_a_person(box: AmazonSandbox, client: AmazonClient, state: str) -> None:
    create(client)
    until(box, state)
    with pytest.raises(ConflictError, match="can no longer be changed"):
        fulfilment.create(client, order(comment="Changed"), target())


def test_a_change_that_planning_overtakes_goes_to_a_person(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    real = client.call

    def call(method: str, path: str, **more: Any) -> Any:
        if method == "PUT":
            until(box, "Planning")
        return real(method, path, **more)

    client.call = call  # type: ignore[method-assign]
    with pytest.raises(ConflictError, match="can no longer be changed"):
        fulfilment.create(client, order(comment="Changed"), target())


def test_a_change_in_time_is_taken_over(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    lines = [{"lineId": "1", "sku": "MUG-FBA", "quantity": 1}]
    receipt = fulfilment.create(client, order(comment="Changed", lines=lines), target())
    now = held(box)
    assert (receipt.outcome, now["Wish"]["displayableOrderComment"]) == ("changed", "Changed")
    assert [(one["quantity"], one["cancelledQuantity"]) for one in now["Items"]] == [(1, 1), (0, 1)]


def test_more_goods_cannot_be_added(client: AmazonClient) -> None:
    create(client)
    lines = [{"lineId": "1", "sku": "MUG-FBA", "quantity": 3}, {"lineId": "9", "sku": "NEW", "quantity": 1}]
    with pytest.raises(ConflictError, match=r"line 1, 9.*Order them separately"):
        fulfilment.create(client, order(lines=lines), target())


def test_an_order_that_ended_unshipped_is_not_taken_for_sent(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    fulfilment.cancel(client, {}, REFERENCE)
    until(box, "Cancelled")
    with pytest.raises(ConflictError, match="cannot be used again"):
        create(client)


def test_a_held_order_waits_and_is_released(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client, hold=True)
    box.clock.advance(86400)
    box.advance()
    assert held(box)["Status"] == "Received"
    assert fulfilment.update(client, {"release": True}, REFERENCE).outcome == "changed"
    until(box, "Complete")


def test_changing_nothing_asks_nothing_of_amazon(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    assert fulfilment.update(client, {"orderId": NAME}, REFERENCE).outcome == "unchanged"
    assert "updateFulfillmentOrder" not in box.counts()


def test_changing_an_unknown_order_is_missing(client: AmazonClient) -> None:
    with pytest.raises(MissingError):
        fulfilment.update(client, {"release": True}, REFERENCE)


def test_a_cancellation_is_followed_until_amazon_has_decided(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    asked = fulfilment.cancel(client, {}, REFERENCE)
    [waiting] = fulfilment.follow(client, [(asked.ticket, REFERENCE)])
    assert isinstance(waiting, Receipt)
    assert waiting.ticket == asked.ticket != ""
    box.clock.advance(61)
    [done] = fulfilment.follow(client, [(asked.ticket, REFERENCE)])
    assert isinstance(done, Receipt)
    assert (done.outcome, done.ticket) == ("cancelled", "")


def test_a_shipment_that_overtakes_the_cancellation_goes_to_a_person(box: AmazonSandbox, client: AmazonClient) -> None:
    switches(box, ignored_cancels=1)
    create(client)
    asked = fulfilment.cancel(client, {}, REFERENCE)
    until(box, "Complete")
    [outcome] = fulfilment.follow(client, [(asked.ticket, REFERENCE)])
    assert isinstance(outcome, ConflictError)
    assert "already shipped" in outcome.message


@pytest.mark.parametrize(("state", "said"), [("Processing", "being packed"), ("Complete", "already shipped")])
def test_a_cancellation_that_comes_too_late_goes_to_a_person(box: AmazonSandbox, client: AmazonClient, state: str, said: str) -> None:
    create(client)
    until(box, state)
    with pytest.raises(ConflictError, match=said):
        fulfilment.cancel(client, {}, REFERENCE)


def test_asking_twice_to_cancel_is_harmless(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    fulfilment.cancel(client, {}, REFERENCE)
    assert fulfilment.cancel(client, {}, REFERENCE).ticket
    until(box, "Cancelled")
    assert fulfilment.cancel(client, {}, REFERENCE).outcome == "cancelled"


def test_a_lost_answer_to_a_cancellation_is_simply_tried_again(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    box.faults.add("drop_after", ROAD, method="PUT")
    with pytest.raises(TransientError):
        fulfilment.cancel(client, {}, REFERENCE)
    until(box, "Cancelled")
    assert fulfilment.cancel(client, {}, REFERENCE).outcome == "cancelled"


def test_an_order_that_was_cancelled_before_it_reached_amazon_is_not_needed(client: AmazonClient) -> None:
    with pytest.raises(NotNeededError):
        create(client, cancelled=True)


def test_an_order_that_its_channel_cancels_is_cancelled_by_the_same_flow(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    receipt = fulfilment.create(client, order(cancelled=True), target())
    assert receipt.ticket
    until(box, "Cancelled")


def test_an_order_that_amazon_took_without_making_it_yet_is_followed(client: AmazonClient) -> None:
    [waiting] = fulfilment.follow(client, [(f"create:{NAME}", REFERENCE)])
    create(client)
    [done] = fulfilment.follow(client, [(f"create:{NAME}", REFERENCE)])
    assert isinstance(waiting, Receipt)
    assert isinstance(done, Receipt)
    assert (waiting.ticket, done.ticket, done.outcome) == (f"create:{NAME}", "", "created")


def test_trouble_while_following_is_an_outcome_of_its_own(box: AmazonSandbox, client: AmazonClient) -> None:
    create(client)
    ticket = fulfilment.cancel(client, {}, REFERENCE).ticket
    box.faults.add("503", ROAD, method="GET")
    [outcome] = fulfilment.follow(client, [(ticket, REFERENCE)])
    assert isinstance(outcome, TransientError)


@pytest.mark.parametrize("state", ["New", "Processing", "Complete"])
def test_the_stand_ins_answers_fit_the_published_model(box: AmazonSandbox, client: AmazonClient, state: str) -> None:
    switches(box, split=1)
    create(client)
    until(box, state)
    answer = client.get(f"fba/outbound/2020-07-01/fulfillmentOrders/{NAME}")
    assert valid(OLD, "GetFulfillmentOrderResponse", answer) == []
    assert valid(OLD, "ListAllFulfillmentOrdersResponse", client.get("fba/outbound/2020-07-01/fulfillmentOrders")) == []


def test_amazons_own_kit_can_order_and_read(box: AmazonSandbox) -> None:
    spapi = pytest.importorskip("spapi")
    from spapi.api.fulfillment_outbound_v2020_07_01.fba_outbound_api import FbaOutboundApi

    given = box.settings()
    config = spapi.SPAPIConfig(
        client_id=given["client_id"], client_secret=given["client_secret"], refresh_token=given["refresh_token"], region="NA"
    )
    api = FbaOutboundApi(spapi.SPAPIClient(config, oauth_endpoint=given["token_url"], endpoint=box.url).api_client)
    from connectors.amazon.outbound_2020 import create as body

    api.create_fulfillment_order(body(NAME, order(), "ATVPDKIKX0DER"), _request_timeout=10)
    found = api.get_fulfillment_order(NAME, _request_timeout=10).payload.fulfillment_order
    assert (found.seller_fulfillment_order_id, found.fulfillment_order_status) == (NAME, "New")
