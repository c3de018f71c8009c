"""Documents behind pre-signed addresses, sent and fetched without any header of the Selling Partner API."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from connectors.answers import classify
from connectors.downloads import opened, unzipped
from connectors.errors import ConnectorError, RejectedError, TransientError
from connectors.http import MAX_ANSWER, JsonClient

GZIP_MARK = b"\x1f\x8b"
EXPIRED = "url_expired"
"""The code of the error that asks for a new address: the old one lives five minutes (Amazon SP-API reference, 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a pre-signed address held, unzipped; `charset` is what its answer named, often nothing."""

    content: bytes
    charset: str = ""

    def text(self, *, fallback: str = "cp1252") -> str:
        """As text: by its charset, else strictly UTF-8, else by the region's code page (Amazon SP-API reference, 12)."""
        for charset in (self.charset or "utf-8", "utf-8"):
            try:
                return self.content.decode(charset).removeprefix("\ufeff")
            except (LookupError, UnicodeDecodeError):
                continue
        return self.content.decode(fallback, "replace")


def download(client: JsonClient, url: str) -> Document:
    """The document, unzipped where it is zipped.

    Raises TransientError with the code "url_expired" where a new address must be asked for, TransientError for one that is cut off or
    damaged, RejectedError for an address that is not https and for more than 64 MiB.
    """
    raw, status, headers = client.exchange("GET", _allowed(client, url), headers={"Accept": "*/*"})
    if status != 200:
        raise _refused(client, status, headers)
    # By its first bytes, not by `compressionAlgorithm`: an HTTP client may have unzipped it already.
    return Document(content=_unzipped(client, raw) if raw.startswith(GZIP_MARK) else raw, charset=_charset(headers))


def chunks(client: JsonClient, url: str) -> Iterator[bytes]:
    """The document unzipped, of any size, read while it arrives. Raises as `download`; before the first chunk where it cannot be had."""
    with opened(client, _allowed(client, url)) as answer:
        if answer.status != 200:
            raise _refused(client, answer.status, answer.headers)
        yield from unzipped(client, answer.chunks)


def put(client: JsonClient, url: str, content: bytes, *, content_type: str) -> None:
    """Uploads a document. `content_type` must be letter for letter the text for which the address was made. Raises as `download`.

    A lost answer is harmless: nothing happens with a document before a feed names it.
    """
    headers = {"Content-Type": content_type, "Accept": "*/*"}
    _, status, answered = client.exchange("PUT", _allowed(client, url), content=content, headers=headers, safe=True)
    if not 200 <= status < 300:
        raise _refused(client, status, answered)


def _allowed(client: JsonClient, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname or "")):
        return url
    raise RejectedError(f"{client.label} named an address of a document that is not https; it was not opened.", code="foreign_link")


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(client: JsonClient, status: int, headers: Mapping[str, str]) -> ConnectorError:
    if status in (400, 401, 403):
        words = f"{client.label}'s address of the document is no longer valid ({status}); a new one is asked for."
        return TransientError(words, status=status, code=EXPIRED)
    return classify(client.label, status, headers, None)


def _unzipped(client: JsonClient, raw: bytes) -> bytes:
    """All members of a gzip file, since some writers append one to another."""
    parts: list[bytes] = []
    left, rest = MAX_ANSWER, raw
    while rest:
        member = zlib.decompressobj(wbits=31)
        try:
            parts.append(member.decompress(rest, left + 1))
        except zlib.error:
            raise TransientError(f"{client.label}'s document is damaged; it is fetched again.") from None
        left -= len(parts[-1])
        if left < 0:
            raise RejectedError(f"{client.label}'s document is larger than {MAX_ANSWER // 2**20} MiB.", code="answer_too_large")
        if not member.eof:
            raise TransientError(f"{client.label}'s document was cut off; it is fetched again.")
        rest = member.unused_data
    return b"".join(parts)


def _charset(headers: Mapping[str, str]) -> str:
    _, _, named = headers.get("Content-Type", "").partition("charset=")
    return named.partition(";")[0].strip(" \"'")
