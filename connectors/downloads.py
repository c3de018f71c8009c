"""Large documents, read while they arrive: nothing is held but one chunk."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

from connectors.errors import RejectedError, TransientError
from connectors.hooks import Exchange
from connectors.http import JsonClient

CHUNK = 1 << 18
LARGEST = 4 * 2**30
"""Bytes that a document may unpack to."""
GZIP_MARK = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An answer whose body is still to come."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


@contextmanager
def opened(client: JsonClient, url: str) -> Iterator[Opened]:
    """A GET without credentials, its body read in chunks. Raises TransientError where the connection breaks, also halfway.

    The client's timeout counts from chunk to chunk, since a document may be of any size.
    """
    started, status, failure = time.monotonic(), None, ""
    try:
        with client.session.get(url, headers={"Accept": "*/*"}, timeout=client.timeout, stream=True, allow_redirects=False) as response:
            status = response.status_code
            yield Opened(status=status, headers=response.headers, chunks=_checked(client, response))
    except requests.RequestException as error:
        failure = type(error).__name__
        raise client.broken(error, safe=True) from None
    finally:
        seconds = time.monotonic() - started
        client.hooks.log(Exchange(method="GET", path=urlsplit(url).path, status=status, seconds=seconds, request_id="", failure=failure))


def _checked(client: JsonClient, response: requests.Response) -> Iterator[bytes]:
    """A body that ends before its announced length was cut off."""
    announced, size = response.headers.get("Content-Length", ""), 0
    for chunk in response.iter_content(CHUNK):
        size += len(chunk)
        yield chunk
    zipped = response.headers.get("Content-Encoding")
    if announced.isdigit() and not zipped and size < int(announced):
        raise TransientError(f"{client.label}'s document was cut off; it is fetched again.")


def unzipped(client: JsonClient, chunks: Iterable[bytes], *, largest: int = LARGEST) -> Iterator[bytes]:
    """The chunks, unpacked where their first bytes say that they are gzip; all members of such a file.

    Raises TransientError for what is damaged or cut off, RejectedError for what unpacks to more than `largest` bytes.
    """
    left = largest
    for chunk in _unpacked(client, _marked(chunks)):
        left -= len(chunk)
        if left < 0:
            raise RejectedError(f"{client.label}'s document is larger than {largest // 2**20} MiB.", code="answer_too_large")
        yield chunk


def _marked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, the first chunk long enough to show whether it is gzip."""
    rest, first = iter(chunks), b""
    for chunk in rest:
        first += chunk
        if len(first) >= len(GZIP_MARK):
            break
    yield first
    yield from rest


def _unpacked(client: JsonClient, chunks: Iterator[bytes]) -> Iterator[bytes]:
    first = next(chunks)
    if not first.startswith(GZIP_MARK):
        yield first
        yield from chunks
        return
    member, waiting = zlib.decompressobj(wbits=31), first
    try:
        while True:
            while waiting:
                if member.eof:
                    member = zlib.decompressobj(wbits=31)
                if some := member.decompress(waiting, CHUNK * 4):
                    yield some
                waiting = member.unused_data if member.eof else member.unconsumed_tail
            waiting = next(chunks, b"")
            if not waiting:
                break
    except zlib.error:
        raise TransientError(f"{client.label}'s document is damaged; it is fetched again.") from None
    if not member.eof:
        raise TransientError(f"{client.label}'s document was cut off; it is fetched again.")
