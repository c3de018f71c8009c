"""Sends signed webhooks as fast as the hub takes them, over a bounded number of connections: `python -m tests.benchmarks.load '<plan>'`.

Prints one line of JSON: when the first was sent, and the milliseconds until each was acknowledged.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`count` webhooks about the orders from number `first` on, `connections` of them under way at once."""

    port: int
    path: str
    secret: str
    first: int
    count: int
    connections: int = 4


def calls(plan: Plan) -> Iterator[bytes]:
    """The webhooks as they go over the wire (ChannelAdvisor API reference, A10)."""
    for number in range(plan.first, plan.first + plan.count):
        body = (
            b'{"EventID": "bench-%d", "EventType": "order.created", "OccurredAtUtc": "2026-11-19T23:55:10Z",'
            b' "Entity": {"Type": "Order", "ID": %d}}' % (number, number)
        )
        stamp = str(int(time.time()))
        signature = hmac.new(plan.secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        head = (
            f"POST {plan.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"X-ChannelAdvisor-Signature: t={stamp},v1={signature}\r\n\r\n"
        )
        yield head.encode() + body


async def send(port: int, waiting: Iterator[bytes], times: list[float]) -> None:
    """One connection: the next webhook follows when the last is acknowledged. SystemExit when one is not."""
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    for call in waiting:
        reader, writer = streams = streams or await asyncio.open_connection("127.0.0.1", port)
        began = time.perf_counter()
        writer.write(call)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 202"):
            raise SystemExit(f"The hub did not take a webhook: {head.decode()}")
        lower = head.lower()
        await reader.readexactly(int(lower.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]))
        times.append(round((time.perf_counter() - began) * 1000, 3))
        if b"connection: close" in lower:
            writer.close()
            streams = None


async def run(plan: Plan) -> None:
    """All of them."""
    times: list[float] = []
    waiting, began = calls(plan), time.monotonic()
    await asyncio.gather(*(send(plan.port, waiting, times) for _ in range(plan.connections)))
    print(msgspec.json.encode({"began": began, "ended": time.monotonic(), "milliseconds": times}).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(run(msgspec.convert(msgspec.json.decode(sys.argv[1]), Plan)))
