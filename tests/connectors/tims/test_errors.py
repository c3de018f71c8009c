"""Every failure of TIMS is named by what must happen next, and tells no secret."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.errors import (
    ConflictError,
    ConnectorError,
    CredentialsError,
    CursorExpiredError,
    MissingError,
    OutcomeUnknownError,
    OwnedElsewhereError,
    RejectedError,
    StaleError,
    ThrottledError,
    TransientError,
)
from connectors.hooks import Hooks
from connectors.tims import CONNECTOR
from connectors.tims.client import DuplicateError, MergedError, ReplayedError, TimsClient
from connectors.tims.sandbox import API_KEY, CLIENT_SECRET, TimsSandbox
from connectors.tims.words import FIELD_WORDS, PLACE_WORDS, WORDS
from connectors.wire import encode
from tests.connectors.tims.conftest import settings_for

CASES: list[tuple[int, str, dict[str, Any], type[ConnectorError]]] = [
    (400, "malformed_json", {}, RejectedError),
    (401, "invalid_credentials", {}, CredentialsError),
    (403, "insufficient_scope", {}, CredentialsError),
    (403, "ip_not_allowed", {}, CredentialsError),
    (404, "not_found", {}, MissingError),
    (409, "duplicate_external_id", {"ExistingID": "SO-1"}, DuplicateError),
    (409, "duplicate_external_id", {}, ConflictError),
    (409, "duplicate_marketplace_order", {"ExistingID": "SO-1"}, OwnedElsewhereError),
    (409, "request_in_progress", {}, TransientError),
    (409, "locked", {}, TransientError),
    (409, "state_conflict", {}, ConflictError),
    (410, "cursor_expired", {}, CursorExpiredError),
    (410, "merged", {"MergedInto": "C-1"}, MergedError),
    (412, "version_mismatch", {}, StaleError),
    (413, "payload_too_large", {}, RejectedError),
    (422, "validation_failed", {}, RejectedError),
    (422, "idempotency_key_reused", {}, ReplayedError),
    (428, "precondition_required", {}, RejectedError),
    (429, "rate_limited", {}, ThrottledError),
    (500, "internal", {}, OutcomeUnknownError),
    (503, "maintenance", {}, TransientError),
]


def answer(client: TimsClient, status: int, body: Any, headers: dict[str, str] | None = None) -> ConnectorError:
    with pytest.raises(ConnectorError) as caught:
        client._answer(status, headers or {}, encode(body), safe=False)
    return caught.value


@pytest.mark.parametrize(("status", "code", "more", "expected"), CASES, ids=[f"{one[0]} {one[1]} {one[3].__name__}" for one in CASES])
def test_each_code_has_its_class_and_its_words(
    client: TimsClient, status: int, code: str, more: dict[str, Any], expected: type[ConnectorError]
) -> None:
    error = answer(client, status, {"Error": {"Code": code, "Message": "Dana Ruiz", "Fields": [], **more}})
    assert type(error) is expected
    assert "Dana Ruiz" not in repr(error)
    assert error.message.startswith(WORDS[code])


@pytest.mark.parametrize(
    "body", [None, [], "text", {"Error": "text"}, {"Error": {"Code": 5, "Fields": "x"}}, {"error": "x"}, {"Error": {"Fields": [5]}}]
)
def test_an_error_of_another_shape_is_classified_by_its_status(client: TimsClient, body: Any) -> None:
    assert isinstance(answer(client, 422, body), RejectedError)


def test_maintenance_says_when_to_come_back(client: TimsClient) -> None:
    error = answer(client, 503, {"Error": {"Code": "maintenance"}}, {"Retry-After": "1800"})
    assert error.retry_after == 1800


def test_a_request_in_progress_says_when_to_come_back(client: TimsClient) -> None:
    error = answer(client, 409, {"Error": {"Code": "request_in_progress"}}, {"Retry-After": "2"})
    assert (error.retry_after, error.retryable) == (2, True)


def test_a_stored_refusal_is_told_from_a_fresh_one(client: TimsClient) -> None:
    body = {"Error": {"Code": "validation_failed"}}
    assert type(answer(client, 422, body)) is RejectedError
    assert type(answer(client, 422, body, {"Idempotency-Replayed": "true"})) is ReplayedError


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("LineItems[3].SKU", "ABC-1"),
        ("CustomerID", "ABC-1"),
        ("ShippingAddress.Name", ""),
        ("Addresses[0].AddressLine1", ""),
        ("LineItems[3].GiftMessage", ""),
        ("SomethingNew", ""),
        ("", ""),
    ],
)
def test_the_value_of_a_refused_field_is_shown_only_where_it_cannot_be_personal(client: TimsClient, path: str, shown: str) -> None:
    fields = [{"Path": path, "Code": "invalid_choice", "Message": "ABC-1 is wrong", "Value": "ABC-1"}]
    error = answer(client, 422, {"Error": {"Code": "validation_failed", "Fields": fields}})
    [problem] = error.problems
    assert problem.value == shown
    assert ("ABC-1" in repr((error, problem))) is bool(shown)


@pytest.mark.parametrize("code", [*FIELD_WORDS, "never_heard_of"])
def test_every_field_code_has_words(client: TimsClient, code: str) -> None:
    fields = [{"Path": "LineItems[0].SKU", "Code": code, "Value": "ABC-1"}]
    [problem] = answer(client, 422, {"Error": {"Code": "validation_failed", "Fields": fields}}).problems
    assert problem.message
    assert "{" not in problem.message
    assert problem.cause.startswith(f"{code}:")


@pytest.mark.parametrize(("code", "name"), PLACE_WORDS, ids=[" ".join(one) for one in PLACE_WORDS])
def test_words_for_a_place_name_what_stands_there(client: TimsClient, code: str, name: str) -> None:
    fields = [{"Path": f"Lines[0].{name}", "Code": code, "Value": "4711"}]
    [problem] = answer(client, 422, {"Error": {"Code": "validation_failed", "Fields": fields}}).problems
    assert problem.message.startswith(f"Lines[0].{name}")
    assert "{" not in problem.message


def test_equal_mistakes_on_other_lines_have_one_cause(client: TimsClient) -> None:
    fields = [{"Path": f"LineItems[{at}].SKU", "Code": "unknown_sku", "Value": "ABC-1"} for at in (0, 7)]
    error = answer(client, 422, {"Error": {"Code": "validation_failed", "Fields": fields}})
    assert {one.cause for one in error.problems} == {"unknown_sku:ABC-1"}


def test_a_wrong_secret_is_for_a_person_and_is_not_told(box: TimsSandbox) -> None:
    wrong = CONNECTOR.connect(settings_for(box, client_secret="not-the-secret-at-all"), Hooks())
    with pytest.raises(CredentialsError) as caught:
        wrong.get("api/v1/ping")
    assert "not-the-secret-at-all" not in repr((caught.value, caught.value.args))
    assert "Test connection" in caught.value.message


def test_a_wrong_api_key_is_for_a_person_and_is_not_told(box: TimsSandbox) -> None:
    wrong = CONNECTOR.connect(settings_for(box, auth="api_key", api_key="tk_live_wrong_wrong"), Hooks())
    with pytest.raises(CredentialsError) as caught:
        wrong.get("api/v1/ping")
    assert "tk_live_wrong_wrong" not in repr((caught.value, caught.value.args))


def test_an_api_key_works_instead_of_oauth(box: TimsSandbox) -> None:
    client = CONNECTOR.connect(settings_for(box, auth="api_key", client_id="", client_secret=""), Hooks())
    assert client.get("api/v1/ping")["Company"] == "MAIN"
    assert not [entry for entry in box.seen if entry[1] == "/oauth/token"]


def test_secrets_are_in_no_log_of_an_exchange(box: TimsSandbox) -> None:
    exchanges: list[Any] = []
    client = CONNECTOR.connect(settings_for(box), Hooks(log=exchanges.append))
    client.get("api/v1/customers", email="dana@shop.example")
    text = repr(exchanges)
    assert len(exchanges) == 2
    assert not [word for word in (CLIENT_SECRET, API_KEY, "tims_at_", "dana@") if word in text]


def test_a_token_that_tims_ended_is_replaced_once(client: TimsClient, box: TimsSandbox) -> None:
    client.get("api/v1/ping")
    box.tokens.expire_all()
    assert client.get("api/v1/ping")["Company"] == "MAIN"
    assert len([entry for entry in box.seen if entry[1] == "/oauth/token"]) == 2


def test_a_token_that_never_works_ends_after_one_renewal(client: TimsClient, box: TimsSandbox) -> None:
    box.faults.add("401", "/api/*", count=None)
    with pytest.raises(CredentialsError):
        client.get("api/v1/ping")
    assert len([entry for entry in box.seen if entry[1] == "/api/v1/ping"]) == 2


@pytest.mark.parametrize(
    ("setup", "what"),
    [
        ({"base_url": "http://127.0.0.1:1"}, "Address"),
        ({"client_secret": "wrong-wrong-wrong"}, "Credentials"),
        ({"company": "OTHER"}, "Company"),
    ],
)
def test_the_connection_test_names_what_is_wrong_and_what_to_do(box: TimsSandbox, setup: dict[str, str], what: str) -> None:
    [finding] = CONNECTOR.check(CONNECTOR.connect(settings_for(box, **setup), Hooks()))
    assert (finding.what, finding.ok) == (what, False)
    assert finding.words


def test_the_connection_test_names_a_missing_right(client: TimsClient, box: TimsSandbox) -> None:
    box.api_keys[API_KEY] = ("master", "sales.read")
    key = CONNECTOR.connect(settings_for(box, auth="api_key"), Hooks())
    missing = {one.what: one.vital for one in CONNECTOR.check(key) if not one.ok}
    assert missing == {"Sales orders can be sent": True, "General ledger can be read (needed for settlements)": False}


def test_the_connection_test_names_a_blocked_address(client: TimsClient, box: TimsSandbox) -> None:
    box.blocked_addresses.add("127.0.0.1")
    assert [one.ok for one in CONNECTOR.check(client)] == [False]


def test_the_connection_test_says_that_clocks_differ_and_that_data_is_masked(client: TimsClient, box: TimsSandbox) -> None:
    box.clock.advance(1000)
    box.environment = "qa"
    findings = {one.what: one for one in CONNECTOR.check(client)}
    assert not findings["Clock"].ok
    assert "masked" in findings["Environment"].words


def test_a_page_that_is_not_tims_is_said(client: TimsClient, box: TimsSandbox) -> None:
    client.get("api/v1/ping")
    box.faults.add("html", "/api/v1/ping")
    assert not CONNECTOR.check(client)[0].ok
