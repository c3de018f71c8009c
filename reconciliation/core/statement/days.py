"""The posting day of each line in the ledger's time zone (settlement reference, 6.4)."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

QUARTER = 900
"""Seconds. In every zone of today the clock changes, and days begin, at a quarter of an hour of UTC."""


def days(posted_at: Any, zone: tzinfo) -> Any:
    """An array of times in UTC as days in a time zone, daylight-saving changes included."""
    coded = pc.divide(pc.cast(posted_at, pa.int64()), QUARTER).dictionary_encode()
    local = [datetime.fromtimestamp(quarter * QUARTER, UTC).astimezone(zone).date() for quarter in coded.dictionary.to_pylist()]
    return pa.array(local, pa.date32()).take(coded.indices)
