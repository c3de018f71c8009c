"""Webhooks: only what was signed by the sender is believed, and hostile bodies are refused in words."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

import pytest

from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.webhook import parse, verify
from connectors.errors import BadEventError, BadSignatureError
from connectors.wire import encode

SECRET = "a-secret-of-at-least-thirty-two-characters"
NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
V2 = {"dialect": "v2", "webhook_secret": SECRET}
REST = {"dialect": "rest-v1", "webhook_secret": SECRET}
BODY = (
    b'{"EventID": "e-1", "EventType": "order.created", "OccurredAtUtc": "2026-11-19T23:55:10Z",'
    b' "Entity": {"Type": "Order", "ID": 19918546}}'
)


def signed(body: bytes = BODY, *, at: int | None = None, secret: str = SECRET, before: str = "", after: str = "") -> dict[str, str]:
    stamp = int(NOW.timestamp()) if at is None else at
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"x-channeladvisor-signature": f"t={stamp},{before}v1={digest}{after}"}


SECONDS = int(NOW.timestamp())
GOOD = [{}, {"before": "v1=00ff,"}, {"after": ",v1=00ff"}, {"at": SECONDS - 299}, {"at": SECONDS + 299}]


@pytest.mark.parametrize("more", GOOD)
def test_a_good_signature_is_accepted(more: dict[str, str]) -> None:
    verify(V2, signed(**more), BODY, NOW)  # type: ignore[arg-type]


BAD_HEADERS = {
    "another secret": signed(secret="another-secret-that-is-long-enough-for-us"),
    "too old": signed(at=int(NOW.timestamp()) - 301),
    "from the future": signed(at=int(NOW.timestamp()) + 301),
    "another body": signed(b"{}"),
    "no header": {},
    "empty": {"x-channeladvisor-signature": ""},
    "no time": {"x-channeladvisor-signature": "v1=00"},
    "no signature": {"x-channeladvisor-signature": f"t={int(NOW.timestamp())}"},
    "empty signature": {"x-channeladvisor-signature": f"t={int(NOW.timestamp())},v1="},
    "a time that is no number": {"x-channeladvisor-signature": "t=nan,v1=00"},
    "a huge time": {"x-channeladvisor-signature": f"t={'9' * 400},v1=00"},
    "digits of another script": {"x-channeladvisor-signature": "t=١٢٣,v1=00"},
    "not ascii": {"x-channeladvisor-signature": f"t={int(NOW.timestamp())},v1=ü\udce4"},
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_wrong_signature_is_refused(name: str) -> None:
    with pytest.raises(BadSignatureError):
        verify(V2, BAD_HEADERS[name], BODY, NOW)


@pytest.mark.parametrize("settings", [{"dialect": "v2"}, {"dialect": "rest-v1", "webhook_secret": ""}])
def test_without_a_secret_nothing_is_believed(settings: dict[str, str]) -> None:
    with pytest.raises(BadSignatureError):
        verify(settings, signed(secret=""), BODY, NOW)


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha512", "hmac-sha1"])
@pytest.mark.parametrize("encoding", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["", "sha="])
@pytest.mark.parametrize("time_header", ["", "X-Time"])
def test_the_published_signature_is_what_the_settings_say(algorithm: str, encoding: str, prefix: str, time_header: str) -> None:
    chosen = {"webhook_algorithm": algorithm, "webhook_encoding": encoding, "webhook_prefix": prefix}
    settings = {**REST, **chosen, "webhook_header": "X-Sign", "webhook_timestamp_header": time_header}
    stamp = str(int(NOW.timestamp()))
    text = stamp.encode() + b"." + BODY if time_header else BODY
    digest = hmac.new(SECRET.encode(), text, algorithm.removeprefix("hmac-")).digest()
    written = prefix + (digest.hex() if encoding == "hex" else base64.b64encode(digest).decode())
    headers = {"x-sign": written, **({"x-time": stamp} if time_header else {})}
    verify(settings, headers, BODY, NOW)
    for wrong in ({**headers, "x-sign": written[:-3]}, {}, {**headers, "x-sign": "é"}):
        with pytest.raises(BadSignatureError):
            verify(settings, wrong, BODY, NOW)
    with pytest.raises(BadSignatureError):
        verify({**settings, "webhook_algorithm": "md5"}, headers, BODY, NOW)


def test_an_order_event_names_the_order_to_read() -> None:
    event = parse(V2, {}, BODY)
    assert (event.id, event.type, event.stream, event.key) == ("e-1", "order.created", "orders", "19918546")
    assert event.occurred_at == "2026-11-19T23:55:10.000000Z"


@pytest.mark.parametrize("kind", ["webhook.test", "shipment.status_changed", "inventory.changed", "brand.new"])
def test_an_event_of_another_kind_needs_no_reading(kind: str) -> None:
    event = parse(V2, {}, encode({"EventID": "e-2", "EventType": kind, "Entity": {"ID": 5}}))
    assert (event.stream, event.key) == ("", "")


def test_an_event_without_an_id_is_named_by_its_content() -> None:
    body = encode({"EventType": "order.updated", "Entity": {"ID": 5}})
    assert parse(V2, {}, body).id == hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize("body", [{"ID": 7}, {"Order": {"ID": 7}}, {"Value": {"ID": 7}}, {"ID": "7"}])
def test_a_published_event_is_the_order_itself(body: dict[str, object]) -> None:
    event = parse(REST, {"x-channeladvisor-event": "PaymentCleared", "x-channeladvisor-delivery": "d-1"}, encode(body))
    assert (event.id, event.type, event.stream, event.key) == ("d-1", "PaymentCleared", "orders", "7")


HOSTILE = {
    "empty": b"", "not json": b"<html>", "not utf-8": b'{"EventType": "\xff\xfe"}', "deep": b"[" * 200_000,
    "deep object": b'{"a":' * 100_000,
    "a list": b"[]", "a number": b"5", "null": b"null", "nothing in it": b"{}", "a type that is no text": b'{"EventType": 5}',
    "no entity": b'{"EventType": "order.created"}', "entity as text": b'{"EventType": "order.created", "Entity": "1"}',
    "an id that is no number": b'{"EventType": "order.created", "Entity": {"ID": "1 or 1 eq 1"}}',
    "a negative id": b'{"EventType": "order.created", "Entity": {"ID": -1}}',
    "a true id": b'{"EventType": "order.created", "Entity": {"ID": true}}',
    "a huge id": b'{"EventType": "order.created", "Entity": {"ID": ' + b"9" * 5000 + b"}}",
    "a broken id": b'{"EventType": "order.created", "Entity": {"ID": 1.5}}', "cut off": BODY[:-5],
}  # fmt: skip


PUBLISHED_TOO = [name for name, body in HOSTILE.items() if not body.startswith(b'{"EventType": "order')]
TRIED = [*((name, V2) for name in HOSTILE), *((name, REST) for name in PUBLISHED_TOO)]


@pytest.mark.parametrize(("name", "settings"), TRIED)
def test_a_hostile_body_is_refused_in_words(name: str, settings: dict[str, str]) -> None:
    with pytest.raises(BadEventError) as caught:
        parse(settings, {}, HOSTILE[name])
    assert len(str(caught.value)) > 10


def test_a_body_of_one_mebibyte_is_read() -> None:
    body = encode({"EventID": "x" * 2**20, "EventType": "order.created", "Entity": {"ID": 5}})
    assert len(parse(V2, {}, body).id) == 100


def test_the_connector_offers_its_webhook() -> None:
    assert CONNECTOR.webhook
    assert CONNECTOR.webhook.challenge is None
