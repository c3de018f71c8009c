"""Transforms of dates and times."""

from __future__ import annotations

from mappings.core import dates
from mappings.core.declare import Argument, Given, Transform, Work


def _local_date(given: Given) -> Work:
    name = given.text("tz")
    if name:
        fixed = dates.zone(name)
        return lambda value, state: dates.local_date(value, fixed)
    return lambda value, state: dates.local_date(value, dates.zone(state.facts.settings.get("time_zone", "")))


TIME = (
    Transform(
        name="local_date",
        label="Local date",
        help="The day of a time on the calendar of a time zone.",
        build=_local_date,
        args=(Argument(name="tz", label="Time zone", help="Such as America/Denver; empty = the company's (setting time_zone)."),),
    ),
    Transform(
        name="utc", label="Time in UTC", help="The same moment in UTC.", build=lambda given: lambda value, state: dates.in_utc(value)
    ),
)
