"""The stand-in's door: tokens, refusals, usage plans and headers, as Amazon words them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from connectors.amazon.sandbox import AmazonSandbox, refresh_token
from connectors.amazon.standin.login import CLIENT_ID, CLIENT_SECRET
from tests.connectors.amazon.models import valid

SELLERS = "/sellers/v1/marketplaceParticipations"
GRANT = {
    "grant_type": "refresh_token",
    "refresh_token": refresh_token("NA"),
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
}


@pytest.fixture(scope="module")
def server() -> Iterator[AmazonSandbox]:
    with AmazonSandbox() as running:
        yield running


@pytest.fixture
def box(server: AmazonSandbox) -> AmazonSandbox:
    server.reset()
    return server


def grant(box: AmazonSandbox, **changed: str) -> requests.Response:
    form = {name: value for name, value in {**GRANT, **changed}.items() if value}
    return requests.post(f"{box.url}/auth/o2/token", data=form, timeout=5)


def call(box: AmazonSandbox, path: str = SELLERS, *, method: str = "GET", token: str | None = None, **options: Any) -> requests.Response:
    headers = {"x-amz-access-token": grant(box).json()["access_token"] if token is None else token, **options.pop("headers", {})}
    return requests.request(method, box.url + path, headers=headers, timeout=5, **options)


def first(answer: requests.Response) -> dict[str, str]:
    return dict(answer.json()["errors"][0])


def test_a_refresh_token_gives_an_hour_and_does_not_rotate(box: AmazonSandbox) -> None:
    answer = grant(box).json()
    assert answer["expires_in"] == 3600
    assert answer["refresh_token"] == GRANT["refresh_token"]
    assert answer["token_type"] == "bearer"


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "rotated-out"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"refresh_token": "Atzr|wrong"}, 400, "invalid_grant"),
        ({"refresh_token": ""}, 400, "invalid_grant"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials", "scope": "everything"}, 400, "invalid_scope"),
    ],
)
def test_a_wrong_grant_is_refused_in_the_shape_of_oauth(box: AmazonSandbox, changed: dict[str, str], status: int, error: str) -> None:
    answer = grant(box, **changed)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert set(answer.json()) == {"error", "error_description"}


def test_a_revoked_authorisation_gives_no_token_and_ends_those_given(box: AmazonSandbox) -> None:
    held = grant(box).json()["access_token"]
    box.revoke()
    assert grant(box).json()["error"] == "invalid_grant"
    assert call(box, token=held).status_code == 403
    assert grant(box, refresh_token=refresh_token("EU")).status_code == 200


def test_an_expired_token_is_a_403_that_says_so(box: AmazonSandbox) -> None:
    held = grant(box).json()["access_token"]
    box.clock.advance(3601)
    answer = call(box, token=held)
    assert answer.status_code == 403
    assert first(answer)["details"] == "The access token you provided has expired."
    assert "x-amzn-RateLimit-Limit" not in answer.headers


@pytest.mark.parametrize(("token", "status"), [("", 401), ("Atza|made-up", 403)])
def test_without_a_known_token_nothing_is_answered(box: AmazonSandbox, token: str, status: int) -> None:
    answer = call(box, token=token)
    assert (answer.status_code, first(answer)["code"]) == (status, "Unauthorized")
    assert answer.headers["x-amzn-RequestId"]


def test_a_token_of_the_application_opens_no_sellers_door(box: AmazonSandbox) -> None:
    grantless = grant(box, grant_type="client_credentials", scope="sellingpartnerapi::notifications", refresh_token="")
    assert call(box, token=grantless.json()["access_token"]).status_code == 403


def test_every_answer_has_its_request_id_and_a_good_one_its_rate(box: AmazonSandbox) -> None:
    answer = call(box)
    assert answer.headers["x-amzn-RequestId"]
    assert answer.headers["x-amzn-RateLimit-Limit"] == "0.016"
    assert valid("sellers.json", "GetMarketplaceParticipationsResponse", answer.json()) == []


def test_a_call_without_a_user_agent_is_refused(box: AmazonSandbox) -> None:
    answer = call(box, headers={"User-Agent": ""})
    assert (answer.status_code, first(answer)["code"]) == (400, "InvalidInput")


def test_a_body_of_another_form_than_json_is_refused(box: AmazonSandbox) -> None:
    assert call(box, data=b"<xml/>", headers={"Content-Type": "text/xml"}).status_code == 415


def test_the_burst_is_the_usage_plans_and_then_comes_429_without_a_word_about_when(box: AmazonSandbox) -> None:
    token = grant(box).json()["access_token"]
    answers = [call(box, token=token) for _ in range(16)]
    assert [answer.status_code for answer in answers] == [200] * 15 + [429]
    refused = answers[-1]
    assert first(refused)["code"] == "QuotaExceeded"
    assert not {"Retry-After", "x-amzn-RateLimit-Limit", "X-RateLimit-Limit"} & set(refused.headers)
    assert box.counts() == {"getMarketplaceParticipations": {"200": 15, "429": 1}}
    assert requests.get(f"{box.url}/__sandbox__/calls", timeout=5).json() == box.counts()


def test_the_plan_counts_per_authorisation(box: AmazonSandbox) -> None:
    for _ in range(15):
        call(box)
    european = grant(box, refresh_token=refresh_token("EU")).json()["access_token"]
    assert call(box).status_code == 429
    assert call(box, token=european).status_code == 200


def test_a_scale_makes_the_plans_faster_and_the_rate_says_so() -> None:
    with AmazonSandbox(scale=1000) as fast:
        assert call(fast).headers["x-amzn-RateLimit-Limit"] == "16"


@pytest.mark.parametrize(("fault", "code"), [("429", "QuotaExceeded"), ("500", "InternalFailure"), ("503", "ServiceUnavailable")])
def test_a_switched_on_fault_is_worded_as_amazon_does(box: AmazonSandbox, fault: str, code: str) -> None:
    token = grant(box).json()["access_token"]
    box.faults.add(fault, "/sellers/*", retry_after=5)
    answer = call(box, token=token)
    assert (answer.status_code, first(answer)["code"]) == (int(fault), code)
    assert "Retry-After" not in answer.headers
    assert call(box, token=token).status_code == 200


def test_tokens_and_a_revoked_authorisation_survive_a_restart(tmp_path: Any) -> None:
    with AmazonSandbox(tmp_path / "amazon.sqlite3") as before:
        held = grant(before).json()["access_token"]
        european = grant(before, refresh_token=refresh_token("EU")).status_code
        before.book.put("refresh", refresh_token("EU"), {**(before.book.get("refresh", refresh_token("EU")) or {}), "Revoked": True})
    with AmazonSandbox(tmp_path / "amazon.sqlite3") as after:
        assert call(after, token=held).status_code == 200
        assert (european, grant(after, refresh_token=refresh_token("EU")).status_code) == (200, 400)


def test_an_unknown_address_is_a_404_of_amazon(box: AmazonSandbox) -> None:
    answer = call(box, "/orders/v99/orders")
    assert (answer.status_code, first(answer)["code"]) == (404, "NotFound")
