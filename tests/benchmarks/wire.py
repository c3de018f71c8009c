"""A web server on raw asyncio sockets that costs little CPU: each answer is sent a fixed time after the call has arrived."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from functools import partial

LATENCY = 0.005
"""Seconds that each call takes at the other system."""

Answer = tuple[int, bytes]
Act = Callable[[str, str, bytes], Answer]
"""Method, path with query, and body to status and JSON."""


class Wire(asyncio.Protocol):
    """One kept-open connection; calls on it are answered in turn."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.read += data
        head, found, rest = self.read.partition(b"\r\n\r\n")
        length = _length(head)
        if found and len(rest) >= length:
            self.read = rest[length:]
            method, path, _ = head.split(b" ", 2)
            status, body = self.act(method.decode(), path.decode(), rest[:length])
            told = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % (status, len(body))
            asyncio.get_running_loop().call_later(LATENCY, partial(self._answer, told + body))

    def _answer(self, whole: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(whole)


def _length(head: bytes) -> int:
    _, found, value = head.lower().partition(b"\r\ncontent-length:")
    return int(value.split(b"\r\n", 1)[0]) if found else 0


def serve(act: Act) -> None:
    """Prints the port and serves until the process is ended."""
    gc.disable()
    asyncio.run(_serve(act))


async def _serve(act: Act) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Wire(act), "127.0.0.1", 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
