"""Amazon's own SDK as a client of the stand-in; a test that needs it skips where it is not installed."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from connectors.amazon.sandbox import AmazonSandbox


def sdk() -> Any:
    """The package `spapi`, without the logging that it sets up for the whole process when it is imported."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        return pytest.importorskip("spapi")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)


def api_client(box: AmazonSandbox, region: str = "NA", *, scope: str = "") -> Any:
    """What the SDK's API classes take: the seller's access in a region, or with a `scope` that of the application alone."""
    given = box.settings(region)
    sign_in = {"scope": scope} if scope else {"refresh_token": given["refresh_token"]}
    config = sdk().SPAPIConfig(client_id=given["client_id"], client_secret=given["client_secret"], region=region, **sign_in)
    return sdk().SPAPIClient(config, oauth_endpoint=given["token_url"], endpoint=given["base_url"]).api_client
