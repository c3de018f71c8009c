"""What comes in is doubted: an odd record stops alone, and no version gets lost between two others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors.base import Record
from connectors.errors import RejectedError
from hub.engine import triage
from hub.engine.accept import accept
from hub.engine.claim import claim
from hub.engine.deliver import work
from hub.engine.settle import settle
from hub.models import Connection, Delivery, ErrorRecord, Flow, Seal
from tests.hub.engine.toyhub import Hub, mapping


@pytest.mark.parametrize(
    "odd",
    [
        {"key": "k" * 300},
        {"key": "a\x00b"},
        {"key": ""},
        {"key": "2", "version": "v" * 100},
        {"key": "2", "payload": {}},
    ],
)
def test_a_record_that_no_table_can_hold_stops_alone(hub: Hub, odd: dict[str, Any]) -> None:
    good = [Record(key=key, payload={"Id": key, "Total": 1}) for key in ("1", "3")]
    strange = Record(**{"payload": {"Id": "x", "Total": 1}, **odd})
    accept(hub.flow, [good[0], strange, good[1]], now=timezone.now())
    states = hub.states()
    assert states.pop("1") == states.pop("3") == "pending"
    assert list(states.values()) == ["failed"]
    assert ErrorRecord.objects.get().category == "unreadable"


def test_a_control_character_in_what_lists_show_is_left_out(hub: Hub) -> None:
    accept(hub.flow, [Record(key="1", payload={"Id": "1\x00", "Total": 1})], now=timezone.now())
    assert hub.last("1").title == "Order 1"


def test_an_alias_or_cursor_that_cannot_be_stored_is_left_out(hub: Hub) -> None:
    record = Record(key="1", payload={"Id": "1", "Total": 1}, aliases=("a" * 300,), cursor="c" * 4001)
    accept(hub.flow, [record], now=timezone.now())
    assert hub.states() == {"1": "pending"}
    assert Flow.objects.get(pk=hub.flow.pk).cursor == ""


def test_a_value_that_changes_back_while_a_retry_sends_the_other_is_sent_again(hub: Hub) -> None:
    hub.world.place("1", Total=4)
    hub.world.before = [RejectedError("Refused.")]
    hub.read()
    hub.send()
    hub.world.place("1", Total=3)
    triage.retry(Delivery.objects.all(), by=None)
    lease, rows = claim([hub.flow], size=1, now=timezone.now())
    work(hub.flow.target, [hub.flow], rows)
    hub.world.place("1", Total=4)
    hub.read()
    settle(hub.flow.target, rows, lease=lease, now=timezone.now())
    hub.send()
    assert hub.world.documents["D-1"]["Total"] == 4


def test_a_change_after_a_person_skipped_an_unknown_outcome_still_asks_first(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    Delivery.objects.update(state="skipped", unknown=True)
    hub.world.place("1", Sku="NEW")
    hub.read()
    assert hub.last("1").unknown


def test_versions_of_another_form_are_not_compared(hub: Hub) -> None:
    accept(hub.flow, [Record(key="1", payload={"Id": "1", "Total": 1}, version="2026-11-21T00:00:00Z")], now=timezone.now())
    accept(hub.flow, [Record(key="1", payload={"Id": "1", "Total": 2}, version="000007")], now=timezone.now())
    assert Delivery.objects.count() == 2


def test_a_source_that_is_switched_off_is_not_read_for_a_retry(hub: Hub) -> None:
    hub.world.place("1")
    hub.world.before = [RejectedError("Refused.")]
    hub.read()
    hub.send()
    Connection.objects.filter(slug="shop").update(enabled=False)
    triage.retry(Delivery.objects.all(), by=None)
    hub.send()
    delivery = hub.last("1")
    assert (delivery.state, delivery.attempts) == ("waiting", 0)
    assert "switched off" in delivery.reason


def test_masked_text_is_never_sent_when_the_clear_text_is_gone(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    Delivery.objects.update(sealed=None)
    hub.world.orders.clear()
    hub.send()
    assert hub.world.documents == {}
    assert hub.last("1").reason_code == "missing"


def test_a_change_keeps_the_clear_text_longer(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    Seal.objects.update(keep_until=timezone.now() + timedelta(hours=1))
    hub.world.place("1", Sku="NEW")
    hub.read()
    assert Seal.objects.get().keep_until > timezone.now() + timedelta(days=30)


def test_a_retry_that_reads_another_buyer_takes_in_that_buyer_too(hub: Hub) -> None:
    people = Flow.objects.create(
        slug="people", name="People", source=hub.flow.source, stream="people", target=hub.flow.target, operation="people",
        mapping=mapping("people", "people", "people", {"Name": "Name"}),
    )  # fmt: skip
    hub.world.place("1", Name="Dana Ruiz")
    hub.world.before = [RejectedError("Refused."), RejectedError("Refused.")]
    hub.read()
    hub.send()
    hub.world.place("1", Name="Ada Byron")
    triage.retry(Delivery.objects.filter(flow=hub.flow), by=None)
    hub.send()
    assert "p-ada" in hub.states(people)


@pytest.mark.parametrize("further", ["2026-11-20T10:00:00.000Z~00001~2026-11-20T10:00:00.000Z~token", "2026-11-20T10:00:00.001Z"])
def test_a_place_within_a_walk_lies_behind_its_beginning_and_before_the_next(hub: Hub, further: str) -> None:
    """The rules of a language would leave out "~" and compare letters without their case."""
    begin, end = "2026-11-20T10:00:00.000Z", "2026-11-20T10:07:00.000Z"
    for cursor, stands in ((begin, begin), (further, further), (begin, further), (end, end), (further, end)):
        accept(hub.flow, [Record(key="1", payload={"Id": "1", "Total": 1}, cursor=cursor)], now=timezone.now())
        assert Flow.objects.get(pk=hub.flow.pk).cursor == stands


def test_cursors_sort_by_their_signs_and_not_by_a_language(hub: Hub) -> None:
    for cursor in ("A~", "B", "a"):
        accept(hub.flow, [Record(key="1", payload={"Id": "1", "Total": 1}, cursor=cursor)], now=timezone.now())
        assert Flow.objects.get(pk=hub.flow.pk).cursor == cursor
