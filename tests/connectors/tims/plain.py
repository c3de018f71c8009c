"""Plain HTTP to the TIMS stand-in, without our client."""

from __future__ import annotations

from typing import Any

import requests

from connectors.tims.sandbox import API_KEY, TimsSandbox
from connectors.wire import encode
from tests.connectors.tims.orders import order


class Caller:
    """Plain HTTP with an API key."""

    def __init__(self, box: TimsSandbox) -> None:
        self.box = box
        self.session = requests.Session()
        self.session.headers["X-API-Key"] = API_KEY

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = None if body is None else encode(body)
        return self.session.request(method, f"{self.box.url}/api/v1/{path}", data=sent, headers=named, timeout=10)


def body(number: int = 1, **changes: Any) -> dict[str, Any]:
    return order(number, **{"SourceSystem": "ChannelAdvisor", "ExternalOrderID": str(number), **changes})


def code(answer: requests.Response) -> str:
    return str(answer.json()["Error"]["Code"])


def fields(answer: requests.Response) -> dict[str, str]:
    return {one["Path"]: one["Code"] for one in answer.json()["Error"]["Fields"]}
