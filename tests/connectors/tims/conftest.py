"""A running TIMS stand-in and clients for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.hooks import Hooks
from connectors.tims import CONNECTOR
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import API_KEY, CLIENT_ID, CLIENT_SECRET, TimsSandbox
from tests.connectors.tims.plain import Caller

WEBHOOK_SECRET = "whsec-0123456789abcdef"


def settings_for(box: TimsSandbox, **changes: str) -> dict[str, str]:
    """Connection settings for a stand-in."""
    return {
        "base_url": box.url, "auth": "oauth", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "api_key": API_KEY, "company": "MAIN",
        "webhook_secret": WEBHOOK_SECRET, **changes,
    }  # fmt: skip


@pytest.fixture
def box() -> Iterator[TimsSandbox]:
    with TimsSandbox(rate=None, environment="production") as running:
        yield running


@pytest.fixture
def client(box: TimsSandbox) -> TimsClient:
    made = CONNECTOR.connect(settings_for(box), Hooks())
    assert isinstance(made, TimsClient)
    return made


@pytest.fixture
def call(box: TimsSandbox) -> Caller:
    return Caller(box)
