"""Notifications: malformed ones are refused in words, both spellings and both roads are read alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from connectors.amazon import notifications
from connectors.amazon.notifications import SETTLEMENT, parse, verify
from connectors.errors import BadEventError, BadSignatureError
from tests.connectors.amazon import notices
from tests.connectors.amazon.notices import SETTINGS, raw

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def without(content: dict[str, Any], *path: str) -> bytes:
    place = content
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return raw(content)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (raw(notices.order())[:-40], "not JSON"),
        (b'"\xff\xfe"', "not"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"[]", "not a JSON object"),
        (b"{}", "NotificationType is missing"),
        (raw({"detail": "text"}), "NotificationType is missing"),
        (without(notices.order(), "NotificationType"), "NotificationType is missing"),
        (without(notices.order(), "Payload"), "Payload is missing"),
        (raw(notices.pascal("ORDER_CHANGE", "text")), "Payload is missing"),
        (raw(notices.pascal("ORDER_CHANGE", {"OrderChangeNotification": []})), "no group of fields"),
        (without(notices.order(), "Payload", "OrderChangeNotification", "AmazonOrderId"), "AmazonOrderId is missing"),
        (raw(notices.order(number=7)), "AmazonOrderId is missing or no text"),  # type: ignore[arg-type]
        (without(notices.listing(), "Payload", "Sku"), "Sku is missing"),
        (without(notices.feed(), "payload", "feedProcessingFinishedNotification", "feedId"), "feedId is missing"),
        (raw(notices.fulfilment("")), "SellerFulfillmentOrderId is missing"),
        (raw(notices.order(seller="A9OTHER")), "A9OTHER; give each connection a queue of its own"),
    ],
)
def test_what_is_no_notification_of_ours_is_refused_in_words(body: bytes, said: str) -> None:
    with pytest.raises(BadEventError) as refused:
        parse(SETTINGS, body)
    assert said in str(refused.value)


def test_an_order_change_names_the_order() -> None:
    event = parse(SETTINGS, raw(notices.order()))
    assert (event.id, event.type, event.stream, event.key) == ("n-1", "ORDER_CHANGE", "orders", "111-2223334-4445556")
    assert event.occurred_at == "2026-11-18T09:47:10.000Z"


def test_an_order_change_is_dated_as_the_order_will_be() -> None:
    told = notices.order()
    told["Payload"]["OrderChangeNotification"]["OrderChangeTrigger"] = {"TimeOfOrderChange": "2026-11-18T10:47:02.5+01:00"}
    assert parse(SETTINGS, raw(told)).occurred_at == "2026-11-18T09:47:02.500Z"


@pytest.mark.parametrize("spelt", [str.lower, str.upper])
def test_field_names_are_read_without_case(spelt: Any) -> None:
    def respelt(value: Any) -> Any:
        return {spelt(name): respelt(one) for name, one in value.items()} if isinstance(value, dict) else value

    assert parse(SETTINGS, raw(respelt(notices.order()))) == parse(SETTINGS, raw(notices.order()))


def test_an_event_of_the_event_bridge_is_unwrapped() -> None:
    assert parse(SETTINGS, raw(notices.bridged(notices.order()))) == parse(SETTINGS, raw(notices.order()))


def test_a_notification_without_an_id_takes_that_of_the_bridge_else_one_of_its_content() -> None:
    nameless = json.loads(without(notices.order(), "NotificationMetadata", "NotificationId"))
    assert parse(SETTINGS, raw(notices.bridged(nameless))).id == "bridge-event-1"
    assert len({parse(SETTINGS, raw(nameless)).id for _ in range(2)}) == 1


def test_a_finished_settlement_names_its_report() -> None:
    event = parse(SETTINGS, raw(notices.report(SETTLEMENT)))
    assert (event.stream, event.key) == ("settlements", "51234")


@pytest.mark.parametrize("content", [notices.report(SETTLEMENT, "CANCELLED"), notices.report("GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE")])
def test_reports_that_are_no_record_by_their_number_announce_nothing(content: dict[str, Any]) -> None:
    assert parse(SETTINGS, raw(content)).stream == ""


@pytest.mark.parametrize("kind", ["LISTINGS_ITEM_STATUS_CHANGE", "LISTINGS_ITEM_STATUS_CHANGED"])
def test_a_changed_listing_names_its_sku_under_both_names_of_the_type(kind: str) -> None:
    event = parse(SETTINGS, raw(notices.listing(kind=kind)))
    assert (event.stream, event.key) == ("listings", "ATVPDKIKX0DER/MUG/BLUE 1")


def test_a_fulfilment_order_names_itself() -> None:
    event = parse(SETTINGS, raw(notices.fulfilment()))
    assert (event.stream, event.key) == ("fulfilment_packages", "ChannelAdvisor-100045")


@pytest.mark.parametrize("content", [notices.order(marketplace="A1F83G8C2ARO7P"), notices.listing(marketplace="A1F83G8C2ARO7P")])
def test_a_marketplace_that_the_connection_does_not_read_is_no_news(content: dict[str, Any]) -> None:
    assert parse(SETTINGS, raw(content)).stream == ""


@pytest.mark.parametrize("content", [notices.feed(), notices.pascal("TRANSACTION_UPDATE", {}), notices.pascal("A_TYPE_OF_TOMORROW", {})])
def test_a_type_that_announces_no_record_is_an_event_without_stream(content: dict[str, Any]) -> None:
    event = parse(SETTINGS, raw(content))
    assert (event.id, event.stream, event.key) == ("n-1", "", "")


@pytest.mark.parametrize("given", ["", "k" * 39, "K" * 40, "k" * 40 + " ", "ü" * 40])
def test_a_wrong_key_of_the_bridge_is_refused(given: str) -> None:
    with pytest.raises(BadSignatureError):
        verify(SETTINGS, {"x-api-key": given}, b"{}", NOW)


@pytest.mark.parametrize("kept", ["", "short"])
def test_a_connection_without_a_proper_key_takes_nothing(kept: str) -> None:
    with pytest.raises(BadSignatureError):
        verify({"eventbridge_key": kept}, {"x-api-key": kept}, b"{}", NOW)


def test_the_key_of_the_bridge_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    monkeypatch.setattr(notifications.hmac, "compare_digest", lambda one, other: bool(compared.append((one, other))) or one == other)
    verify(SETTINGS, {"x-api-key": "k" * 40}, b"{}", NOW)
    assert compared == [(b"k" * 40, b"k" * 40)]


def test_a_finished_feed_names_the_tickets_that_it_decides() -> None:
    event = parse(SETTINGS, raw(notices.feed("50123")))
    assert (event.stream, event.key, event.ticket) == ("", "", "50123/")
    assert not parse(SETTINGS, raw(notices.order())).ticket
