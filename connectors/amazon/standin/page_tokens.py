"""Tokens of the next page: bound to the parameters of the first one, and good for a day (Amazon SP-API reference, 5)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from connectors.sandbox import Refusal
from connectors.wire import decode, encode

LIFE = timedelta(hours=24)
_KEY = b"the stand-in signs its own tokens"
WORDS = "The paginationToken you have submitted is not valid. All parameters must match the original request except maxResultsPerPage."
Parameters = Sequence[tuple[str, str]]


def made(parameters: Parameters, *, before: str, place: tuple[str, str], now: datetime) -> str:
    """The token of the page behind a place, in a window that ends at `before`."""
    held = encode({"b": before, "p": place, "x": (now + LIFE).isoformat(), "q": _mark(encode(list(parameters)))})
    return base64.urlsafe_b64encode(_mark(held).encode() + held).decode()


def read(token: str, parameters: Parameters, *, now: datetime) -> tuple[str, tuple[str, str]]:
    """The end of the window and the place. Raises Refusal 400 for an altered or old token and for other parameters."""
    try:
        raw = base64.urlsafe_b64decode(token)
        mark, held = raw[:32].decode(), raw[32:]
        content = decode(held) if hmac.compare_digest(mark, _mark(held)) else {}
    except (ValueError, binascii.Error):
        content = {}
    if not content or content["q"] != _mark(encode(list(parameters))) or datetime.fromisoformat(content["x"]) < now:
        raise Refusal(400, "InvalidInput", WORDS)
    return str(content["b"]), (content["p"][0], content["p"][1])


def _mark(content: bytes) -> str:
    return hmac.new(_KEY, content, hashlib.sha256).hexdigest()[:32]
