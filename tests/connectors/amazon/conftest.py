"""A running stand-in of Amazon and clients of it, and clients without a network that `responses` answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import responses

from connectors.amazon import times
from connectors.amazon.client import AmazonClient, connect
from connectors.amazon.sandbox import AmazonSandbox
from connectors.hooks import Hooks
from tests.connectors.amazon.offline import SETTINGS, TOKENS, Connect

US = "ATVPDKIKX0DER"


def client_of(box: AmazonSandbox, hooks: Hooks | None = None, **changes: str) -> AmazonClient:
    """A client of the stand-in's seller in the United States."""
    return connect({**box.settings(), "marketplace_ids": US, **changes}, hooks or Hooks())


@pytest.fixture(scope="module")
def amazon() -> Iterator[AmazonSandbox]:
    """One stand-in for a whole file, without usage plans; `box` empties it for each test."""
    with AmazonSandbox(throttled=False) as running:
        yield running


@pytest.fixture
def box(amazon: AmazonSandbox) -> AmazonSandbox:
    amazon.reset()
    amazon.calls.clear()
    amazon.throttled = False
    amazon.denied_marketplaces.clear()
    return amazon


@pytest.fixture
def client(box: AmazonSandbox) -> AmazonClient:
    return client_of(box)


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """Answers that a test sets up; nothing else can be reached."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def connected(web: responses.RequestsMock) -> Connect:
    """A new client that gets a token: `connected(hooks, fba_mode="ignore")`."""
    web.post(TOKENS, json={"access_token": "Atza|first", "token_type": "bearer", "expires_in": 3600})

    def made(hooks: Hooks | None = None, **changed: str) -> AmazonClient:
        return connect({**SETTINGS, **changed}, hooks or Hooks())

    return made


@pytest.fixture
def shop(box: AmazonSandbox, monkeypatch: pytest.MonkeyPatch) -> AmazonSandbox:
    """The stand-in on a fixed afternoon; the connector looks at the same clock."""
    box.late_bookings = False
    box.clock.set(datetime(2026, 11, 20, 15, 20, tzinfo=UTC))
    monkeypatch.setattr(times, "now", box.now)
    return box


@pytest.fixture
def seller(shop: AmazonSandbox) -> AmazonClient:
    return client_of(shop)


@pytest.fixture
def sellers(shop: AmazonSandbox) -> Callable[[str], AmazonClient]:
    """A client of any region."""
    return lambda region: connect(shop.settings(region), Hooks())
