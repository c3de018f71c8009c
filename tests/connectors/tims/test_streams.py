"""Reading what changed in TIMS."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from connectors.base import Record
from connectors.errors import CursorExpiredError, TransientError
from connectors.tims import CONNECTOR, streams
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox

ITEMS = CONNECTOR.stream("items")


def test_a_row_without_its_key_fails_alone() -> None:
    bad = streams.record({"Description": "nameless"}, "SKU")
    worse = streams.record("text", "SKU")
    assert bad.problem
    assert worse.problem
    assert bad.key != worse.key
    assert bad.key.startswith("unreadable-")


@pytest.mark.parametrize("text", [None, "", "yesterday", "2026-11-20T10:00:00", 5])
def test_a_time_that_is_none_is_empty(text: object) -> None:
    assert streams.moment(text) == ""


def test_times_sort_as_text_whatever_their_offset() -> None:
    assert streams.moment("2026-11-20T10:15:00+01:00") == "2026-11-20T09:15:00.000000Z"
    assert streams.watermark("2026-11-20T10:15:00Z") == "2026-11-20T10:13:00.000000Z"


def test_every_item_is_read_in_pages(client: TimsClient, box: TimsSandbox) -> None:
    records = list(ITEMS.read(client, ""))
    assert {one.key for one in records} == {row["SKU"] for row in box.book.rows("items")}
    assert len([entry for entry in box.seen if entry[1] == "/api/v1/items"]) == 2


def test_what_is_written_during_the_sweep_is_not_lost(client: TimsClient, box: TimsSandbox) -> None:
    records = ITEMS.read(client, "")
    seen = [next(records).key]
    for number in range(5):
        box.edit("items", f"TK-{1001 + number * 7}", {"Description": "changed during the sweep"})
    rest = list(records)
    seen += [one.key for one in rest]
    last = max(one.cursor for one in rest)
    again = {one.key: one.payload for one in ITEMS.read(client, last)}
    assert set(seen) == {row["SKU"] for row in box.book.rows("items")}
    changed = {row["SKU"] for row in box.book.rows("items") if row["Description"] == "changed during the sweep"}
    assert changed <= set(again) | {one.key for one in rest if one.payload["Description"] == "changed during the sweep"}


def test_the_place_to_read_on_from_is_never_later_than_two_minutes_before_the_first_page(client: TimsClient, box: TimsSandbox) -> None:
    latest = streams.moment((box.now() - timedelta(seconds=119)).isoformat())
    assert all(one.cursor < latest for one in ITEMS.read(client, ""))


def test_a_place_never_moves_back(client: TimsClient, box: TimsSandbox) -> None:
    place = streams.moment(box.now().isoformat())
    box.edit("items", "TK-1001", {"Brand": "New"})
    assert [one.cursor for one in ITEMS.read(client, place)] == [place]


def test_old_changes_are_read_once_and_new_ones_with_their_version(client: TimsClient, box: TimsSandbox) -> None:
    box.clock.advance(3600)
    place = max(one.cursor for one in ITEMS.read(client, ""))
    box.edit("items", "TK-1002", {"Brand": "New"})
    assert [(one.key, one.version) for one in ITEMS.read(client, place) if one.payload.get("Brand") == "New"] == [
        ("TK-1002", "000000000002")
    ]


def test_an_expired_cursor_starts_again_from_the_last_row(client: TimsClient, box: TimsSandbox) -> None:
    records = ITEMS.read(client, "")
    keys = {next(records).key for _ in range(150)}
    box.clock.advance(25 * 3600)
    keys |= {one.key for one in records}
    assert keys == {row["SKU"] for row in box.book.rows("items")}


def test_a_cursor_that_expires_before_any_row_is_said(client: TimsClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def expired(*_: object, **__: object) -> None:
        raise CursorExpiredError("gone")

    monkeypatch.setattr(client, "get", expired)
    with pytest.raises(CursorExpiredError):
        list(ITEMS.read(client, ""))


def test_a_sweep_that_breaks_can_go_on_from_its_last_row(client: TimsClient, box: TimsSandbox) -> None:
    box.faults.add("truncate", "/api/v1/items", skip=1)
    seen: list[Record] = []
    with pytest.raises(TransientError):
        seen.extend(ITEMS.read(client, ""))
    keys = {one.key for one in [*seen, *ITEMS.read(client, seen[-1].cursor)]}
    assert keys == {row["SKU"] for row in box.book.rows("items")}


def test_several_items_are_read_in_one_call(client: TimsClient, box: TimsSandbox) -> None:
    assert ITEMS.read_many
    found = ITEMS.read_many(client, ["TK-1001", "NO-SUCH", "TK-1150"])
    assert [one.key for one in found] == ["TK-1001", "TK-1150"]
    assert len([entry for entry in box.seen if entry[1] == "/api/v1/items"]) == 1


def test_a_sku_with_signs_in_it_is_read(client: TimsClient, box: TimsSandbox) -> None:
    odd = "A/B c'+%ü"
    box.edit("items", "TK-1001", {})
    row = box.book.get("items", "TK-1001") or {}
    box.book.put("items", odd.upper(), {**row, "SKU": odd})
    assert ITEMS.read_one
    found = ITEMS.read_one(client, odd)
    assert found
    assert found.key == odd


def test_orders_carry_their_marketplace_number_as_another_name() -> None:
    row = {"MarketplaceName": "Amazon US", "MarketplaceOrderID": "112-1", "TotalAmount": 5, "Currency": "USD"}
    assert streams.order_aliases(row) == ("Amazon US:112-1",)
    assert streams.order_aliases({}) == ()
    assert streams.order_summary(row).title == "Amazon US 112-1"


def test_an_order_is_settled_when_nothing_is_left_to_ship() -> None:
    at = datetime(2026, 11, 20).isoformat() + "Z"  # noqa: DTZ001 - the zone is written behind it
    assert streams.order_settled_at({"OrderStatus": "Fulfilled", "UpdatedAt": at}).startswith("2026-11-20T00:00")
    assert streams.order_settled_at({"OrderStatus": "Open", "UpdatedAt": at}) == ""
