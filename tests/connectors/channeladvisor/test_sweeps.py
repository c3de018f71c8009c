"""Reading orders over real HTTP, in both dialects: nothing is lost, whatever happens between two pages."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import PROFILES, ChannelAdvisorSandbox
from connectors.channeladvisor.times import moved
from connectors.errors import CursorExpiredError
from connectors.http import JsonClient
from tests.connectors.channeladvisor.conftest import orders, read, read_one, take


def test_orders_that_arrive_between_pages_are_read_once_and_none_is_lost(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    made = orders(255)
    expected = set(map(str, box.place_many(made[:250])))
    keys = []
    for place, record in enumerate(CONNECTOR.stream("orders").read(client, "")):
        keys.append(record.key)
        if place in (10, 60, 120, 150, 180):
            expected.add(str(box.place(made.pop())))
    assert len([one for one in box.seen if one[1].endswith("/orders") or one[1].endswith("/Orders")]) >= 3
    assert sorted(keys) == sorted(expected)


def test_orders_that_change_during_a_sweep_push_no_other_order_out_of_sight(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    numbers = box.place_many(orders(150))
    start = read(client)[0].cursor
    seen = set()
    for place, record in enumerate(CONNECTOR.stream("orders").read(client, start)):
        seen.add((record.key, record.version))
        if place % 10 == 5:
            box.change(numbers[place // 10], Notes={"Buyer": f"changed {place}"})
    assert {key for key, _ in seen} == set(map(str, numbers))


def test_orders_taken_by_us_during_a_sweep_push_no_other_order_out_of_sight(
    box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]
) -> None:
    published = connect("rest-v1")
    numbers = box.place_many(orders(70))
    seen = []
    for record in CONNECTOR.stream("orders").read(published, ""):
        seen.append(record.key)
        published.call("POST", f"v1/Orders({record.key})/Export")
    assert sorted(seen) == sorted(map(str, numbers))


def test_many_orders_of_one_moment_do_not_stop_a_published_sweep(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    published = connect("rest-v1")
    numbers = box.place_many(orders(65))
    for key in box.book.keys("order"):
        row = box.book.get("order", key)
        assert row
        row["Order"]["UpdatedDateUtc"] = "2026-11-20T10:00:00.123456Z"
        box.book.put("order", key, row)
        box.book.put("untaken standin-application", key, {"UpdatedDateUtc": "2026-11-20T10:00:00.123456Z"})
    assert sorted(record.key for record in read(published)) == sorted(map(str, numbers))


def test_the_first_read_carries_cursors_that_rise(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    box.place_many(orders(120))
    cursors = [record.cursor for record in read(client)]
    assert all(cursors)
    assert cursors == sorted(cursors)


def test_a_later_read_offers_untaken_orders_without_moving_the_cursor(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    old, new = orders(2)
    box.clock.advance(-3600)
    number = box.place(old)
    box.clock.advance(3600)
    cursor = read(client)[-1].cursor
    later = box.place(new)
    records = read(client, moved(cursor, seconds=1800))
    assert [(record.key, bool(record.cursor)) for record in records] == [(str(number), False), (str(later), False), (str(later), True)]


def test_the_cursor_never_passes_the_moment_when_the_sweep_began(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    numbers = box.place_many(orders(30))
    cursors = []
    for place, record in enumerate(CONNECTOR.stream("orders").read(client, "")):
        cursors.append(record.cursor)
        if place == 3:
            began = box.now()
            box.clock.advance(600)
            for number in numbers:
                box.change(number, Notes={"Buyer": "later"})
    assert max(cursors) <= began.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_changes_are_read_again_from_two_minutes_before_the_cursor(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    (number,) = box.place_many(orders(1))
    take(client, number)
    updated = box.orders()[0]["UpdatedDateUtc"]
    assert [record.key for record in read(client, moved(updated, seconds=119))] == [str(number)]
    assert read(client, moved(updated, seconds=121)) == []


def test_a_cancelled_order_that_was_taken_is_read_as_a_change(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    (number,) = box.place_many(orders(1))
    cursor = read(client)[0].cursor
    take(client, number)
    box.cancel(number)
    (record,) = read(client, cursor)
    assert record.payload["OrderStatus"] == "Cancelled"
    assert CONNECTOR.stream("orders").settled_at(record.payload)  # type: ignore[misc]


def test_orders_of_another_profile_are_not_read(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient], dialect: str) -> None:
    ours, theirs = orders(2)
    number, foreign = box.place(ours), box.place({**theirs, "ProfileID": PROFILES[1]})
    client = connect(dialect, refresh_token="ca_rt_both")
    assert [record.key for record in read(client)] == [str(number)]
    assert read_one(client, foreign) is None
    assert [record.key for record in CONNECTOR.stream("orders").read_many(client, [str(foreign), str(number)])] == [str(number)]  # type: ignore[misc]


def test_a_cursor_that_expires_on_the_way_restarts_the_sweep(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    numbers = box.place_many(orders(250))
    box.faults.add("410", "/v2/orders", skip=1, count=1)
    keys = [record.key for record in read(connect("v2"))]
    assert set(keys) == set(map(str, numbers))
    assert len(keys) == len(numbers) + 1, "it begins again at the last order seen, not at the first"


def test_a_fresh_cursor_that_is_refused_as_well_is_an_error(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    box.faults.add("410", "/v2/orders", count=None)
    with pytest.raises(CursorExpiredError):
        read(connect("v2"))


def test_an_order_with_35_lines_is_read_with_all_of_them(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    (order,) = orders(1, lines=(35, 35))
    number = box.place(order)
    (record,) = read(client)
    single = read_one(client, number)
    assert single
    assert len(single.payload["OrderItem"]) == len(record.payload["OrderItem"]) == 35
    assert record.payload["OrderItem"] == order["OrderItem"]


def test_many_orders_are_read_by_number_and_missing_ones_left_out(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    numbers = box.place_many(orders(130))
    many = CONNECTOR.stream("orders").read_many
    assert many
    records = many(client, [*map(str, numbers), "1", "not a number", str(numbers[0])])
    assert sorted(record.key for record in records) == sorted(map(str, numbers))
    assert len(box.seen) < 15


def test_an_order_that_is_not_there_is_none(client: JsonClient) -> None:
    assert read_one(client, 1) is None
    assert read_one(client, "x' or ID eq 2") is None


def test_both_dialects_give_the_same_order(box: ChannelAdvisorSandbox, connect: Callable[..., JsonClient]) -> None:
    box.place_many(orders(120, seed=11, failing=0.2))
    told = {dialect: {record.key: record for record in read(connect(dialect))} for dialect in ("v2", "rest-v1")}
    for key, record in told["v2"].items():
        other = told["rest-v1"][key]
        assert _comparable(other.payload) == _comparable(record.payload)
        assert other.aliases == record.aliases


def test_odd_skus_come_through_untouched(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    odd = ["O'Neill", "a/b", "a b", "a+b", "100%", "Größe-µ", "X" * 50]
    (order,) = orders(1, lines=(len(odd), len(odd)))
    for line, sku in zip(order["OrderItem"], odd, strict=True):
        line["SKU"] = sku
    box.place(order)
    assert [line["SKU"] for line in read(client)[0].payload["OrderItem"]] == odd


def test_odd_orders_keep_their_facts(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    yen, erased, free = orders(3, weights={"Amazon JP": 1}, lines=(2, 2))
    erased |= {"PersonalDataRemoved": True, "BillingAddress": None}
    free["OrderItem"][1]["Quantity"] = 0
    free["OrderItem"][1]["SKU"] = free["OrderItem"][0]["SKU"]
    found = dict(zip(box.place_many([yen, erased, free]), read(client), strict=True))
    payloads = [found[number].payload for number in sorted(found)]
    assert payloads[0]["Totals"]["Grand"] % 1 == 0
    assert (payloads[1]["PersonalDataRemoved"], payloads[1]["BillingAddress"]) == (True, None)
    assert CONNECTOR.stream("customers").derive(payloads[1]) is None  # type: ignore[misc]
    assert [line["Quantity"] for line in payloads[2]["OrderItem"]][1] == 0
    assert isinstance(payloads[0]["OrderItem"][0]["UnitPrice"], int | Decimal)


def test_a_summary_names_marketplace_order_and_total(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    (order,) = orders(1)
    box.place(order)
    (record,) = read(client)
    summary = CONNECTOR.stream("orders").summary(record.payload)  # type: ignore[misc]
    assert (summary.title, Decimal(summary.amount), summary.currency) == (
        f"{order['Marketplace']['Name']} {order['OrderID']}", order["Totals"]["Grand"], order["Currency"],
    )  # fmt: skip
    assert record.aliases == (f"{order['Marketplace']['Name']}:{order['OrderID']}",)


def _comparable(payload: dict[str, object]) -> dict[str, object]:
    """Without the two fields that the published API does not have."""
    kept = {name: value for name, value in payload.items() if name != "Version"}
    for name in ("ShippingAddress", "BillingAddress"):
        address = kept[name]
        if isinstance(address, dict):
            kept[name] = {field: value for field, value in address.items() if field != "AddressType"}
    return kept


def counted(client: JsonClient, since: str, until: str) -> list[str]:
    census = CONNECTOR.stream("orders").census
    assert census
    return list(census(client, since, until))


def test_orders_that_the_lists_by_change_hide_are_counted_once_placed(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    numbers = set(map(str, box.place_many(orders(150))))
    for number in list(numbers)[:40]:
        take(client, int(number))
    box.hidden_share = 0.2
    assert len(read(client)) < 110
    assert set(counted(client, "2026-11-10T00:00:00Z", "2026-11-21T00:00:00Z")) == numbers


def test_only_orders_placed_in_the_window_are_counted(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    early, late = orders(2)
    first = box.place(early | {"OrderDate": "2026-11-18T23:59:59Z"})
    box.place(late | {"OrderDate": "2026-11-19T00:00:00Z"})
    assert counted(client, "2026-11-18T00:00:00Z", "2026-11-19T00:00:00Z") == [str(first)]
