"""Customers are found before they are made, and TIMS's own values stay."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Payload, Receipt, Reference
from connectors.errors import OutcomeUnknownError, RejectedError
from connectors.tims import customers
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.orders import ADDRESS, customer


def buyer(key: str = "640-abc", version: str = "v1", target: str = "") -> Reference:
    return Reference(system="ChannelAdvisor", key=key, version=version, target=target, scope="buyers")


def send(client: TimsClient, key: str = "640-abc", target: str = "", **changes: Any) -> Receipt:
    return customers.send(client, customer(**changes), buyer(key, target=target))


def held(box: TimsSandbox, receipt: Receipt) -> Payload:
    row = box.book.get("customers", receipt.key)
    assert row
    return row


def count(box: TimsSandbox) -> int:
    return box.book.count("customers")


def test_a_customer_that_tims_refuses_says_which_field(client: TimsClient) -> None:
    with pytest.raises(RejectedError) as caught:
        send(client, CustomerType="Business", CompanyName=None)
    assert [one.path for one in caught.value.problems] == ["CompanyName"]
    assert "Canary" not in repr(caught.value.problems)


def test_an_unknown_buyer_is_created_with_the_id_in_the_source_system(client: TimsClient, box: TimsSandbox) -> None:
    receipt = send(client)
    assert receipt.outcome == "created"
    assert held(box, receipt)["ExternalIDs"] == [{"System": "ChannelAdvisor", "ID": "640-abc"}]
    assert "Canary" not in repr(receipt)


def test_the_same_buyer_again_is_unchanged(client: TimsClient, box: TimsSandbox) -> None:
    first, before = send(client), count(box)
    assert (send(client).outcome, send(client).key, count(box)) == ("unchanged", first.key, before)


def test_a_dropped_answer_is_found_and_not_sent_again(client: TimsClient, box: TimsSandbox) -> None:
    box.faults.add("drop_after", "/api/v1/customers", method="POST")
    with pytest.raises(OutcomeUnknownError):
        send(client)
    found = customers.find(client, buyer())
    assert found
    assert send(client).key == found.key


@pytest.mark.parametrize(
    "changes",
    [
        {"Phone": None, "Addresses": []},
        {"Email": None, "Addresses": [{**ADDRESS, "AddressLine1": "99 New Road"}]},
        {"Email": None, "Phone": None, "Addresses": [{**ADDRESS, "AddressLine1": "12 Canary St."}]},
    ],
    ids=["mail", "phone", "house"],
)
def test_a_buyer_of_another_marketplace_is_recognised_and_gets_a_further_id(client: TimsClient, box: TimsSandbox, changes: Payload) -> None:
    first, before = send(client), count(box)
    second = send(client, "641-xyz", **changes)
    assert (second.key, count(box)) == (first.key, before)
    assert {"System": "ChannelAdvisor", "ID": "641-xyz"} in held(box, second)["ExternalIDs"]


def test_an_alias_address_of_a_marketplace_joins_nobody(client: TimsClient) -> None:
    alias = "abc123@marketplace.amazon.com"
    first = send(client, Email=alias, Phone=None, Addresses=[])
    second = send(client, "641-xyz", Email=alias, Phone=None, Addresses=[], FirstName="Zoltan", LastName="Quirk")
    assert second.key != first.key


def test_the_same_mail_with_a_wholly_other_name_is_another_customer(client: TimsClient) -> None:
    first = send(client)
    second = send(client, "641-xyz", FirstName="Zoltan", LastName="Quirk", Phone=None, Addresses=[])
    assert second.key != first.key


def _opinion(box: TimsSandbox, monkeypatch: pytest.MonkeyPatch, score: float, key: str) -> None:
    rows = {"Data": [{"CustomerID": key, "Score": score, "MatchedOn": ["Name"], "Name": "x", "Status": "Active"}]}

    def call(self: TimsClient, method: str, path: str, **more: Any) -> Any:
        answer = original(self, method, path, **more)
        return type(answer)(status=200, headers={}, body=rows) if path.endswith("/match") else answer

    original = TimsClient.call
    monkeypatch.setattr(TimsClient, "call", call)


@pytest.mark.parametrize(("score", "joins", "warns"), [(0.93, True, False), (0.92, True, False), (0.8, False, True), (0.7, False, False)])
def test_tims_own_opinion_counts_by_its_score(
    client: TimsClient, box: TimsSandbox, monkeypatch: pytest.MonkeyPatch, score: float, joins: bool, warns: bool
) -> None:
    other = send(client, "640-other", FirstName="Zoltan", LastName="Quirk", Email="z@q.example", Phone=None, Addresses=[])
    _opinion(box, monkeypatch, score, other.key)
    receipt = send(client)
    assert (receipt.key == other.key) is joins
    assert bool(receipt.warnings) is warns
    assert not warns or f"Possible duplicate of {other.key}" in receipt.warnings[0]


def test_a_further_address_is_appended_and_tims_values_stay(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    box.edit("customers", first.key, {"FirstName": "Corrected", "Phone": None})
    changed = send(client, target=first.key, FirstName="Wrong", Addresses=[{**ADDRESS, "AddressLine1": "99 New Road"}])
    row = held(box, changed)
    assert changed.outcome == "changed"
    assert (row["FirstName"], row["Phone"]) == ("Corrected", "+12065550199")
    assert [one["AddressLine1"] for one in row["Addresses"]] == ["12 Canary Street", "99 New Road"]


def test_a_merged_customer_is_followed_to_the_one_that_stays(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    other = send(client, "640-other", FirstName="Zoltan", LastName="Quirk", Email="z@q.example", Phone=None, Addresses=[])
    box.merge(first.key, other.key)
    assert send(client, target=first.key).key == other.key
    assert send(client).key == other.key


def test_a_customer_that_is_gone_is_searched_again(client: TimsClient) -> None:
    assert send(client, target="C-999999").outcome == "created"


def test_two_senders_of_one_buyer_end_with_one_customer(client: TimsClient, box: TimsSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(customers, "_known", lambda *_: None)
    monkeypatch.setattr(customers, "_recognised", lambda *_: (None, ""))
    first = send(client)
    second = customers.send(client, customer(), buyer(version="v2"))
    assert (second.key, second.outcome) == (first.key, "unchanged")


def test_an_inactive_customer_is_said(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    box.edit("customers", first.key, {"Status": "Inactive"})
    assert "Inactive" in send(client).warnings[0]


def test_a_test_system_gets_no_personal_data_and_still_knows_the_buyer(client: TimsClient, box: TimsSandbox) -> None:
    box.environment = "dev"
    first = send(client)
    assert "Canary" not in repr(held(box, first))
    assert send(client, "641-xyz").key == first.key


def test_a_new_buyer_takes_three_calls_and_a_known_one_takes_one(client: TimsClient, box: TimsSandbox) -> None:
    client.get("api/v1/ping")
    send(client, "640-first", FirstName="Zoltan", LastName="Quirk", Email="z@q.example", Phone="+12065550100", Addresses=[])
    box.seen.clear()
    send(client)
    assert [entry[1] for entry in box.seen] == ["/api/v1/customers", "/api/v1/customers/match", "/api/v1/customers"]
    box.seen.clear()
    send(client)
    assert [entry[1] for entry in box.seen] == ["/api/v1/customers"]
