"""Every answer, and every missing answer, becomes an error that says what must happen next; the token request included."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from typing import Any

import pytest
import requests
import responses

from connectors.auth import ApiKey, OAuth
from connectors.errors import (
    ConflictError,
    ConnectorError,
    CredentialsError,
    MissingError,
    OutcomeUnknownError,
    RejectedError,
    StaleError,
    ThrottledError,
    TransientError,
)  # fmt: skip
from connectors.hooks import Exchange, Hooks
from connectors.http import JsonClient

BASE = "https://erp.example"
SECRET = "s3cret-key"


def client(**options: Any) -> JsonClient:
    return JsonClient(BASE, auth=ApiKey("X-API-Key", SECRET), label="TIMS", **options)


@pytest.mark.parametrize(
    ("status", "read", "write"),
    [
        (400, RejectedError, RejectedError), (401, CredentialsError, CredentialsError), (403, CredentialsError, CredentialsError),
        (404, MissingError, MissingError), (409, ConflictError, ConflictError), (412, StaleError, StaleError),
        (422, RejectedError, RejectedError), (429, ThrottledError, ThrottledError), (500, TransientError, OutcomeUnknownError),
        (502, TransientError, OutcomeUnknownError), (503, TransientError, TransientError), (302, RejectedError, RejectedError),
    ],
)  # fmt: skip
@responses.activate
def test_a_status_says_what_must_happen_next(status: int, read: type[ConnectorError], write: type[ConnectorError]) -> None:
    for method, expected in (("GET", read), ("POST", write)):
        responses.add(method, f"{BASE}/orders", json={}, status=status)
        with pytest.raises(ConnectorError) as raised:
            client().call(method, "orders", body={} if method == "POST" else None)
        assert type(raised.value) is expected


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", '{"cut', "[" * 100_000, b"\xff\xfe"])
@responses.activate
def test_an_answer_that_is_not_json_is_trouble_and_after_a_write_nobody_knows(body: Any) -> None:
    responses.add("GET", f"{BASE}/orders", body=body)
    responses.add("POST", f"{BASE}/orders", body=body)
    with pytest.raises(TransientError):
        client().get("orders")
    with pytest.raises(OutcomeUnknownError):
        client().call("POST", "orders", body={})


@pytest.mark.parametrize(
    "error", [requests.ConnectionError("reset"), requests.ReadTimeout("slow"), requests.exceptions.ChunkedEncodingError("cut")]
)
@responses.activate
def test_a_broken_connection_after_a_write_leaves_the_outcome_unknown(error: Exception) -> None:
    responses.add("POST", f"{BASE}/orders", body=error)
    with pytest.raises(OutcomeUnknownError) as raised:
        client().call("POST", "orders", body={})
    assert raised.value.acted is None


def test_a_connection_that_was_never_made_certainly_did_nothing() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(TransientError) as raised:
        JsonClient(address, auth=ApiKey("X-API-Key", SECRET), label="TIMS").call("POST", "orders", body={})
    assert raised.value.acted is False


@pytest.mark.parametrize(("header", "seconds"), [("17", 17.0), ("soon", None), ("", None), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0)])
@responses.activate
def test_how_long_to_wait_is_read_from_the_answer(header: str, seconds: float | None) -> None:
    responses.add("GET", f"{BASE}/orders", status=429, headers={"Retry-After": header})
    with pytest.raises(ThrottledError) as raised:
        client().get("orders")
    assert raised.value.retry_after == seconds


@responses.activate
def test_a_failed_call_names_the_limit_that_it_belonged_to() -> None:
    responses.add("GET", f"{BASE}/orders", status=429)
    with pytest.raises(ThrottledError) as raised:
        client().call("GET", "orders", limit="orders")
    assert raised.value.limit == "orders"


@responses.activate
def test_a_link_to_another_address_is_not_followed_with_our_credentials() -> None:
    with pytest.raises(RejectedError, match="another address"):
        client().get("https://evil.example/orders?page=2")


@responses.activate
def test_no_secret_and_no_query_stands_in_errors_or_the_log() -> None:
    seen: list[Exchange] = []
    responses.add("GET", f"{BASE}/customers", status=500)
    with pytest.raises(TransientError) as raised:
        client(hooks=Hooks(log=seen.append)).get("customers", email="dana@example.com")
    assert not [text for text in (repr(raised.value), str(raised.value), repr(seen)) if SECRET in text or "dana" in text]


TOKEN = f"{BASE}/oauth/token"
REFUSALS: list[tuple[Mapping[str, Any], type[ConnectorError]]] = [
    ({"status": 400, "json": {"error": "invalid_grant"}}, CredentialsError),
    ({"status": 401, "json": {"error": "invalid_client"}}, CredentialsError),
    ({"status": 503, "body": "<html>maintenance</html>"}, TransientError),
    ({"status": 429, "headers": {"Retry-After": "5"}}, ThrottledError),
    ({"status": 200, "body": "<html>log in</html>"}, TransientError),
    ({"status": 200, "json": {"hello": "world"}}, TransientError),
    ({"body": requests.ReadTimeout("slow")}, TransientError),
]


@pytest.mark.parametrize(("answer", "expected"), REFUSALS)
@responses.activate
def test_the_token_request_is_classified_too(answer: Mapping[str, Any], expected: type[ConnectorError]) -> None:
    responses.add("POST", TOKEN, **answer)
    grant = {"grant_type": "refresh_token", "refresh_token": "rt-secret"}
    auth = OAuth(TOKEN, client_id="id", client_secret=SECRET, grant=grant, early=120, rotates="refresh_token")
    with pytest.raises(ConnectorError) as raised:
        JsonClient(BASE, auth=auth, label="ChannelAdvisor").call("POST", "orders", body={})
    assert type(raised.value) is expected
    assert SECRET not in repr(raised.value)
    assert "rt-secret" not in repr(raised.value)


@responses.activate
def test_a_token_that_ran_out_is_renewed_once_and_the_call_repeated() -> None:
    responses.add("POST", TOKEN, json={"access_token": "one", "expires_in": 3600})
    responses.add("POST", TOKEN, json={"access_token": "two", "expires_in": 3600, "refresh_token": "rt-new"})
    responses.add("GET", f"{BASE}/orders", status=401)
    responses.add("GET", f"{BASE}/orders", json={"ok": True})
    rotated: list[tuple[str, str]] = []
    auth = OAuth(TOKEN, client_id="id", client_secret=SECRET, grant={"refresh_token": "rt-old"}, early=120, rotates="refresh_token")
    made = JsonClient(BASE, auth=auth, label="CA", hooks=Hooks(rotate=lambda name, value: rotated.append((name, value))))
    assert made.get("orders") == {"ok": True}
    assert rotated == [("refresh_token", "rt-new")]


def test_an_answer_that_drips_for_ever_ends() -> None:
    """A byte now and then never meets the timeout between two bytes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"1\r\n \r\n")
                    except OSError:
                        return

        threading.Thread(target=drip, daemon=True).start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        slow = JsonClient(address, auth=ApiKey("X-API-Key", SECRET), label="TIMS", timeout=(1.0, 0.3))
        with pytest.raises(TransientError):
            slow.get("orders")
        stop.set()
