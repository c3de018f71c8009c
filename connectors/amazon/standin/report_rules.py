"""What the stand-in refuses of a wish for reports, in Amazon's words."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from connectors.amazon import times
from connectors.amazon.standin.report_files import MAKERS
from connectors.amazon.standin.settling import TYPE as SETTLEMENT
from connectors.base import Payload
from connectors.sandbox import Refusal, Request

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

STATUSES = frozenset({"CANCELLED", "DONE", "FATAL", "IN_PROGRESS", "IN_QUEUE"})
FILTERS = frozenset({"reportTypes", "processingStatuses", "marketplaceIds", "pageSize", "createdSince", "createdUntil"})
WISH = frozenset({"reportType", "marketplaceIds", "dataStartTime", "dataEndTime", "reportOptions"})
SCHEDULE = frozenset({"reportType", "marketplaceIds", "reportOptions", "period", "nextReportCreationTime"})
PERIODS = {
    **{f"PT{minutes}M": timedelta(minutes=minutes) for minutes in (5, 15, 30)},
    **{f"PT{hours}H": timedelta(hours=hours) for hours in (1, 2, 4, 8, 12, 84)},
    **{f"P{days}D": timedelta(days=days) for days in (1, 2, 3, 7, 14, 15, 18, 30)},
    "P1M": timedelta(days=30),
}
MOST_PLACES = 25


def checked(box: AmazonSandbox, request: Request, *, scheduled: bool = False) -> Payload:
    """The body of createReport or createReportSchedule. Raises Refusal 400."""
    wish = request.json()
    if not isinstance(wish, dict) or set(wish) - (SCHEDULE if scheduled else WISH):
        raise _invalid("Invalid input")
    _check_type(wish.get("reportType"))
    _check_places(wish.get("marketplaceIds"), request)
    if set(wish["marketplaceIds"]) & box.denied_marketplaces:
        raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")
    options = wish.get("reportOptions", {})
    if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
        raise _invalid("reportOptions must be a map of strings.")
    if scheduled and wish.get("period") not in PERIODS:
        raise _invalid("Invalid input", "Invalid period")
    start, end = (_moment(wish, name) or box.now() for name in ("dataStartTime", "dataEndTime"))
    if start > end or end > box.now() + timedelta(minutes=1):
        raise _invalid("Invalid input", "dataStartTime must be before dataEndTime, and neither may lie in the future.")
    return wish


def check_filters(given: Payload) -> None:
    """The query of getReports. Raises Refusal 400."""
    if set(given) - FILTERS:
        raise _invalid("Invalid input", f"Unknown parameter {sorted(set(given) - FILTERS)[0]}")
    if not 1 <= len(types(given.get("reportTypes", ""))) <= 10:
        raise _invalid("Invalid input", "Either reportTypes or nextToken is required, with at most 10 types.")
    if set(filter(None, given.get("processingStatuses", "").split(","))) - STATUSES:
        raise _invalid("Invalid input", "Invalid input in processing status")
    if len(given.get("marketplaceIds", "").split(",")) > 10:
        raise _invalid("Invalid input", "At most 10 marketplaceIds.")
    size = given.get("pageSize", "10")
    if not size.isdigit() or not 1 <= int(size) <= 100:
        raise _invalid("Invalid input", "pageSize must be between 1 and 100.")
    for name in ("createdSince", "createdUntil"):
        _moment(given, name)


def types(text: str) -> list[str]:
    """The types of a comma-separated list."""
    return [one for one in text.split(",") if one]


def _check_type(wanted: Any) -> None:
    if wanted == SETTLEMENT:
        raise _invalid(f"Request for report type {wanted} is not allowed at this time")
    if wanted not in MAKERS:
        raise _invalid("Invalid input", "Invalid report type")


def _check_places(places: Any, request: Request) -> None:
    if not isinstance(places, list) or not 1 <= len(places) <= MOST_PLACES:
        raise _invalid("Invalid input", "marketplaceIds holds 1 to 25 marketplaces.")
    if set(map(str, places)) - set(request.principal.marketplaces):
        raise _invalid("Invalid input", "Invalid marketplace id.")


def _moment(given: Payload, name: str) -> Any:
    if name not in given:
        return None
    moment = times.parsed(given[name])
    if moment is None:
        raise _invalid("Invalid input", f"{name} is not an ISO 8601 time.")
    return moment


def _invalid(message: str, details: str = "") -> Refusal:
    return Refusal(400, "InvalidInput", message, details=details or message)
