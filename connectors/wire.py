"""JSON in and out, where money never passes through a binary float."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

_decoder = msgspec.json.Decoder(float_hook=Decimal)
_encoder = msgspec.json.Encoder(decimal_format="number")


def decode(raw: bytes | str) -> Any:
    """JSON to Python values; numbers with a point become Decimal. Raises ValueError."""
    return _decoder.decode(raw)


def encode(value: Any) -> bytes:
    """Python values to JSON; Decimal is written as a number, never as text."""
    return _encoder.encode(value)
