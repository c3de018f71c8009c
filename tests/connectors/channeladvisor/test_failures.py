"""What goes wrong on the wire ends in an error that says what happens next, and no secret leaks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

import pytest
import responses

from connectors.base import Reference
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.client import cleaned, explain, without_token
from connectors.channeladvisor.sandbox import APPLICATION_ID, REFRESH_TOKEN, SHARED_SECRET, ChannelAdvisorSandbox
from connectors.errors import ConnectorError, CredentialsError, ThrottledError, TransientError
from connectors.hooks import Hooks
from connectors.http import JsonClient
from connectors.sandbox import Rate
from tests.connectors.channeladvisor.conftest import orders, read, read_one

FAULTS = [
    ("429", ThrottledError), ("503", TransientError), ("500", TransientError), ("reset", TransientError),
    ("html", TransientError), ("truncate", TransientError), ("drop_after", TransientError),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "error"), FAULTS)
def test_a_fault_in_a_sweep_is_an_error_that_can_be_tried_again(
    box: ChannelAdvisorSandbox, client: JsonClient, kind: str, error: type[ConnectorError]
) -> None:
    box.place_many(orders(120))
    box.faults.add(kind, "*rders", skip=1, count=1)
    with pytest.raises(error) as caught:
        read(client)
    assert caught.value.retryable
    assert len(read(client)) == 120


def test_a_429_tells_how_long_to_wait_only_where_the_system_does(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    waits = []
    for given in (7.0, None):
        box.faults.add("429", "*rders", retry_after=given)
        with pytest.raises(ThrottledError) as caught:
            read(client)
        waits.append(caught.value.retry_after)
    assert waits == [7.0, None]


def test_the_published_dialect_sends_no_quota_headers(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    box.rate = Rate(3, 3600)
    connect("v2").call("GET", "v2/orders")
    answer = connect("rest-v1").call("GET", "v1/Orders")
    assert not [name for name in answer.headers if name.lower().startswith("x-ratelimit")]
    connect("v2").call("GET", "v2/orders")
    with pytest.raises(ThrottledError) as caught:
        connect("rest-v1").call("GET", "v1/Orders")
    assert caught.value.retry_after is None


def test_a_sixth_call_at_once_is_throttled(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    box.parallel = 5
    with ExitStack() as running:
        for _ in range(5):
            running.enter_context(box.limits.gate(APPLICATION_ID, 5))
        with pytest.raises(ThrottledError):
            read(client)
    assert read(client) == []


def test_a_token_that_expires_in_the_middle_of_a_sweep_is_renewed_once(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    numbers = box.place_many(orders(130))
    keys = []
    for place, record in enumerate(CONNECTOR.stream("orders").read(client, "")):
        keys.append(record.key)
        if place == 15:
            box.tokens.expire_all()
    assert sorted(keys) == sorted(map(str, numbers))
    assert sum(path == "/oauth2/token" for _, path, _ in box.seen) == 2


def test_a_revoked_authorisation_asks_a_person_to_authorise_again(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    read(client)
    box.revoke()
    with pytest.raises(CredentialsError) as caught:
        read(client)
    assert caught.value.code == "invalid_grant"
    assert "authorise" in caught.value.message
    assert not caught.value.retryable


def test_a_replaced_refresh_token_is_handed_to_the_vault(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], dialect: str
) -> None:
    box.rotates = True
    kept: list[tuple[str, str]] = []
    client = connect(dialect, Hooks(rotate=lambda name, value: kept.append((name, value))))
    read(client)
    box.tokens.expire_all()
    read(client)
    assert [name for name, _ in kept] == ["refresh_token", "refresh_token"]
    assert kept[1][1] != REFRESH_TOKEN


def test_a_read_only_authorisation_cannot_mark_orders_as_taken(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], dialect: str
) -> None:
    (number,) = box.place_many(orders(1))
    client = connect(dialect, refresh_token="ca_rt_readonly")
    assert len(read(client)) == 1
    with pytest.raises(CredentialsError):
        CONNECTOR.operation("acknowledge_order").send(
            client, {"ChannelAdvisorOrderID": number, "SellerOrderID": "SO-1"}, Reference(system="ChannelAdvisor", key=str(number))
        )


def test_no_error_names_a_secret(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], dialect: str) -> None:
    wrong = connect(dialect, shared_secret="s3cret-of-mine")
    revoked = connect(dialect, refresh_token="ca_rt_gone")
    box.faults.add("401", "*rders", count=None)
    denied = connect(dialect)
    for client in (wrong, revoked, denied):
        with pytest.raises(CredentialsError) as caught:
            read(client)
        for secret in ("s3cret-of-mine", "ca_rt_gone", SHARED_SECRET, REFRESH_TOKEN, "ca_at_"):
            assert secret not in f"{caught.value!r} {caught.value}"


ROWS = [[None], ["text"], [5], [{}], [{"OrderID": "1"}], [{"ChannelAdvisorOrderID": None, "ID": True}], [[1, 2]]]


@pytest.mark.parametrize("rows", ROWS)
@responses.activate
def test_a_row_that_is_no_order_fails_alone(rows: list[object], dialect: str) -> None:
    settings = {
        "base_url": "https://ca.test",
        "dialect": dialect,
        "application_id": "a",
        "shared_secret": "b",
        "refresh_token": "c",
        "profile_id": "7",
    }
    responses.post("https://ca.test/oauth2/token", json={"access_token": "t", "expires_in": 3600})
    good = {"ChannelAdvisorOrderID": 5, "ID": 5, "UpdatedDateUtc": "2026-11-20T10:00:00Z"}
    responses.get("https://ca.test/v2/orders", json={"Data": [*rows, good], "Paging": {"HasMore": False}})
    responses.get("https://ca.test/v1/Orders", json={"value": [*rows, good]})
    responses.get("https://ca.test/v1/DistributionCenters", status=404)
    bad, fine = read(CONNECTOR.connect(settings, Hooks()))
    assert bad.key.startswith("unreadable-")
    assert bad.problem
    assert (bad.payload, bad.cursor) == ({}, "")
    assert (fine.key, fine.problem) == ("5", "")


@responses.activate
def test_an_order_with_an_impossible_amount_fails_alone() -> None:
    settings = {
        "base_url": "https://ca.test",
        "dialect": "rest-v1",
        "application_id": "a",
        "shared_secret": "b",
        "refresh_token": "c",
        "profile_id": "7",
    }
    responses.post("https://ca.test/oauth2/token", json={"access_token": "t", "expires_in": 3600})
    responses.get("https://ca.test/v1/Orders", body=b'{"value": [{"ID": 4, "TotalPrice": 1e400}, {"ID": 5, "TotalPrice": 1.10}]}')
    responses.get("https://ca.test/v1/DistributionCenters", json={"value": []})
    bad, fine = read(CONNECTOR.connect(settings, Hooks()))
    assert (bad.key, fine.key) == ("4", "5")
    assert "amount" in bad.problem


@pytest.mark.parametrize("number", ["", "  ", "x", "1 or ID gt 0"])
def test_without_a_profile_number_no_shop_is_read(connect: Callable[..., JsonClient], number: str) -> None:
    client = connect("rest-v1", profile_id=number)
    for act in (lambda: read(client), lambda: read_one(client, 5)):
        with pytest.raises(CredentialsError) as caught:
            act()
        assert "profile number" in caught.value.message


@pytest.mark.parametrize("body", [[], {}, {"Data": {}}, {"value": "x"}, None])
@responses.activate
def test_an_answer_that_is_no_list_is_never_taken_for_an_empty_one(body: object, dialect: str) -> None:
    settings = {
        "base_url": "https://ca.test",
        "dialect": dialect,
        "application_id": "a",
        "shared_secret": "b",
        "refresh_token": "c",
        "profile_id": "7",
    }
    responses.post("https://ca.test/oauth2/token", json={"access_token": "t", "expires_in": 3600})
    responses.get("https://ca.test/v2/orders", json=body)
    responses.get("https://ca.test/v1/Orders", json=body)
    with pytest.raises(TransientError):
        read(CONNECTOR.connect(settings, Hooks()))


@responses.activate
def test_a_page_past_the_end_that_repeats_the_first_one_ends_the_sweep() -> None:
    settings = {
        "base_url": "https://ca.test",
        "dialect": "rest-v1",
        "application_id": "a",
        "shared_secret": "b",
        "refresh_token": "c",
        "profile_id": "7",
    }
    responses.post("https://ca.test/oauth2/token", json={"access_token": "t", "expires_in": 3600})
    responses.get("https://ca.test/v1/DistributionCenters", json={"value": []})
    again = {"value": [{"ID": 5}], "@odata.nextLink": "https://ca.test/v1/Orders?$skip=1&access_token=old"}
    responses.get("https://ca.test/v1/Orders", json=again)
    assert {record.key for record in read(CONNECTOR.connect(settings, Hooks()))} == {"5"}
    assert not any("access_token" in str(call.request.url) for call in responses.calls)


DETAILS = [{"Field": "Items[0].SKU", "Code": "unknown_sku"}]
SHAPES = [
    (422, {"Error": {"Code": "validation_failed", "Message": "1 field is not valid.", "Details": DETAILS}}, "validation_failed"),
    (400, {"error": {"code": "", "message": "Carrier and Class is invalid."}}, ""),
    (404, {"$id": "1", "Message": "No HTTP resource was found."}, ""),
    (400, {"error": "invalid_grant"}, "invalid_grant"),
    (422, {"Results": [None, {"Error": {"Code": "x"}}]}, "batch_refused"),
    (400, {"Error": {"Details": 5}}, ""), (500, None, ""), (500, [], ""),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "code"), SHAPES)
def test_every_shape_of_error_is_understood(status: int, body: object, code: str) -> None:
    assert explain(status, body)[0] == code


def test_foreign_words_lose_what_is_personal_or_secret() -> None:
    words = cleaned("Mail dana@shop.example, call +1 206 555 0142, token ca_at_123abc, Bearer xyz, ?access_token=zzz " + "x" * 300)
    assert not any(part in words for part in ("dana", "0142", "123abc", "xyz", "zzz"))
    assert len(words) <= 200


def test_the_token_is_taken_out_of_a_next_link() -> None:
    link = "https://ca.test/v1/Orders?$expand=Items&access_token=abc&$skip=20"
    assert without_token(link) == "https://ca.test/v1/Orders?%24expand=Items&%24skip=20"
