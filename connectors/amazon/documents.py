"""Documents behind Amazon's pre-signed addresses: fetched and put without any credentials of the API (Amazon SP-API reference, 9, 12)."""

from __future__ import annotations

import zlib
from urllib.parse import urlsplit

from connectors.errors import RejectedError, TransientError
from connectors.http import MAX_ANSWER, JsonClient

_GZIP = b"\x1f\x8b"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def fetch(client: JsonClient, url: str) -> bytes:
    """The document, unzipped where it is zipped.

    Raises TransientError when the address has expired (it lives five minutes: ask for a new one) or the document is cut off,
    RejectedError when it is larger than 64 MiB or the address is not https.
    """
    raw, status, _ = client.exchange("GET", _safe(url), headers={"Accept": "*/*"})
    if status != 200:
        raise TransientError(f"Amazon did not hand out the document ({status}); its address has probably expired. It is asked for again.")
    return _unzipped(raw) if raw.startswith(_GZIP) else raw


def put(client: JsonClient, url: str, content: bytes, *, content_type: str) -> None:
    """Uploads a document; `content_type` must be letter for letter the one it was announced with. Raises TransientError when refused.

    An upload alone has no effect at Amazon, so that repeating it is harmless.
    """
    _, status, _ = client.exchange("PUT", _safe(url), content=content, headers={"Accept": "*/*", "Content-Type": content_type})
    if status not in (200, 201, 204):
        raise TransientError(f"Amazon did not take the document ({status}); its address has probably expired. It is sent again.")


def _safe(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return url
    raise RejectedError("Amazon named a document address that is not https; it was not opened.", code="foreign_link")


def _unzipped(raw: bytes) -> bytes:
    unzip = zlib.decompressobj(wbits=31)
    try:
        content = unzip.decompress(raw, MAX_ANSWER)
    except zlib.error:
        raise TransientError("Amazon's document is damaged; it is fetched again.") from None
    if unzip.unconsumed_tail:
        raise RejectedError(f"Amazon's document is larger than {MAX_ANSWER // 2**20} MiB.", code="answer_too_large")
    if not unzip.eof:
        raise TransientError("Amazon's document was cut off; it is fetched again.")
    return content
