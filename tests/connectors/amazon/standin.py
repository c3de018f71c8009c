"""What the tests of the stand-in share: signed-in calls in the test's own process, and orders made to measure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin.login import CLIENT_ID, SELLER_ID
from connectors.amazon.standin.orders import generate
from connectors.base import Payload
from connectors.sandbox import Request, Response
from connectors.wire import decode, encode

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SKUS = [f"TK-{number}" for number in range(1001, 1039)]
ORDERS = "/orders/2026-01-01/orders"
WHOLE = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"


def fresh(**options: Any) -> AmazonSandbox:
    """A stand-in that is not served, unthrottled, whose clock stands at NOW."""
    box = AmazonSandbox(**{"throttled": False, **options})
    box.clock.set(NOW, frozen=True)
    return box


def orders(count: int = 1, **options: Any) -> list[Payload]:
    """Generated orders from the United States of which none must fail; plain ones unless `kinds` says otherwise."""
    wish = {"seed": 5, "now": NOW, "skus": SKUS, "failing": 0.0, "weights": {"US": 1}, "kinds": {"plain": 1}, **options}
    return [one.order for one in generate(count=count, **wish)]


def ask(box: AmazonSandbox, method: str, path: str, *, query: Any = (), body: Any = None, region: str = "NA") -> tuple[int, Any]:
    """Status and decoded body of a call of the seller."""
    answer = answered(box, method, path, query=query, body=body, region=region)
    return answer.status, decode(answer.body) if answer.body else None


def answered(box: AmazonSandbox, method: str, path: str, *, query: Any = (), body: Any = None, region: str = "NA") -> Response:
    """The whole answer to a call of the seller."""
    token = box.tokens.issue("Atza|", seconds=3600, client=CLIENT_ID, seller=SELLER_ID, region=region)
    headers = {"x-amz-access-token": token, "user-agent": "Tests/1", "content-type": "application/json"}
    content = b"" if body is None else encode(body)
    return box.answer(Request(method=method, path=path, query_string=urlencode(query), headers=headers, body=content))


def words(body: Any) -> str:
    """Message and details of an error."""
    error = body["errors"][0]
    return f"{error['message']} {error['details']}"
