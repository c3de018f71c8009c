"""The intake of webhooks: what is wrong gets a clear answer, what is right is stored once."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import DatabaseError, connection
from django.test import Client, RequestFactory
from pytest_django.fixtures import DjangoAssertNumQueries

from hub.api import webhooks
from hub.models import Connection, InboundEvent, Wake
from hub.vault import seal_secrets, unseal
from tests.hub.api.signed import SECRET, event, signature

Send = Callable[..., Any]


def words(response: Any) -> str:
    return str(json.loads(response.content)["error"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b" ", "not JSON"),
        (b"{", "not JSON"),
        (json.dumps(event()).encode()[:-40], "not JSON"),
        (json.dumps(event()).encode("utf-16"), "not"),
        (b'{"EventType": "\xff\xfe"}', "not"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b'"order"', "not a JSON object"),
        (b"{}", "EventType is missing"),
        (json.dumps(event(Entity=None)).encode(), "not an order number"),
        (json.dumps(event(Entity={"ID": "x" * 300})).encode(), "not an order number"),
        (json.dumps(event(EventID="nul\0inside")).encode(), "unprintable"),
    ],
)
def test_a_signed_body_that_is_no_event_is_refused_in_words_and_kept_for_people(
    send: Send, connection: Connection, body: bytes, said: str
) -> None:
    response = send(body)
    assert (response.status_code, said in words(response)) == (400, True), words(response)
    kept = InboundEvent.objects.get()
    assert (kept.state, unseal(kept.seal, kept.sealed)) == ("failed", body)


def test_an_unreadable_body_that_is_sent_again_is_kept_once(send: Send) -> None:
    send(b"{")
    send(b"{")
    assert InboundEvent.objects.count() == 1


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", ""]
)
def test_another_content_type_is_refused(send: Send, kind: str) -> None:
    response = send(event(), kind=kind)
    assert response.status_code == 415
    assert "application/json" in words(response)
    assert not InboundEvent.objects.exists()


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/cloudevents+json"])
def test_every_way_to_say_json_is_taken(send: Send, kind: str) -> None:
    assert send(event(), kind=kind).status_code == 202


class Endless(BytesIO):
    """A body of 50 MB that counts what is taken from it."""

    given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        size = -1 if size is None else size
        size = min(size if size >= 0 else 50_000_000, 50_000_000 - self.given)
        self.given += size
        return b"x" * size


def arriving(body: Any, *, length: str, **headers: str) -> WSGIRequest:
    """A request as the server hands it over; without a length it is a chunked one."""
    environ = {"REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": length, **headers}
    return WSGIRequest({**RequestFactory()._base_environ(**environ), "wsgi.input": body, "wsgi.input_terminated": True})


@pytest.mark.parametrize("length", ["50000000", "9" * 40, ""])
def test_fifty_megabytes_are_refused_without_reading_them(connection: Connection, length: str, settings: Any) -> None:
    body = Endless()
    response = webhooks.webhook(arriving(body, length=length), connection.slug, connection.webhook_token)
    assert response.status_code == 413
    assert body.given <= (0 if length else settings.HUB_WEBHOOK_MAX_BYTES + 1)


def test_a_chunked_body_is_read_to_its_end(connection: Connection) -> None:
    raw = json.dumps(event()).encode()
    request = arriving(BytesIO(raw), length="", HTTP_X_CHANNELADVISOR_SIGNATURE=signature(raw))
    assert webhooks.webhook(request, connection.slug, connection.webhook_token).status_code == 202


def test_a_body_that_breaks_off_is_asked_for_again(connection: Connection) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise ConnectionResetError

    response = webhooks.webhook(arriving(Broken(), length="200"), connection.slug, connection.webhook_token)
    assert (response.status_code, "broke off" in words(response)) == (400, True)


@pytest.mark.parametrize("token", ["wrong", "ü", "x" * 500])
def test_a_wrong_address_token_is_not_found(send: Send, connection: Connection, token: str) -> None:
    assert send(event(), path=f"/api/webhooks/{connection.slug}/{token}").status_code == 404


def test_an_unknown_connection_is_answered_exactly_as_a_wrong_token(send: Send, connection: Connection) -> None:
    unknown = send(event(), path=f"/api/webhooks/ca-uk/{connection.webhook_token}")
    wrong = send(event(), path=f"/api/webhooks/{connection.slug}/wrong")
    assert (unknown.status_code, unknown.content) == (404, wrong.content)


def test_tokens_and_signatures_are_compared_in_constant_time(send: Send, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    real = hmac.compare_digest
    monkeypatch.setattr("hub.api.addresses.secrets.compare_digest", spy)
    monkeypatch.setattr("connectors.channeladvisor.webhook.hmac.compare_digest", spy)
    signed = "0" * 64
    send(event(), signed=f"t={int(time.time())},v1={signed}")
    assert (connection.webhook_token.encode(), connection.webhook_token.encode()) in compared
    assert any(other == signed.encode() for _, other in compared)


@pytest.mark.parametrize("signed", ["nonsense", "t=1,v1=00", "v1=00", "t=abc,v1=ü"])
def test_a_wrong_signature_is_refused_counted_and_not_stored(send: Send, connection: Connection, signed: str) -> None:
    assert send(event(), signed=signed).status_code == 401
    assert send(event(), signed=signed).status_code == 401
    connection.refresh_from_db()
    assert connection.bad_signatures == 2
    assert not InboundEvent.objects.exists()


def test_a_signature_under_another_secret_is_refused(send: Send) -> None:
    body = json.dumps(event()).encode()
    assert send(body, signed=signature(body, secret="x" * 40)).status_code == 401


@pytest.mark.parametrize("age", [-301, 301, 86_400])
def test_a_stale_or_early_timestamp_is_refused(send: Send, age: int) -> None:
    response = send(event(), at=time.time() - age)
    assert response.status_code == 401
    assert "five minutes" in words(response)


def test_a_refusal_logs_neither_body_nor_secret_nor_token(
    send: Send, connection: Connection, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    send(event(Data={"Email": "canary@example.com"}), signed="t=1,v1=00")
    said = caplog.text + "".join(capfd.readouterr())
    assert "canary@example.com" not in said
    assert SECRET not in said
    assert connection.webhook_token not in said
    assert "webhook refused" in said


def test_an_event_is_stored_sealed_and_wakes_the_hub(send: Send, connection: Connection) -> None:
    response = send(event())
    assert (response.status_code, response.json()) == (202, {"status": "accepted"})
    row = InboundEvent.objects.get()
    assert (row.state, row.stream, row.key, row.type) == ("received", "orders", "19918546", "order.created")
    assert json.loads(unseal(row.seal, row.sealed)) == event()
    assert b"112-4455667" not in bytes(row.sealed or b"")
    assert Wake.objects.filter(name=f"events:{connection.pk}").exists()


def test_a_replayed_event_changes_nothing(send: Send) -> None:
    assert [send(event()).status_code for _ in range(3)] == [202, 202, 202]
    assert InboundEvent.objects.count() == 1


def test_events_out_of_order_are_all_kept(send: Send) -> None:
    for number, kind in ((3, "order.cancelled"), (1, "order.created"), (2, "order.updated")):
        send(event(7, EventID=f"event-{number}", EventType=kind))
    assert InboundEvent.objects.filter(key="7", state="received").count() == 3


@pytest.mark.parametrize("kind", ["webhook.test", "parcel.teleported", "x" * 500])
def test_an_unknown_event_is_kept_as_ignored_with_its_reason(send: Send, kind: str) -> None:
    assert send(event(EventType=kind)).status_code == 202
    row = InboundEvent.objects.get()
    assert (row.state, bool(row.reason), row.stream) == ("ignored", True, "")


def test_a_paused_connection_still_takes_events(send: Send, connection: Connection) -> None:
    Connection.objects.update(enabled=False)
    assert send(event()).status_code == 202
    assert InboundEvent.objects.get().state == "received"


def test_a_new_secret_counts_at_once(send: Send, connection: Connection) -> None:
    send(event(1))
    connection.secrets = seal_secrets({"webhook_secret": "another-secret-of-more-than-32-characters"})
    connection.save()
    body = json.dumps(event(2)).encode()
    assert send(body, signed=signature(body, secret="another-secret-of-more-than-32-characters")).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_was_just_removed_is_not_a_fault(send: Send, connection: Connection) -> None:
    send(event(1))
    path = f"/api/webhooks/{connection.slug}/{connection.webhook_token}"
    InboundEvent.objects.all().delete()
    connection.delete()
    assert send(event(2), path=path).status_code == 503
    assert send(event(2), path=path).status_code == 404


def test_when_the_database_does_not_answer_the_sender_is_asked_to_come_again(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: Any, **more: Any) -> None:
        raise DatabaseError

    monkeypatch.setattr(webhooks, "_store", down)
    response = send(event())
    assert (response.status_code, response.headers["Retry-After"]) == (503, "60")


def test_a_key_that_does_not_fit_is_answered_with_come_again_and_shows_nothing(send: Send, settings: Any) -> None:
    from cryptography.fernet import Fernet

    settings.HUB_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    response = send(event())
    assert response.status_code == 503
    assert not InboundEvent.objects.exists()


def test_only_post_brings_events(client: Client, connection: Connection) -> None:
    response = client.get(f"/api/webhooks/{connection.slug}/{connection.webhook_token}")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")


@pytest.fixture
def tims(db: None) -> Connection:
    return Connection.objects.create(slug="tims", name="TIMS", connector="tims", secrets=seal_secrets({"webhook_secret": SECRET}))


def test_a_handshake_is_answered_as_plain_text(tims: Connection, client: Client) -> None:
    response = client.post(f"/api/webhooks/{tims.slug}/{tims.webhook_token}?validation_token=abc-42")
    assert (response.status_code, response.content, response.headers["Content-Type"]) == (200, b"abc-42", "text/plain; charset=utf-8")


def test_a_handshake_at_a_wrong_address_is_not_found(tims: Connection, client: Client) -> None:
    assert client.post(f"/api/webhooks/{tims.slug}/wrong?validation_token=abc-42").status_code == 404


def test_an_event_of_tims_is_stored(tims: Connection, client: Client) -> None:
    body = json.dumps(
        {"ID": "evt_1", "Type": "item.created", "OccurredAt": "2026-11-20T10:14:58Z", "Entity": {"Type": "item", "ID": "TK-9000"}}
    ).encode()
    stamp = str(int(time.time()))
    signed = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, "sha256").hexdigest()
    headers = {"X-TIMS-Timestamp": stamp, "X-TIMS-Signature": f"sha256={signed}"}
    response = client.post(f"/api/webhooks/{tims.slug}/{tims.webhook_token}", body, content_type="application/json", headers=headers)
    assert response.status_code == 202
    assert InboundEvent.objects.get().event_id == "evt_1"


@pytest.mark.django_db(transaction=True)
def test_an_event_costs_few_statements(send: Send, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    send(event(1))
    pragmas = 2 if connection.vendor == "sqlite" else 0
    with django_assert_max_num_queries(5 + pragmas):  # begin, seal, event, commit, wake-up
        send(event(2))


def test_a_wake_up_that_is_lost_does_not_lose_the_event(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_broker(*args: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(webhooks, "wake", no_broker)
    assert send(event()).status_code == 202
    assert InboundEvent.objects.get().state == "received"
