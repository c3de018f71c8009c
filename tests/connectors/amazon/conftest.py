"""A running stand-in of Amazon and clients of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.amazon.client import AmazonClient, connect
from connectors.amazon.sandbox import AmazonSandbox
from connectors.hooks import Hooks

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
