"""The published schema: valid, without warnings, and no request that it allows is a fault of the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from hub.models import Connection
from hub.wsgi import application
from tests.hub.api.rows import flow, story

EXAMPLES = 80


def test_the_schema_is_valid_and_without_warnings() -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=StringIO())


def test_the_schema_is_served_as_json_and_names_the_intake_of_webhooks(db: None, client: Client) -> None:
    served = client.get("/api/schema").json()
    assert "/api/webhooks/{slug}/{token}" in served["paths"]
    assert "/api/v1/resync" in served["paths"]


@pytest.fixture
def one_transaction(db: None) -> Iterator[None]:
    """A request may not close the connection of the test, as it would close a server's."""
    both = (request_started, request_finished)
    for signal in both:
        signal.disconnect(close_old_connections)
    yield
    for signal in both:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("one_transaction")
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_is_a_fault_of_the_server(
    caller: Callable[[str], Client], connection: Connection, monkeypatch: pytest.MonkeyPatch, mode: GenerationMode
) -> None:
    monkeypatch.setattr("rest_framework.throttling.SimpleRateThrottle.allow_request", lambda *about: True)
    story(flow(connection))
    headers = {"Authorization": caller("Administrator").defaults["HTTP_AUTHORIZATION"], "Accept-Encoding": "identity"}
    schema: Any = schemathesis.openapi.from_wsgi("/api/schema", application)
    for found in schema.get_all_operations():
        operation = found.ok()

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
        def answered(case: Any) -> None:
            response = case.call(headers=headers)
            assert response.status_code < 500, (case.as_curl_command(), response.text)
            if response.status_code >= 400:
                assert response.headers["content-type"] == ["application/json"], (case.as_curl_command(), response.text)
                assert response.json()["error"], case.as_curl_command()

        answered()
