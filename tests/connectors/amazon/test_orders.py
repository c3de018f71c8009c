"""The stream of orders: what is asked, what is yielded, and what happens to what is odd."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses

from connectors import schema
from connectors.amazon.client import PACKAGE
from connectors.amazon.orders import ORDERS, compare, read, read_many, read_one, sequence, settled_at, summary
from connectors.base import Record
from connectors.errors import CredentialsError, ThrottledError, TransientError
from connectors.hooks import Hooks
from tests.connectors.amazon.models import parameters, valid
from tests.connectors.amazon.offline import BASE, Connect
from tests.connectors.amazon.orders import NUMBER, order, shipping

LIST = f"{BASE}/orders/2026-01-01/orders"
PARTICIPATIONS = f"{BASE}/sellers/v1/marketplaceParticipations"
MODEL = "orders_2026-01-01.json"
US, CA = "ATVPDKIKX0DER", "A2EUQ1WTGCTBG2"
DENIED = {"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied.", "details": ""}]}


def page(*orders: Any, token: str = "") -> dict[str, Any]:
    return {
        "orders": list(orders),
        "lastUpdatedBefore": "2026-11-18T10:00:00.000Z",
        **({"pagination": {"nextToken": token}} if token else {}),
    }


def asked(web: responses.RequestsMock, url: str = LIST) -> list[str]:
    """The queries as they went over the wire."""
    return [urlsplit(str(call.request.url)).query for call in web.calls if str(call.request.url).partition("?")[0] == url]


def keys(records: list[Record]) -> list[str]:
    return [record.key for record in records]


def test_every_page_asks_with_the_same_letters(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json=page(order("1"), token="two/+="))
    web.get(LIST, json=page(order("2")))
    assert keys(list(read(connected(), "2026-11-18T09:00:00.000Z"))) == ["1", "2"]
    first, second = asked(web)
    assert second == f"{first}&paginationToken=two%2F%2B%3D"
    assert parse_qs(first) == {
        "lastUpdatedAfter": ["2026-11-18T08:55:00.000Z"],
        "marketplaceIds": [f"{US},{CA}"],
        "maxResultsPerPage": ["100"],
        "includedData": ["BUYER,RECIPIENT,PROCEEDS,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX"],
    }


def test_only_parameters_of_the_published_model_are_sent(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json=page(order("1"), token="t"))
    web.get(LIST, json=page())
    list(read(connected(fba_mode="ignore"), "2026-11-18T09:00:00.000Z"))
    known = parameters(MODEL, "searchOrders")
    assert {name for query in asked(web) for name in parse_qs(query)} <= set(known)
    blocks = parse_qs(asked(web)[0])["includedData"][0].split(",")
    assert set(blocks) <= set(known["includedData"]["items"]["enum"])


def test_the_orders_of_these_tests_are_what_amazon_publishes() -> None:
    assert valid(MODEL, "Order", order()) == []
    assert valid(MODEL, "Order", {"orderId": 7}) != []


def test_a_walk_resumed_from_its_cursor_asks_for_the_next_page_with_the_same_letters(
    web: responses.RequestsMock, connected: Connect
) -> None:
    web.get(LIST, json=page(order("1"), token="two"))
    web.get(LIST, json={}, status=429)
    web.get(LIST, json=page(order("2")))
    walk = read(connected(), "2026-11-18T09:00:00.000Z")
    first = next(walk)
    with pytest.raises(ThrottledError):
        next(walk)
    again = list(read(connected(), first.cursor))
    assert keys(again) == ["2"]
    assert asked(web)[1] == asked(web)[2]
    assert again[0].cursor == "2026-11-18T10:00:00.000Z"


def test_personal_blocks_are_asked_for_only_where_the_connection_wants_them(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json=page())
    list(read(connected(personal_data="no"), ""))
    blocks = parse_qs(asked(web)[0])["includedData"][0].split(",")
    assert not {"BUYER", "RECIPIENT"} & set(blocks)
    assert "FULFILLMENT" in blocks


@pytest.mark.parametrize(
    ("read_by_flows", "asked_for"),
    [
        (None, {"BUYER", "RECIPIENT"}),
        ({"orderId", "recipient.deliveryAddress"}, {"RECIPIENT"}),
        ({"buyer.buyerName", "recipients"}, {"BUYER"}),
        ({"orderId", "fulfillment.buyer", "orderItems[].recipient"}, set()),
        (set(), set()),
    ],
)
@pytest.mark.parametrize("forbidden", [False, True])
def test_personal_blocks_are_asked_for_only_where_somebody_reads_them(
    web: responses.RequestsMock, connected: Connect, read_by_flows: set[str] | None, asked_for: set[str], forbidden: bool
) -> None:
    web.get(LIST, json=page())
    for key in "12":
        web.get(f"{LIST}/{key}", json={"order": order(key)})
    client = connected(Hooks(reads={"orders": read_by_flows}.get), personal_data="no" if forbidden else "yes")
    list(read(client, ""))
    read_one(client, "1")
    read_many(client, ["2"])
    queries = [urlsplit(str(call.request.url)).query for call in web.calls if "includedData" in str(call.request.url)]
    blocks = [set(parse_qs(query)["includedData"][0].split(",")) for query in queries]
    assert [one & {"BUYER", "RECIPIENT"} for one in blocks] == [set() if forbidden else asked_for] * 3


@pytest.mark.parametrize(("mode", "expected"), [("orders", None), ("daily_summary", ["MERCHANT"]), ("ignore", ["MERCHANT"])])
def test_orders_fulfilled_by_amazon_come_only_where_they_are_wanted(
    web: responses.RequestsMock, connected: Connect, mode: str, expected: list[str] | None
) -> None:
    web.get(LIST, json=page())
    list(read(connected(fba_mode=mode), ""))
    assert parse_qs(asked(web)[0]).get("fulfilledBy") == expected


def test_a_record_is_the_order_untouched_with_the_name_that_both_channels_know(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json=page(order()))
    (record,) = read(connected(), "")
    assert record.payload == order()
    assert (record.key, record.version, record.aliases) == (NUMBER, "2026-11-18T09:47:02.501Z", (f"Amazon US:{NUMBER}",))


def test_an_order_of_another_channel_is_yielded_but_is_no_marketplace_order(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json=page(order("S01-1", salesChannel={"channelName": "NON_AMAZON", "marketplaceId": US})))
    (record,) = read(connected(), "")
    assert record.payload["salesChannel"]["channelName"] == "NON_AMAZON"
    assert record.aliases == ()


def test_a_page_comes_oldest_change_first(web: responses.RequestsMock, connected: Connect) -> None:
    late, early = order("late", lastUpdatedTime="2026-11-18T09:50:00Z"), order("early", lastUpdatedTime="2026-11-18T09:49:59.999Z")
    web.get(LIST, json=page(late, early))
    assert keys(list(read(connected(), ""))) == ["early", "late"]


@pytest.mark.parametrize("odd", [7, None, {}, {"orderId": None}, {"orderId": ""}, ["x"]])
def test_an_order_without_a_number_fails_alone(web: responses.RequestsMock, connected: Connect, odd: Any) -> None:
    web.get(LIST, json=page(odd, order("1")))
    records = list(read(connected(), ""))
    assert [bool(record.problem) for record in records] == [True, False]
    assert records[-1].cursor


@pytest.mark.parametrize("lines", [None, {}, [7], [{}], [{"orderItemId": None}], "gone"])
def test_an_order_that_is_not_whole_is_told_to_a_person(web: responses.RequestsMock, connected: Connect, lines: Any) -> None:
    web.get(LIST, json=page(order("1", orderItems=lines)))
    (record,) = read(connected(), "")
    assert (record.key, record.payload) == ("1", {})
    assert "Resync" in record.problem


@pytest.mark.parametrize("body", ["[]", "{}", '{"orders": null}', '{"orders": {}}', "null"])
def test_an_answer_that_is_no_list_is_never_taken_for_an_empty_one(web: responses.RequestsMock, connected: Connect, body: str) -> None:
    web.get(LIST, body=body)
    with pytest.raises(TransientError):
        list(read(connected(), ""))


def test_a_marketplace_named_in_the_refusal_is_left_out(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json={"errors": [{"code": "Unauthorized", "message": f"Access to marketplace {CA} is denied."}]}, status=403)
    web.get(LIST, json=page(order("1")))
    client = connected()
    assert keys(list(read(client, ""))) == ["1"]
    assert parse_qs(asked(web)[1])["marketplaceIds"] == [US]
    assert list(client.shut) == [CA]


def test_where_amazon_names_none_the_marketplaces_of_the_account_decide(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json=DENIED, status=403)
    web.get(LIST, json=page(order("1")))
    there = {"marketplace": {"id": US, "name": "Amazon.com"}, "participation": {"isParticipating": True, "hasSuspendedListings": False}}
    web.get(PARTICIPATIONS, json={"payload": [there]})
    client = connected()
    assert keys(list(read(client, ""))) == ["1"]
    list(read(client, ""))
    assert [parse_qs(query)["marketplaceIds"] for query in asked(web)] == [[f"{US},{CA}"], [US], [US]]


@pytest.mark.parametrize("seen", [[US, CA], []])
def test_a_refusal_of_all_marketplaces_stops_the_connection(web: responses.RequestsMock, connected: Connect, seen: list[str]) -> None:
    web.get(LIST, json=DENIED, status=403)
    rows = [{"marketplace": {"id": one, "name": one}, "participation": {"isParticipating": True}} for one in seen]
    web.get(PARTICIPATIONS, json={"payload": rows})
    with pytest.raises(CredentialsError):
        list(read(connected(), ""))


def test_one_order_is_read_by_its_number(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{LIST}/a%2Fb", json={"order": order("a/b")})
    record = read_one(connected(), "a/b")
    assert record
    assert (record.key, record.cursor) == ("a/b", "")
    assert set(parse_qs(asked(web, f"{LIST}/a%2Fb")[0])) == {"includedData"}


def test_an_order_that_amazon_does_not_know_is_none(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{LIST}/1", json={"errors": [{"code": "NotFound", "message": "gone"}]}, status=404)
    assert read_one(connected(), "1") is None


def test_many_orders_come_in_their_order_without_the_missing_ones(web: responses.RequestsMock, connected: Connect) -> None:
    wanted = [str(number) for number in range(12)]
    for key in wanted:
        web.get(f"{LIST}/{key}", json={"order": order(key)} if key != "7" else {"errors": []}, status=404 if key == "7" else 200)
    taken: list[tuple[str, int]] = []
    found = read_many(connected(Hooks(throttle=lambda limit, cost: taken.append((limit, cost)))), wanted)
    assert keys(found) == [key for key in wanted if key != "7"]
    assert {limit for limit, _ in taken} == {"getOrder"}
    assert sum(cost for _, cost in taken) == len(wanted)


def test_an_answer_without_the_order_is_no_missing_order(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(f"{LIST}/1", json={})
    with pytest.raises(TransientError):
        read_one(connected(), "1")


@pytest.mark.parametrize(
    ("fulfillment", "packages", "expected"),
    [
        (shipping("UNSHIPPED"), [], ""),
        (shipping("PARTIALLY_SHIPPED"), [], ""),
        (shipping("PENDING"), [], ""),
        (shipping("SHIPPED"), [], "2026-11-26T07:59:59.000Z"),
        (shipping("SHIPPED"), [{"shipTime": "2026-11-27T00:00:00Z"}, {"shipTime": None}], "2026-11-27T00:00:00.000Z"),
        (shipping("SHIPPED", deliverByWindow=None), None, "2026-11-18T09:47:02.501Z"),
        (shipping("CANCELLED"), [], "2026-11-18T09:47:02.501Z"),
        (None, [], ""),
    ],
)
def test_personal_data_is_needed_until_the_buyer_has_the_goods(fulfillment: Any, packages: Any, expected: str) -> None:
    assert settled_at(order(fulfillment=fulfillment, packages=packages)) == expected


def test_of_a_shipped_order_the_loss_of_the_address_is_no_change() -> None:
    before = order(fulfillment=shipping("SHIPPED"))
    after = {name: value for name, value in before.items() if name not in ("buyer", "recipient")}
    assert compare(before) == compare(after)


def test_of_an_open_order_another_address_is_a_change() -> None:
    assert compare(order()) != compare(order(recipient={"deliveryAddress": {"name": "Somebody Else"}}))


def test_times_packages_and_shipped_quantities_do_not_count_as_changes() -> None:
    volatile = set(schema.volatile_paths(PACKAGE, "order"))
    assert {"lastUpdatedTime", "packages", "orderItems[].fulfillment.quantityFulfilled"} <= volatile
    assert "fulfillment.fulfillmentStatus" not in volatile


def test_personal_fields_are_marked_as_amazon_lists_them() -> None:
    address = "recipient.deliveryAddress."
    wanted = {"buyer.buyerEmail", "buyer.buyerName", "orderItems[].fulfillment.packing.giftOption.giftMessage"}
    wanted |= {"orderItems[].product.customization.customizedUrl", f"{address}name", f"{address}postalCode", f"{address}phone"}
    wanted |= {f"{address}addressLine{nth}" for nth in (1, 2, 3)} | {f"{address}extendedFields"}
    assert wanted <= set(schema.personal_paths(PACKAGE, "order"))


def test_a_list_shows_marketplace_number_amount_and_time() -> None:
    shown = summary(order())
    assert (shown.title, shown.amount, shown.currency) == (f"Amazon US {NUMBER}", "48.12", "USD")
    assert shown.placed_at == "2026-11-18T09:15:30.123Z"
    assert summary({"orderId": "1"}).title == "1"


def test_unknown_fields_and_missing_blocks_are_no_problem_of_the_schema() -> None:
    bare = {"orderId": "1", "createdTime": None, "orderItems": [{"orderItemId": "2"}], "somethingNew": {"a": 1}}
    assert schema.validate(PACKAGE, ORDERS.schema, bare) == []
    assert schema.validate(PACKAGE, ORDERS.schema, order()) == []


def test_orders_of_one_buyer_are_one_sequence_without_naming_the_buyer() -> None:
    mine, again, other = ({"buyer": {"buyerEmail": f"{name}@marketplace.amazon.test"}} for name in ("dana", "Dana", "emil"))
    assert sequence(mine) == sequence(again) != sequence(other)
    assert "dana" not in sequence(mine)
    assert [sequence(odd) for odd in ({}, {"buyer": None}, {"buyer": {"buyerEmail": None}})] == ["", "", ""]
