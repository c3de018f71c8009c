"""The health addresses: what they say, and that asking often costs little."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from hub import web


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    web._check_tables.cache_clear()
    yield
    web._check_tables.cache_clear()


@pytest.mark.django_db
def test_it_is_ready_and_looks_through_the_migrations_only_once(client: Client, django_assert_num_queries: Any) -> None:
    assert client.get("/readyz").json() == {"status": "ok"}
    with django_assert_num_queries(1):
        assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_missing_tables_are_told_until_they_are_there(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("django.db.migrations.executor.MigrationExecutor.migration_plan", lambda *about: ["hub.0002"])
        for _ in range(2):
            answer = client.get("/readyz")
            assert (answer.status_code, answer.json()["reason"]) == (503, "The database tables are not up to date: run migrate.")
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_database_that_stops_answering_is_told_even_after_it_was_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/readyz")

    def away() -> None:
        raise OperationalError("refused at 10.0.0.1")

    monkeypatch.setattr(web.connection, "cursor", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reason"] == "The database does not answer (OperationalError)."


def test_the_web_server_answers_without_a_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
