"""Bulk calls and delta lists of the stand-in, over real HTTP and without our client."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox import Rate
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.plain import Caller, body, code


def bulk(*parts: dict[str, Any], mode: str = "partial") -> dict[str, Any]:
    return {"Mode": mode, "Operations": [{"Ref": str(at), "Method": "POST", "Body": one} for at, one in enumerate(parts)]}


def test_a_bulk_call_answers_each_part(call: Caller) -> None:
    answer = call("POST", "sales_orders/bulk", bulk(body(1), body(1), body(2)))
    assert answer.status_code == 207
    assert [one["Status"] for one in answer.json()["Results"]] == [201, 409, 201]
    assert answer.json()["Summary"] == {"Succeeded": 2, "Failed": 1}
    assert call("POST", "sales_orders/bulk", bulk(body(1))).status_code == 422
    assert call("POST", "sales_orders/bulk", bulk(body(3))).status_code == 200


def test_an_atomic_bulk_call_is_undone_as_a_whole(call: Caller, box: TimsSandbox) -> None:
    assert call("POST", "sales_orders/bulk", bulk(body(1), body(1), mode="atomic")).status_code == 422
    assert box.book.count("sales_orders") == 0
    assert box.book.get("stock", "TK-1001")["Locations"]["RENO"]["Allocated"] == 0


def test_more_than_a_hundred_parts_are_too_many(call: Caller) -> None:
    assert call("POST", "sales_orders/bulk", bulk(*[body(n) for n in range(101)])).status_code == 400


def test_a_bulk_call_costs_one_and_one_for_every_ten_parts(call: Caller, box: TimsSandbox) -> None:
    box.rate = Rate(100, 60)
    answer = call("POST", "sales_orders/bulk", bulk(*[body(n) for n in range(15)]))
    assert answer.headers["X-RateLimit-Remaining"] == "97"


def test_the_delta_list_loses_nothing_under_writes(call: Caller, box: TimsSandbox) -> None:
    call("POST", "sales_orders/bulk", bulk(*[body(n) for n in range(60)]))
    page = call("GET", "sales_orders?limit=20").json()
    seen = [one["SalesOrderID"] for one in page["Data"]]
    call("POST", "sales_orders", body(100))
    box.edit("sales_orders", seen[0], {"Notes": "again"})
    while page["Paging"]["HasMore"]:
        page = call("GET", f"sales_orders?cursor={page['Paging']['NextCursor']}&limit=20").json()
        seen += [one["SalesOrderID"] for one in page["Data"]]
    assert set(seen) == set(box.book.keys("sales_orders"))
    assert seen.count(seen[0]) == 2


def test_a_cursor_keeps_its_filter_and_expires_after_a_day(call: Caller, box: TimsSandbox) -> None:
    page = call("GET", "items?status=Discontinued&limit=1").json()
    cursor = page["Paging"]["NextCursor"]
    assert call("GET", f"items?cursor={cursor}").json()["Data"][0]["Status"] == "Discontinued"
    box.clock.advance(25 * 3600)
    expired = call("GET", f"items?cursor={cursor}")
    assert (expired.status_code, code(expired)) == (410, "cursor_expired")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "updated_since=yesterday", "cursor=%21"])
def test_a_wrong_question_is_refused(call: Caller, query: str) -> None:
    assert code(call("GET", f"items?{query}")) == "invalid_parameter"
