"""A minimal TIMS that costs little CPU: `python -m tests.benchmarks.quick_tims` takes sales orders in bulk or one by one."""

from __future__ import annotations

import time

import msgspec

from tests.benchmarks.wire import Answer, serve

TOKEN = b'{"access_token": "benchmark", "token_type": "Bearer", "expires_in": 86400}'
PING = b'{"Environment": "production"}'


class Order(msgspec.Struct):
    """All that is looked at."""

    ExternalOrderID: str


class Part(msgspec.Struct):
    """One order of a bulk call."""

    Ref: str
    Body: Order


class Bulk(msgspec.Struct):
    """A bulk call."""

    Operations: list[Part]


class Books:
    """What was sold: number by the channel's order number, how often an order came twice, and when the last new one came."""

    def __init__(self) -> None:
        self.sold: dict[str, str] = {}
        self.doubled = 0
        self.last = 0.0
        self.bulk = msgspec.json.Decoder(Bulk)
        self.order = msgspec.json.Decoder(Order)

    def act(self, method: str, path: str, body: bytes) -> Answer:
        """The few addresses that the road calls."""
        if path == "/api/v1/sales_orders/bulk":
            return 200, msgspec.json.encode({"Results": [self._part(one) for one in self.bulk.decode(body).Operations]})
        if path == "/api/v1/sales_orders":
            order = self.order.decode(body).ExternalOrderID
            return 201, msgspec.json.encode({"SalesOrderID": self._sell(order), "ExternalOrderID": order, "Version": 1})
        if path == "/books":
            return 200, msgspec.json.encode({"sold": len(self.sold), "doubled": self.doubled, "last": self.last})
        return (200, TOKEN) if path == "/oauth/token" else (200, PING)

    def _part(self, part: Part) -> dict[str, object]:
        return {"Ref": part.Ref, "Status": 201, "ID": self._sell(part.Body.ExternalOrderID), "Version": 1}

    def _sell(self, order: str) -> str:
        if order in self.sold:
            self.doubled += 1
        else:
            self.last = time.monotonic()
        return self.sold.setdefault(order, f"SO-{len(self.sold) + 1:07d}")


if __name__ == "__main__":
    serve(Books().act)
