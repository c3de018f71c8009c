"""A minimal ChannelAdvisor that costs little CPU: orders encoded beforehand, and acknowledgements, which it counts.

`python -m tests.benchmarks.quick_channel`. Any order number from FIRST on exists: the stand-in's generator makes SHAPES different orders,
and each further number is one of them under that number.
"""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec

from connectors.channeladvisor.sandbox import ChannelAdvisorSandbox
from connectors.channeladvisor.standin.orders import generate
from connectors.tims.sandbox import TimsSandbox
from connectors.wire import encode
from tests.benchmarks.wire import Answer, serve

FIRST = 50_000_000
SHAPES = 500
SEED = 7
MARK = 1_987_654_321
"""Stands for the order number in the encoded orders."""
TOKEN = b'{"access_token": "benchmark", "token_type": "Bearer", "expires_in": 86400}'
NOTHING = b'{"Data": [], "Paging": {"HasMore": false}}'


class Taken(msgspec.Struct):
    """One entry of an acknowledgement."""

    ChannelAdvisorOrderID: int | str


class Acknowledgement(msgspec.Struct):
    """A call that marks orders as taken."""

    Items: list[Taken]


def skus() -> list[str]:
    """What the stand-in of TIMS sells singly; the orders hold nothing else."""
    items = TimsSandbox(":memory:").book.rows("items")
    return sorted(one["SKU"] for one in items if one["Status"] == "Active" and one["Sellable"] and not one.get("KitComponents"))


def shapes() -> list[dict[str, Any]]:
    """Believable orders as v2 shows them; about 30 fields with two lines on the average."""
    box = ChannelAdvisorSandbox(":memory:")
    made = generate(seed=SEED, count=SHAPES, now=box.now(), skus=skus(), failing=0.0)
    box.place_many(one.order for one in made)
    return box.orders()


def templates(orders: list[dict[str, Any]]) -> list[bytes]:
    """The orders encoded, with MARK instead of their number and inside their number at the marketplace."""
    return [encode({**order, "ChannelAdvisorOrderID": MARK, "OrderID": f"{order['OrderID']}-{MARK}"}) for order in orders]


def order(made: list[bytes], number: int) -> bytes:
    """The order of that number."""
    return made[(number - FIRST) % len(made)].replace(b"%d" % MARK, b"%d" % number)


class Channel:
    """Orders out, acknowledgements in."""

    def __init__(self) -> None:
        self.made = templates(shapes())
        self.taken: set[int] = set()
        self.last = 0.0
        self.decoder = msgspec.json.Decoder(Acknowledgement)

    def act(self, method: str, path: str, body: bytes) -> Answer:
        """The few addresses that the road calls."""
        where = urlsplit(path)
        if where.path == "/v2/orders":
            return self._take(body) if method == "PUT" else self._show(parse_qs(where.query).get("channel_advisor_order_id", []))
        if where.path.startswith("/v2/orders/"):
            return 200, order(self.made, int(where.path.rpartition("/")[2]))
        if where.path == "/books":
            return 200, msgspec.json.encode({"taken": len(self.taken), "last": self.last})
        return 200, TOKEN

    def _show(self, numbers: list[str]) -> Answer:
        rows = b",".join(order(self.made, int(number)) for number in numbers)
        return 200, b'{"Data": [' + rows + b'], "Paging": {"HasMore": false}}' if numbers else NOTHING

    def _take(self, body: bytes) -> Answer:
        numbers = [int(one.ChannelAdvisorOrderID) for one in self.decoder.decode(body).Items]
        self.taken.update(numbers)
        self.last = time.monotonic()
        return 200, msgspec.json.encode({"Results": [{"Result": {"ID": number}, "Version": 2} for number in numbers]})


if __name__ == "__main__":
    serve(Channel().act)
