"""Lists and details: who may read them, what they show, and that a bad value is never a fault of the server."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from rest_framework.throttling import UserRateThrottle

from hub.models import Connection, Delivery
from tests.hub.api.rows import delivery, flow, story

Caller = Callable[[str], Client]
LISTS = ("deliveries", "runs", "flows", "errors")


def cursor(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("query", [
    "state=lost", "flow=no slug", "key=" + "x" * 201, "key=a%00b", "created_after=yesterday", "created_before=9999-99-99", "stat=failed",
    "page_size=0", "page_size=-1", "page_size=9999", "page_size=many", "cursor=nonsense", "cursor=ü",
    f"cursor={cursor('p=abc')}", f"cursor={cursor('p=' + '9' * 60)}", f"cursor={cursor('o=-1')}", f"cursor={cursor('r=x')}",
])  # fmt: skip
def test_a_bad_query_value_is_refused_in_words(caller: Caller, query: str) -> None:
    response = caller("Auditor").get(f"/api/v1/deliveries?{query}")
    assert response.status_code == 400
    assert response.json()["fields"]


@pytest.mark.parametrize("name", LISTS)
def test_a_caller_without_token_is_asked_for_one(db: None, client: Client, name: str) -> None:
    response = client.get(f"/api/v1/{name}")
    assert (response.status_code, list(response.json())) == (401, ["error"])


def test_a_wrong_token_is_refused_in_words(db: None, client: Client) -> None:
    response = client.get("/api/v1/deliveries", headers={"Authorization": "Token nonsense"})
    assert (response.status_code, response.json()) == (401, {"error": "Invalid token."})


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(("role", "status"), [("", 403), ("Operator", 200), ("Mapper", 200), ("Auditor", 200), ("Administrator", 200)])
def test_a_role_decides_who_reads(caller: Caller, name: str, role: str, status: int) -> None:
    assert caller(role).get(f"/api/v1/{name}").status_code == status


@pytest.mark.parametrize("verb", ["post", "put", "patch", "delete"])
def test_history_cannot_be_changed(caller: Caller, verb: str) -> None:
    response = getattr(caller("Administrator"), verb)("/api/v1/deliveries", "{}", content_type="application/json")
    assert response.status_code in (403, 405)


@pytest.mark.parametrize("path", ["deliveries/999999", f"deliveries/{9 * 10**30}", "runs/1", "nothing", "deliveries/abc"])
def test_what_does_not_exist_is_not_found_in_words(caller: Caller, path: str) -> None:
    response = caller("Auditor").get(f"/api/v1/{path}")
    assert (response.status_code, "error" in response.json()) == (404, True)


def test_deliveries_are_narrowed_by_every_filter(caller: Caller, connection: Connection) -> None:
    orders, others = flow(connection), flow(connection, "ca-others")
    wanted = delivery(orders, "1", state="failed")
    delivery(orders, "1")
    delivery(orders, "2", state="failed")
    delivery(others, "1", state="failed")
    delivery(orders, "3", state="failed", created_at=timezone.now() - timedelta(days=9))
    after = (timezone.now() - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    found = caller("Operator").get("/api/v1/deliveries", {"state": "failed", "flow": "ca-orders", "key": "1", "created_after": after})
    assert [row["id"] for row in found.json()["results"]] == [wanted.pk]


def test_pages_follow_each_other_without_gap_or_repetition(caller: Caller, connection: Connection) -> None:
    orders = flow(connection)
    made = [delivery(orders, str(number)).pk for number in range(7)]
    api, seen, place = caller("Auditor"), [], "/api/v1/deliveries?page_size=3"
    while place:
        page = api.get(place).json()
        seen += [row["id"] for row in page["results"]]
        place = page["next"]
    assert seen == made[::-1]


def test_a_list_costs_the_same_however_long_it_is(caller: Caller, connection: Connection, django_assert_max_num_queries: Any) -> None:
    orders = flow(connection)
    for number in range(30):
        delivery(orders, str(number))
    api = caller("Auditor")
    with django_assert_max_num_queries(5):  # token, two of permissions, rows
        assert len(api.get("/api/v1/deliveries").json()["results"]) == 30


def test_a_delivery_tells_its_whole_story(caller: Caller, connection: Connection) -> None:
    told = story(flow(connection))
    shown = caller("Operator").get(f"/api/v1/deliveries/{told.pk}").json()
    assert shown["amount"] == "12.1000"
    assert shown["payload"]["TotalPrice"] == "12.10"
    assert [one["outcome"] for one in shown["tries"]] == ["rejected", "created"]
    assert [one["cause"] for one in shown["errors"]] == ["unknown_sku:A"]
    assert shown["cross_reference"]["target_key"] == "SO-1"


def test_sealed_text_and_secrets_are_nowhere_in_the_api(caller: Caller, connection: Connection) -> None:
    told = story(flow(connection))
    api = caller("Administrator")
    for path in (*LISTS, f"deliveries/{told.pk}", f"runs/{told.run_id}"):
        body = api.get(f"/api/v1/{path}").content
        assert b"sealed" not in body
        assert connection.secrets.encode() not in body


def test_a_run_shows_what_was_asked_for(caller: Caller, connection: Connection) -> None:
    told = story(flow(connection))
    assert caller("Auditor").get(f"/api/v1/runs/{told.run_id}").json()["keys"] == ["1"]


def test_too_many_calls_are_throttled_in_words(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UserRateThrottle, "THROTTLE_RATES", {"user": "2/min", "anon": "2/min"})
    api = caller("Auditor")
    answers = [api.get("/api/v1/flows") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "throttled" in answers[-1].json()["error"]


def test_metrics_need_a_role_and_show_what_waits(
    caller: Caller, client: Client, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.metrics._kept", (0.0, b""))
    delivery(flow(connection), "1", state=Delivery.State.PENDING)
    assert client.get("/metrics").status_code == 401
    assert caller("").get("/metrics").status_code == 403
    shown = caller("Auditor").get("/metrics").content.decode()
    assert 'throughline_deliveries_under_way{flow="ca-orders",state="pending"} 1.0' in shown
    assert 'throughline_connection_working{connection="ca-us"} 0.0' in shown
