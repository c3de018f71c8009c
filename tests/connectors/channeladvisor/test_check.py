"""The connection test says in words what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.base import Finding
from connectors.channeladvisor import CONNECTOR
from connectors.channeladvisor.sandbox import PROFILES, WEBHOOK_SECRET, ChannelAdvisorSandbox
from connectors.hooks import Hooks
from connectors.http import JsonClient


def findings(client: JsonClient) -> dict[str, Finding]:
    return {finding.what: finding for finding in CONNECTOR.check(client)}


def test_a_connection_that_works_is_green(client: JsonClient) -> None:
    assert CONNECTOR.webhook
    assert CONNECTOR.webhook.subscribe
    CONNECTOR.webhook.subscribe(client, "http://127.0.0.1:9/hook", WEBHOOK_SECRET)
    found = findings(client)
    assert list(found) == ["Address", "Credentials", "Profile", "Rights", "Webhooks", "Clock"]
    assert all(finding.ok and finding.words for finding in found.values())


def test_an_address_that_does_not_answer_is_named(box: ChannelAdvisorSandbox, dialect: str) -> None:
    client = CONNECTOR.connect({**box.settings(dialect), "base_url": "http://127.0.0.1:9"}, Hooks())
    found = findings(client)
    assert list(found) == ["Address"]
    assert "Check the base address" in found["Address"].words


@pytest.mark.parametrize(
    ("changed", "words"), [({"refresh_token": "ca_rt_gone"}, "Authorise again"), ({"shared_secret": "x"}, "valid credentials")]
)
def test_wrong_credentials_say_what_to_do(connect: Callable[..., JsonClient], dialect: str, changed: dict[str, str], words: str) -> None:
    found = findings(connect(dialect, **changed))
    assert not found["Credentials"].ok
    assert words in found["Credentials"].words


def test_a_profile_that_is_not_visible_is_named(connect: Callable[..., JsonClient], dialect: str) -> None:
    found = findings(connect(dialect, profile_id=str(PROFILES[1])))
    assert not found["Profile"].ok
    assert "Check the" in found["Profile"].words


def test_a_missing_profile_number_is_asked_for_when_the_token_sees_several(connect: Callable[..., JsonClient], dialect: str) -> None:
    found = findings(connect(dialect, profile_id="", refresh_token="ca_rt_both"))
    assert not found["Profile"].ok
    assert "profile" in found["Profile"].words


def test_a_read_only_authorisation_is_found_in_v2(connect: Callable[..., JsonClient]) -> None:
    found = findings(connect("v2", refresh_token="ca_rt_readonly"))
    assert not found["Rights"].ok
    assert "scope" in found["Rights"].words


def test_a_suspended_subscription_is_found(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    assert CONNECTOR.webhook
    assert CONNECTOR.webhook.subscribe
    number = CONNECTOR.webhook.subscribe(client, "http://127.0.0.1:9/hook", WEBHOOK_SECRET)
    row = box.book.get("subscription", number)
    assert row
    box.book.put("subscription", number, {**row, "Status": "Suspended"})
    assert "suspended" in findings(client)["Webhooks"].words


def test_a_clock_that_differs_is_found(box: ChannelAdvisorSandbox, client: JsonClient) -> None:
    client.auth.headers(client)
    box.clock.advance(600)
    assert not findings(client)["Clock"].ok
