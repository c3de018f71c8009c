"""PO boxes by their words, in the languages of the usual markets."""

from __future__ import annotations

import re

PO_BOX = re.compile(
    r"\b(?:p\.?\s{0,3}o\.?\s{0,3}box|post(?:al)?\s{1,3}office\s{1,3}box|apartado|postfach|packstation|locked bag|bo[iî]te postale|bp)\b",
    re.IGNORECASE,
)


def is_po_box(line: str) -> bool:
    """True when the line names a PO box, a parcel locker or their like."""
    return PO_BOX.search(line) is not None
