"""How a file writes its times: decided once by the summary row, and every line must follow (settlement reference, 2, "Dates")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
TIMESTAMP = pa.timestamp("s", tz="UTC")
YEAR = r"(?:19|20)\d{2}"
CLOCK = r"(\d{2}:\d{2}:\d{2})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateFormat:
    """One way to write a time. Patterns are read alike by RE2 and Python; `iso` rewrites what `time` found into ISO 8601.

    `day` and `day_iso` are the same for a date without a time; "" when such a date could be read in two ways.
    """

    shape: str
    time: str
    iso: str
    day: str = ""
    day_iso: str = ""
    named_months: bool = False

    def one(self, text: str) -> datetime | None:
        """The time in UTC; None when it is not written like this or does not exist."""
        found = re.fullmatch(self.time, text, re.ASCII)
        try:
            return datetime.fromisoformat(self._numbered(found.expand(self.iso))).astimezone(UTC) if found else None
        except (ValueError, OverflowError):
            return None

    def _numbered(self, text: str) -> str:
        for number, name in enumerate(MONTHS, start=1) if self.named_months else ():
            text = text.replace(f"-{name}-", f"-{number:02d}-")
        return text

    def many(self, values: Any, *, days: bool = False) -> Any:
        """Times in UTC of an array of texts, with `days` midnights of dates. None when one of them is not written like this."""
        pattern, iso = (self.day, self.day_iso) if days else (self.time, self.iso)
        if not len(values):
            return pa.array([], TIMESTAMP)
        if not pattern or not pc.all(pc.match_substring_regex(values, f"^(?:{pattern})$"), min_count=0).as_py():
            return None
        try:
            return pc.cast(self._rewritten(values, pattern, iso), TIMESTAMP)
        except pa.ArrowInvalid:
            return None

    def _rewritten(self, values: Any, pattern: str, iso: str) -> Any:
        if iso == AS_IT_IS:
            return pc.binary_join_element_wise(pc.utf8_slice_codeunits(values, 0, 19), "Z", "")
        values = pc.replace_substring_regex(values, pattern, iso)
        for number, name in enumerate(MONTHS, start=1) if self.named_months else ():
            values = pc.replace_substring(values, f"-{name}-", f"-{number:02d}-")
        return values


AS_IT_IS = r"\1 \2Z"
"""A time whose first 19 characters are ISO 8601: by far the most common, and spared the rewriting."""

FORMATS = (
    DateFormat(
        shape="YYYY-MM-DD HH:MM:SS UTC",
        time=rf"({YEAR}-\d{{2}}-\d{{2}}) {CLOCK} UTC",
        iso=AS_IT_IS,
        day=rf"({YEAR}-\d{{2}}-\d{{2}})",
        day_iso=r"\1 00:00:00Z",
    ),
    DateFormat(
        shape="DD.MM.YYYY HH:MM:SS UTC",
        time=rf"(\d{{2}})\.(\d{{2}})\.({YEAR}) {CLOCK} UTC",
        iso=r"\3-\2-\1 \4Z",
        day=rf"(\d{{2}})\.(\d{{2}})\.({YEAR})",
        day_iso=r"\3-\2-\1 00:00:00Z",
    ),
    DateFormat(
        shape="YYYY/MM/DD HH:MM:SS UTC",
        time=rf"({YEAR})/(\d{{2}})/(\d{{2}}) {CLOCK} UTC",
        iso=r"\1-\2-\3 \4Z",
        day=rf"({YEAR})/(\d{{2}})/(\d{{2}})",
        day_iso=r"\1-\2-\3 00:00:00Z",
    ),
    DateFormat(
        shape="YYYY-MM-DDTHH:MM:SS+00:00",
        time=rf"({YEAR}-\d{{2}}-\d{{2}})T{CLOCK}(Z|[+-]\d{{2}}:\d{{2}})",
        iso=r"\1 \2\3",
        day=rf"({YEAR}-\d{{2}}-\d{{2}})",
        day_iso=r"\1 00:00:00Z",
    ),
    DateFormat(
        shape="Fri Oct 03 2025 21:04:23 GMT+0000",
        time=rf"[A-Z][a-z]{{2}} ({'|'.join(MONTHS)}) (\d{{2}}) ({YEAR}) {CLOCK} GMT([+-]\d{{2}})(\d{{2}})(?: \([^()]*\))?",
        iso=r"\3-\1-\2 \4\5:\6",
        named_months=True,
    ),
)


def format_of(texts: list[str]) -> DateFormat | None:
    """The one format in which all of these are times. None when there is none."""
    return next((one for one in FORMATS if texts and all(one.one(text) for text in texts)), None)
