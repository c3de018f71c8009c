"""A threaded HTTP/1.1 server with keep-alive that can also break off, as real ones do."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import struct
import threading
import time
import zlib
from collections.abc import Callable
from http import HTTPStatus

from connectors.sandbox.web import Request, Response

REASONS = {status.value: status.phrase for status in HTTPStatus}
MAX_LINE = 65536


class Server:
    """Serves `answer` on a port of this machine (0 = any free one) until `stop`."""

    def __init__(self, answer: Callable[[Request], Response], *, host: str, port: int, max_body: int) -> None:
        self.answer = answer
        self.max_body = max_body
        self.open: set[socket.socket] = set()
        self._sockets = _Sockets((host, port), _Conversation)
        self._sockets.owner = self
        self._thread = threading.Thread(target=self._sockets.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://{host}:{self._sockets.server_address[1]}"

    def stop(self) -> None:
        """Stops listening and cuts every open connection."""
        self._sockets.shutdown()
        self._sockets.server_close()
        for one in list(self.open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)


class _Sockets(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128
    owner: Server

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no event here."""


class _Conversation(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    wbufsize = 0
    server: _Sockets

    def handle(self) -> None:
        self.server.owner.open.add(self.connection)
        try:
            while self._one():
                pass
        except (OSError, ValueError):
            return
        finally:
            self.server.owner.open.discard(self.connection)

    def _one(self) -> bool:
        line = self.rfile.readline(MAX_LINE)
        if not line:
            return False
        method, target, version = line.decode("latin-1").split()
        headers = self._headers()
        path, _, query = target.partition("?")
        request = Request(method=method, path=path, query_string=query, headers=headers, peer=self.client_address[0])
        keep = headers.get("connection", "").lower() != "close" and version == "HTTP/1.1"
        size = int(headers.get("content-length") or 0)
        if size > self.server.owner.max_body or "transfer-encoding" in headers:
            self._write(Response(status=413, headers={"Connection": "close"}))
            return False
        if headers.get("expect", "").lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = self.rfile.read(size) if size else b""
        if headers.get("content-encoding", "").lower() == "gzip":
            request.body = zlib.decompressobj(wbits=31).decompress(request.body, self.server.owner.max_body)
        return self._send(request, self.server.owner.answer(request)) and keep

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while (line := self.rfile.readline(MAX_LINE)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.strip().lower()] = value.strip()
        return headers

    def _send(self, request: Request, response: Response) -> bool:
        if response.hold:
            time.sleep(response.hold)
        if response.cut == "drop":
            self._reset()
            return False
        self._write(response, head_only=request.method == "HEAD")
        return not response.cut

    def _write(self, response: Response, *, head_only: bool = False) -> None:
        lines = [f"HTTP/1.1 {response.status} {REASONS.get(response.status, 'Unknown')}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        if response.status != 204 and response.status != 304:
            lines.append(f"Content-Length: {len(response.body)}")
        body = b"" if head_only else response.body
        if response.cut == "truncate":
            body = body[: len(body) // 2]
        self.wfile.write("\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + body)

    def _reset(self) -> None:
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
