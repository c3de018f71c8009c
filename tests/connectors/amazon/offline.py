"""A connection whose calls no network carries."""

from __future__ import annotations

from collections.abc import Callable

from connectors.amazon.client import AmazonClient

BASE = "https://sellingpartnerapi-na.amazon.com"
TOKENS = "https://api.amazon.com/auth/o2/token"
SETTINGS = {
    "region": "NA",
    "base_url": BASE,
    "token_url": TOKENS,
    "marketplace_ids": "US, CA",
    "seller_id": "A1SELLER",
    "client_id": "amzn1.application-oa2-client.0123",
    "client_secret": "amzn1.oa2-cs.v1.s3cret-0123",
    "refresh_token": "Atzr|s3cret-refresh-0123",
}
Connect = Callable[..., AmazonClient]
