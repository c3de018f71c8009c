"""Stock at Amazon: read in one go, since tokens live thirty seconds, and with every field possibly missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import pytest
import requests

from connectors import schema
from connectors.amazon import inventory
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import inventory as standin
from connectors.errors import CredentialsError, CursorExpiredError, RejectedError, ThrottledError, TransientError
from connectors.http import Answer
from tests.connectors.amazon.conftest import US, client_of
from tests.connectors.amazon.models import parameters, valid

MODEL = "fbaInventory.json"
CA = "A2EUQ1WTGCTBG2"


def slow_pages(box: AmazonSandbox, client: AmazonClient, *, pages: int) -> Callable[..., Answer]:
    """A client to which the answers of so many pages come half a minute late."""
    call, late = client.call, [pages]

    def calling(*args: Any, **options: Any) -> Answer:
        answer = call(*args, **options)
        if late[0] > 0:
            late[0] -= 1
            box.clock.advance(31)
        return answer

    return calling


def many(box: AmazonSandbox, count: int = 120) -> None:
    for at in range(count):
        standin.stock(box, US, f"F-{at:03d}", sellable=at, changed=f"2026-03-01T00:{at // 60:02d}:{at % 60:02d}.000Z")


def test_all_pages_are_read_and_the_oldest_change_comes_first(box: AmazonSandbox, client: AmazonClient) -> None:
    many(box)
    records = list(inventory.read(client, ""))
    assert len({one.key for one in records}) == len(records) == 125
    assert [one.cursor for one in records] == sorted(one.cursor for one in records)
    assert not [one for one in records if schema.validate("connectors.amazon", "fba_inventory", one.payload)]
    assert records[-1].payload["inventoryDetails"]["fulfillableQuantity"] == 119


@pytest.mark.parametrize("pages", [1, 2])
def test_a_token_that_expired_begins_the_walk_anew(box: AmazonSandbox, client: AmazonClient, pages: int) -> None:
    many(box)
    with patch.object(client, "call", slow_pages(box, client, pages=pages)):
        assert len({one.key for one in inventory.read(client, "")}) == 125


def test_tokens_that_always_expire_end_in_an_error_that_is_tried_again(box: AmazonSandbox, client: AmazonClient) -> None:
    many(box)
    with patch.object(client, "call", slow_pages(box, client, pages=99)), pytest.raises(CursorExpiredError):
        list(inventory.read(client, ""))


def test_reading_goes_on_from_a_cursor_with_an_overlap(box: AmazonSandbox, client: AmazonClient) -> None:
    for at, minute in enumerate((0, 4, 6, 20)):
        standin.stock(box, US, f"F-{at}", sellable=at, changed=f"2026-11-01T00:{minute:02d}:00.000Z")
    assert [one.payload["sellerSku"] for one in inventory.read(client, "2026-11-01T00:10:00.000Z")] == ["F-2", "F-3"]


def test_a_cursor_of_more_than_eighteen_months_reads_everything(client: AmazonClient) -> None:
    assert len(list(inventory.read(client, "2024-01-01T00:00:00.000Z"))) == 5


def test_a_question_that_amazon_refuses_anyway_is_raised(box: AmazonSandbox, client: AmazonClient) -> None:
    box.faults.add("400", "/fba/*", count=None)
    for cursor in ("", "2026-11-01T00:00:00.000Z"):
        with pytest.raises(RejectedError):
            list(inventory.read(client, cursor))


@pytest.mark.parametrize(("fault", "error"), [("503", TransientError), ("429", ThrottledError), ("html", TransientError)])
def test_a_failing_page_hands_nothing_on(box: AmazonSandbox, client: AmazonClient, fault: str, error: type[Exception]) -> None:
    many(box)
    box.faults.add(fault, "/fba/*", skip=1)
    with pytest.raises(error):
        next(inventory.read(client, ""))


@pytest.mark.parametrize("body", [None, [], {}, {"payload": None}, {"payload": {"inventorySummaries": None}}])
def test_an_answer_that_is_no_list_is_tried_again(client: AmazonClient, body: Any) -> None:
    with patch.object(client, "call", return_value=Answer(status=200, headers={}, body=body)), pytest.raises(TransientError):
        list(inventory.read(client, ""))


def test_every_field_may_be_missing(client: AmazonClient) -> None:
    rows = [{"sellerSku": "BARE"}, {"asin": "B0TEST0001"}, "odd"]
    body = {"payload": {"granularity": {}, "inventorySummaries": rows}}
    with patch.object(client, "call", return_value=Answer(status=200, headers={}, body=body)):
        found = list(inventory.read(client, ""))
    assert [(one.key, bool(one.problem)) for one in found if not one.problem] == [(f"{US}/BARE", False)]
    assert len({one.key for one in found if one.problem}) == 2
    assert inventory.summary(found[0].payload).title in ("BARE", "")


def test_marketplaces_stay_apart_and_a_denied_one_is_left_out(box: AmazonSandbox) -> None:
    both = client_of(box, marketplace_ids="US,CA")
    assert {one.payload["marketplaceId"] for one in inventory.read(both, "")} == {US, CA}
    box.denied_marketplaces.add(CA)
    assert {one.payload["marketplaceId"] for one in inventory.read(both, "")} == {US}
    box.denied_marketplaces.add(US)
    with pytest.raises(CredentialsError):
        list(inventory.read(both, ""))


def test_one_sku_and_many_skus_are_read_as_the_walk_reads_them(box: AmazonSandbox, client: AmazonClient) -> None:
    many(box)
    for sku in ("A,B", "MUG/BLUE 1+#2"):
        standin.stock(box, US, sku, sellable=1)
    walked = {one.key: one for one in inventory.read(client, "")}
    names = [*list(walked)[:60], f"{US}/A,B", f"{US}/MUG/BLUE 1+#2", f"{US}/NO-SUCH"]
    found = {one.key: one for one in inventory.read_many(client, names)}
    assert found == {name: walked[name] for name in names if name in walked}
    assert inventory.read_one(client, f"{US}/MUG/BLUE 1+#2") == walked[f"{US}/MUG/BLUE 1+#2"]
    assert inventory.read_one(client, f"{US}/NO-SUCH") is None


def test_our_questions_and_the_stand_ins_answers_are_those_of_amazons_model(box: AmazonSandbox, client: AmazonClient) -> None:
    many(box)
    with patch.object(client, "call", wraps=client.call) as call:
        list(inventory.read(client, "2026-01-01T00:00:00.000Z"))
    asked = parameters(MODEL, "getInventorySummaries")
    assert all(set(one.kwargs["query"]) <= set(asked) for one in call.call_args_list)
    body = client.get(inventory.PATH, granularityType="Marketplace", granularityId=US, marketplaceIds=US, details="true")
    assert valid(MODEL, "GetInventorySummariesResponse", body) == []


@pytest.mark.parametrize(
    "query",
    [
        {"granularityId": US, "marketplaceIds": US},
        {"granularityType": "Marketplace", "granularityId": CA, "marketplaceIds": US},
        {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": f"{US},{CA}"},
        {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": [US, US]},
        {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US, "details": "yes"},
        {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US, "nextToken": "made-up"},
        {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US, "startDateTime": "2020-01-01T00:00:00Z"},
        {"granularityType": "Marketplace", "granularityId": US, "marketplaceIds": US, "startDateTime": "yesterday"},
    ],
)
def test_a_question_that_amazon_would_refuse_is_refused(box: AmazonSandbox, client: AmazonClient, query: dict[str, Any]) -> None:
    answer = requests.get(f"{box.url}/{inventory.PATH}", params=query, headers=dict(client.auth.headers(client)), timeout=5)
    assert answer.status_code == 400


def test_without_details_there_are_no_quantities(client: AmazonClient) -> None:
    body = client.get(inventory.PATH, granularityType="Marketplace", granularityId=US, marketplaceIds=US)
    assert not [one for one in body["payload"]["inventorySummaries"] if "inventoryDetails" in one]
