"""What the stand-in knows of the goods that are sold."""

from __future__ import annotations

import zlib


def asin_of(sku: str) -> str:
    """The ASIN under which a SKU is sold, always the same."""
    return f"B0{zlib.crc32(sku.encode()) % 10**8:08d}"
