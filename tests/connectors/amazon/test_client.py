"""Calls of Amazon: who signs in how, which answer means what, and what is never told."""

from __future__ import annotations

from contextlib import suppress
from urllib.parse import parse_qs

import pytest
import responses

from connectors.amazon import CONNECTOR
from connectors.amazon.client import AmazonClient, connect, explain
from connectors.errors import (
    ConnectorError,
    CredentialsError,
    MissingError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from connectors.hooks import Exchange, Hooks, MemoryTokens, Quota, Token
from tests.connectors.amazon.offline import BASE, SETTINGS, TOKENS, Connect

EXPIRED = {
    "code": "Unauthorized",
    "message": "Access to requested resource is denied.",
    "details": "The access token you provided has expired.",
}
DENIED = {"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": ""}


def forms(web: responses.RequestsMock) -> list[dict[str, list[str]]]:
    return [parse_qs((call.request.body or b"").decode()) for call in web.calls if call.request.url == TOKENS]


def test_the_seller_signs_in_with_the_refresh_token_in_the_form(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{BASE}/x", json={})
    connected().get("x")
    assert forms(web) == [
        {
            "grant_type": ["refresh_token"],
            "refresh_token": [SETTINGS["refresh_token"]],
            "client_id": [SETTINGS["client_id"]],
            "client_secret": [SETTINGS["client_secret"]],
        }
    ]
    assert "Authorization" not in web.calls[0].request.headers


def test_a_call_carries_the_token_the_agent_and_no_bearer(web: responses.RequestsMock, connected: Connect) -> None:
    web.post(f"{BASE}/x", json={})
    connected().call("POST", "x", body={})
    sent = web.calls[-1].request.headers
    assert (sent["x-amz-access-token"], sent["Content-Type"]) == ("Atza|first", "application/json")
    assert sent["User-Agent"].startswith("Throughline/")
    assert "(Language=Python/3." in sent["User-Agent"]
    assert "Authorization" not in sent


def test_the_application_signs_in_beside_the_seller(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{BASE}/x", json={})
    tokens = MemoryTokens()
    client = connected(Hooks(tokens=tokens))
    client.get("x")
    client.call("GET", "x", auth=client.grantless)
    assert [form["grant_type"] for form in forms(web)] == [["refresh_token"], ["client_credentials"]]
    assert forms(web)[1]["scope"] == ["sellingpartnerapi::notifications"]
    assert "refresh_token" not in forms(web)[1]
    assert tokens.get("seller")
    assert tokens.get("grantless")


def test_a_token_is_renewed_a_minute_before_it_ends(
    web: responses.RequestsMock, connected: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.get(f"{BASE}/x", json={})
    tokens = MemoryTokens()
    tokens.put("seller", Token(value="Atza|old", expires_at=1059.0))
    monkeypatch.setattr("connectors.auth.time.time", lambda: 1000.0)
    connected(Hooks(tokens=tokens)).get("x")
    assert len(forms(web)) == 1


@pytest.mark.parametrize(("status", "body"), [(403, EXPIRED), (401, DENIED)])
def test_an_expired_token_is_renewed_once(web: responses.RequestsMock, connected: Connect, status: int, body: dict[str, str]) -> None:
    web.get(f"{BASE}/x", json={"errors": [body]}, status=status)
    web.get(f"{BASE}/x", json={"fine": True})
    assert connected().get("x") == {"fine": True}
    assert len(forms(web)) == 2


def test_a_token_that_stays_refused_stops_the_connection(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{BASE}/x", json={"errors": [EXPIRED]}, status=403)
    with pytest.raises(CredentialsError) as caught:
        connected().get("x")
    assert len(forms(web)) == 2
    assert "authorise the application again" in caught.value.message


def test_a_missing_role_is_not_taken_for_an_expired_token(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{BASE}/x", json={"errors": [DENIED]}, status=403)
    with pytest.raises(CredentialsError) as caught:
        connected().get("x")
    assert len(forms(web)) == 1
    assert "roles" in caught.value.message


def test_a_renewal_by_another_worker_is_used(web: responses.RequestsMock, connected: Connect) -> None:
    tokens = MemoryTokens()
    client = connected(Hooks(tokens=tokens))

    def refuse(request: object) -> tuple[int, dict[str, str], str]:
        tokens.put("seller", Token(value="Atza|theirs", expires_at=9e9))
        return 401, {}, "{}"

    web.add_callback("GET", f"{BASE}/x", refuse)
    web.get(f"{BASE}/x", json={})
    client.get("x")
    assert web.calls[-1].request.headers["x-amz-access-token"] == "Atza|theirs"
    assert len(forms(web)) == 1


@pytest.mark.parametrize(
    ("status", "code", "what_to_do"),
    [
        (400, "invalid_grant", "enter the new refresh token"),
        (401, "invalid_client", "every 180 days"),
        (400, "invalid_scope", "press Test connection"),
        (400, "unauthorized_client", "developer console"),
    ],
)
def test_a_refused_sign_in_says_what_to_do_and_no_secret(web: responses.RequestsMock, status: int, code: str, what_to_do: str) -> None:
    said = {"error": code, "error_description": f"bad {SETTINGS['refresh_token']} {SETTINGS['client_secret']}"}
    web.post(TOKENS, json=said, status=status)
    with pytest.raises(CredentialsError) as caught:
        connect(SETTINGS, Hooks()).get("x")
    assert what_to_do in caught.value.message
    assert not [one for one in ("s3cret", "Atzr") if one in repr((caught.value, caught.value.args, caught.value.code))]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RejectedError),
        (404, MissingError),
        (413, RejectedError),
        (415, RejectedError),
        (429, ThrottledError),
        (500, TransientError),
        (503, TransientError),
    ],
)
def test_the_status_decides_whatever_the_code_says(
    web: responses.RequestsMock, connected: Connect, status: int, expected: type[ConnectorError]
) -> None:
    web.get(f"{BASE}/x", json={"errors": [{"code": "BAD_REQUEST", "message": "Nope."}]}, status=status)
    with pytest.raises(expected) as caught:
        connected().get("x")
    assert caught.value.category == expected.category
    assert caught.value.retry_after is None
    assert caught.value.message


@pytest.mark.parametrize("body", ["", "<html>Bad gateway</html>", '{"errors": [', '{"errors": null}', "[]", '{"errors": [7]}'])
def test_a_failing_answer_that_is_no_error_list_is_classified_too(web: responses.RequestsMock, connected: Connect, body: str) -> None:
    web.get(f"{BASE}/x", body=body, status=503)
    with pytest.raises(TransientError):
        connected().get("x")


def test_a_page_of_html_instead_of_an_answer_is_a_passing_fault(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{BASE}/x", body="<html>", status=200)
    with pytest.raises(TransientError):
        connected().get("x")


def test_a_write_that_failed_inside_has_an_unknown_outcome(web: responses.RequestsMock, connected: Connect) -> None:
    web.post(f"{BASE}/x", json={}, status=500)
    with pytest.raises(OutcomeUnknownError):
        connected().call("POST", "x", body={})


def test_a_refusal_is_told_without_addresses_numbers_and_tokens() -> None:
    said = "Bad jo@example.com or +1 512 555 0100 or Atza|IwEBIFake for order 111-2223334-4445556"
    _, words, problems = explain(400, {"errors": [{"code": "InvalidInput", "message": said}]})
    assert words == "Amazon answered 400: Bad [e-mail] or [number] or [secret] for order 111-2223334-4445556"
    assert "Atza|" not in problems[0].message


@pytest.mark.parametrize(
    ("status", "header", "expected"),
    [
        (200, "0.5", Quota(per_second=0.5)),
        (400, "0.0167", Quota(per_second=0.0167)),
        (404, "2.0", Quota(per_second=2.0)),
        (429, "0.5", None),
        (503, "0.5", None),
        (200, "string", None),
        (200, "", None),
        (200, "nan", None),
        (200, "inf", None),
        (200, "-1", None),
        (200, "0", None),
    ],
)
def test_the_rate_in_force_is_learned_where_amazon_tells_it(
    web: responses.RequestsMock, connected: Connect, status: int, header: str, expected: Quota | None
) -> None:
    learned: list[tuple[str, Quota]] = []
    web.get(f"{BASE}/x", json={}, status=status, headers={"x-amzn-RateLimit-Limit": header})
    client = connected(Hooks(learn=lambda limit, quota: learned.append((limit, quota))))
    with suppress(ConnectorError):
        client.call("GET", "x", limit="getOrder")
    assert learned == ([("getOrder", expected)] if expected else [])


def test_the_request_id_goes_into_the_log(web: responses.RequestsMock, connected: Connect) -> None:
    logged: list[Exchange] = []
    web.get(f"{BASE}/x", json={}, headers={"x-amzn-RequestId": "8f7e-1"})
    connected(Hooks(log=logged.append)).get("x")
    assert logged[-1].request_id == "8f7e-1"


def test_two_names_of_tokens_never_mix(connected: Connect) -> None:
    client = connected()
    assert isinstance(client, AmazonClient)
    client.hooks.tokens.put("seller", Token(value="S", expires_at=9e9))
    client.hooks.tokens.put("grantless", Token(value="G", expires_at=9e9))
    assert client.auth.headers(client) == {"x-amz-access-token": "S"}
    assert client.grantless.headers(client) == {"x-amz-access-token": "G"}


def test_every_stream_and_operation_names_a_limit_that_exists() -> None:
    known = {limit.name for limit in CONNECTOR.limits}
    assert len(known) == len(CONNECTOR.limits)
    assert {one.limit for one in (*CONNECTOR.streams, *CONNECTOR.operations)} <= known
