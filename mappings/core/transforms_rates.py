"""Exchange rates by day: a lookup table whose keys are a currency and a date."""

from __future__ import annotations

from typing import Any

from mappings.core import dates
from mappings.core.declare import Argument, BadArgumentError, Given, Transform, Work
from mappings.core.money import number
from mappings.core.operands import is_blank, txt
from mappings.core.refusal import RefusedError
from mappings.core.state import State
from mappings.core.transforms_text import HOURS, WAIT, hours_to_wait

MOST_DAYS = 366


def _rate(given: Given) -> Work:
    table, look, days, wait = given.text("table"), given.path("date"), given.whole("days"), hours_to_wait(given)
    if not 0 <= days <= MOST_DAYS:
        raise BadArgumentError(f"days must be between 0 and {MOST_DAYS}")

    def work(value: Any, state: State) -> Any:
        when = look(state) if look else None
        if is_blank(when):
            raise RefusedError("The rate depends on a date, and there is none. Fill it in the source, then retry.", code="required")
        zone = dates.zone(state.facts.settings.get("time_zone", ""))
        currency, day = txt(value).strip().upper(), dates.local_date(when, zone)
        rows = state.facts.tables.get(table, {})
        keys = (f"{currency}|{dates.later(day, -back)}" for back in range(days + 1))
        key = next((key for key in keys if key in rows), "")
        return _positive(table, key, rows[key]) if key else _missed(table, currency, day, days=days, wait=wait)

    return work


def _positive(table: str, key: str, rate: str) -> str:
    if number(rate) <= 0:
        words = f'The rate "{key}" of the lookup table "{table}" is not above zero. Correct the row, then retry.'
        raise RefusedError(words, code="bad_rate", value=rate, cause=f"bad_rate:{table}:{key[:80]}")
    return rate


def _missed(table: str, currency: str, day: str, *, days: int, wait: int) -> str:
    key = f"{currency}|{day}"
    earlier = f" or the {days} days before" if days > 1 else " or the day before" if days else ""
    words = f'The lookup table "{table}" has no rate for {currency[:20]} on {day}{earlier}. Add the row "{key[:80]}", then retry.'
    raise RefusedError(words, code="lookup", value=key, cause=f"lookup:{table}:{key[:80]}", wait=wait)


RATES = (
    Transform(
        name="rate", label="Exchange rate", build=_rate,
        help="The rate of a currency on a day, from a lookup table with keys such as EUR|2026-11-19; else the newest of the days before.",
        args=(
            Argument(name="table", label="Lookup table", type="table", required=True),
            Argument(name="date", label="Date", type="path", required=True, help="A date, or a time in the company's time zone."),
            Argument(name="days", label="Days that a rate holds", type="whole number", default=5, help="0 = the day itself only."),
            Argument(
                name="miss", label="When there is no rate", type="choice", default="error", choices=(("error", "Refuse the record"), WAIT)
            ),
            HOURS,
        ),
    ),
)  # fmt: skip
