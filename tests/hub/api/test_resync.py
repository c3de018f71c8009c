"""Resync by request: only with the right, only with values that make sense."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hub.models import Connection, Flow, SyncRun
from tests.hub.api.rows import delivery, flow

Caller = Callable[[str], Client]


@pytest.fixture
def orders(connection: Connection) -> Flow:
    return flow(connection)


def ask(api: Client, body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return api.post("/api/v1/resync", raw, content_type="application/json")


@pytest.mark.parametrize("body", [
    {}, [], "text", None, 7, b"{", b"\xff\xfe{}", b"[" * 100_000 + b"]" * 100_000, {"flow": "no-such-flow", "keys": ["1"]},
    {"flow": 7.5, "keys": ["1"]}, {"flow": "ca-orders"}, {"flow": "ca-orders", "keys": []}, {"flow": "ca-orders", "keys": "1"},
    {"flow": "ca-orders", "keys": [""]}, {"flow": "ca-orders", "keys": ["a\0b"]}, {"flow": "ca-orders", "keys": [{}]},
    {"flow": "ca-orders", "keys": ["1"] * 1001}, {"flow": "ca-orders", "keys": ["x" * 201]}, {"flow": "ca-orders", "since": "yesterday"},
    {"flow": "ca-orders", "since": "2999-01-01T00:00:00Z"}, {"flow": "ca-orders", "keys": ["1"], "since": "2026-01-01T00:00:00Z"},
    {"flow": "ca-orders", "keys": ["1"], "dry_run": "perhaps"},
])  # fmt: skip
def test_a_senseless_request_is_refused_in_words_and_starts_nothing(caller: Caller, orders: Flow, body: Any) -> None:
    response = ask(caller("Operator"), body)
    assert (response.status_code, bool(response.json()["error"])) == (400, True), response.content
    assert not SyncRun.objects.exists()


def test_a_request_larger_than_any_resync_is_refused(caller: Caller, orders: Flow) -> None:
    assert ask(caller("Operator"), {"flow": "ca-orders", "keys": ["x" * 200] * 9000}).status_code == 413


@pytest.mark.parametrize(("role", "status"), [("", 403), ("Mapper", 403), ("Auditor", 403), ("Operator", 202), ("Administrator", 202)])
def test_only_some_roles_may_resync(caller: Caller, orders: Flow, role: str, status: int) -> None:
    assert ask(caller(role), {"flow": "ca-orders", "keys": ["1"]}).status_code == status


def test_a_caller_without_token_starts_nothing(client: Client, orders: Flow) -> None:
    assert ask(client, {"flow": "ca-orders", "keys": ["1"]}).status_code == 401
    assert not SyncRun.objects.exists()


def test_named_records_become_a_run_in_the_callers_name(caller: Caller, orders: Flow) -> None:
    answer = ask(caller("Operator"), {"flow": "ca-orders", "keys": ["1", 2, "1"]}).json()
    run = SyncRun.objects.get(pk=answer["runs"][0])
    assert (run.keys, run.trigger, str(run.asked_by)) == (["1", "2"], "api", "person-Operator")


def test_everything_since_a_time_becomes_a_run(caller: Caller, orders: Flow) -> None:
    ask(caller("Operator"), {"flow": "ca-orders", "since": "2026-01-01T10:00:00+02:00"})
    assert SyncRun.objects.get().since == "2026-01-01T08:00:00Z"


def test_a_dry_run_says_what_would_happen_and_does_nothing(caller: Caller, orders: Flow) -> None:
    delivery(orders, "1")
    response = ask(caller("Operator"), {"flow": "ca-orders", "keys": ["1", "2"], "dry_run": True})
    assert (response.status_code, response.json()["runs"]) == (200, [])
    assert "2 records would be read" in response.json()["words"]
    assert not SyncRun.objects.exists()


def test_a_dry_run_since_a_time_names_that_time(caller: Caller, orders: Flow) -> None:
    since = (timezone.now() - timedelta(days=1)).replace(microsecond=0)
    words = ask(caller("Operator"), {"flow": "ca-orders", "since": since.isoformat(), "dry_run": True}).json()["words"]
    assert since.strftime("%Y-%m-%dT%H:%M:%SZ") in words


@pytest.mark.parametrize("switch", ["flow", "connection", "follower"])
def test_a_flow_that_cannot_be_read_is_not_resynced(caller: Caller, orders: Flow, connection: Connection, switch: str) -> None:
    if switch == "flow":
        Flow.objects.update(enabled=False)
    elif switch == "connection":
        Connection.objects.filter(pk=connection.pk).update(enabled=False)
    else:
        Flow.objects.create(slug="ca-acknowledge", name="after", after=orders, target=connection, operation="acknowledge_order")
    slug = "ca-acknowledge" if switch == "follower" else "ca-orders"
    assert ask(caller("Operator"), {"flow": slug, "keys": ["1"]}).status_code == 400


def test_resyncs_are_throttled_apart_from_reading(caller: Caller, orders: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.api.permissions.ResyncThrottle.rate", "1/min")
    api, body = caller("Operator"), {"flow": "ca-orders", "keys": ["1"], "dry_run": True}
    assert [ask(api, body).status_code for _ in range(2)] == [200, 429]
    assert api.get("/api/v1/flows").status_code == 200
