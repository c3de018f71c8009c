"""Reports 2021-06-30: asked for, listed, made after a while, handed out (Amazon SP-API reference, 12)."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from connectors.amazon import times
from connectors.amazon.standin import bookings, documents, report_making, report_rules, settling
from connectors.amazon.standin.parts import Operations, Part
from connectors.base import Payload
from connectors.sandbox import Refusal, Request, Response, Router, Row, reply
from connectors.wire import decode, encode

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

REPORTS = Operations()
CONTROLS = Router()
PATH = "/reports/2021-06-30"
KEPT = timedelta(days=90)


@REPORTS.operation("getReports", "GET", f"{PATH}/reports")
def get_reports(box: AmazonSandbox, request: Request) -> Response:
    """The reports of these types, newest first."""
    query, skip = _filters(request)
    rows = sorted(_listed(box, request, query), key=lambda row: row["createdTime"], reverse=True)
    size = int(query.get("pageSize") or 10)
    answer: Payload = {"reports": rows[skip : skip + size]}
    if len(rows) > skip + size:
        answer["nextToken"] = base64.urlsafe_b64encode(encode({"Query": query, "Skip": skip + size})).decode()
    return reply(answer)


@REPORTS.operation("createReport", "POST", f"{PATH}/reports")
def create_report(box: AmazonSandbox, request: Request) -> Response:
    """Queues a report."""
    wish = report_rules.checked(box, request)
    return reply({"reportId": report_making.queued(box, wish, request.principal.region)}, 202)


@REPORTS.operation("getReport", "GET", f"{PATH}/reports/{{report_id}}")
def get_report(box: AmazonSandbox, request: Request) -> Response:
    """One report."""
    return reply(_report(box, request)["Body"])


@REPORTS.operation("cancelReport", "DELETE", f"{PATH}/reports/{{report_id}}")
def cancel_report(box: AmazonSandbox, request: Request) -> Response:
    """Takes a report out of the queue."""
    row = _report(box, request)
    if row["Body"]["processingStatus"] != "IN_QUEUE":
        raise Refusal(400, "InvalidInput", "The report cannot be cancelled in its current processing status.")
    box.book.put("reports", row["Body"]["reportId"], {**row, "Step": "", "Body": {**row["Body"], "processingStatus": "CANCELLED"}})
    return reply({})


@REPORTS.operation("getReportDocument", "GET", f"{PATH}/documents/{{document_id}}")
def get_report_document(box: AmazonSandbox, request: Request) -> Response:
    """A new address of a document, good for five minutes."""
    found = documents.described(box, request.params["document_id"], "reportDocumentId")
    if found is None or not request.params["document_id"].startswith("amzn1.spdoc."):
        raise Refusal(404, "NotFound", "The requested report document was not found.")
    return reply(found)


@REPORTS.operation("createReportSchedule", "POST", f"{PATH}/schedules", plan="getReports")
def create_schedule(box: AmazonSandbox, request: Request) -> Response:
    """A schedule; one for the same type and marketplaces is replaced."""
    wish = report_rules.checked(box, request, scheduled=True)
    period = report_rules.PERIODS[wish["period"]]
    first = times.parsed(wish.get("nextReportCreationTime")) or box.now() + period
    for row in list(box.book.rows("report_schedules")):
        same = row["Body"]["reportType"] == wish["reportType"] and set(row["Body"]["marketplaceIds"]) == set(wish["marketplaceIds"])
        if same and row["Region"] == request.principal.region:
            box.book.delete("report_schedules", row["Body"]["reportScheduleId"])
    key = str(box.book.next_number("report_schedule", 7001))
    names = ("reportType", "marketplaceIds", "reportOptions", "period")
    about = {name: wish[name] for name in names if name in wish}
    body = {**about, "reportScheduleId": key, "nextReportCreationTime": times.written(first)}
    box.book.put("report_schedules", key, {"Region": request.principal.region, "Body": body})
    return reply({"reportScheduleId": key}, 201)


@REPORTS.operation("getReportSchedules", "GET", f"{PATH}/schedules", plan="getReports")
def get_schedules(box: AmazonSandbox, request: Request) -> Response:
    """The schedules of these types."""
    types = report_rules.types(request.arg("reportTypes"))
    rows = (row for row in box.book.rows("report_schedules") if row["Region"] == request.principal.region)
    return reply({"reportSchedules": [row["Body"] for row in rows if row["Body"]["reportType"] in types]})


@REPORTS.operation("getReportSchedule", "GET", f"{PATH}/schedules/{{schedule_id}}", plan="getReports")
def get_schedule(box: AmazonSandbox, request: Request) -> Response:
    """One schedule."""
    return reply(_schedule(box, request))


@REPORTS.operation("cancelReportSchedule", "DELETE", f"{PATH}/schedules/{{schedule_id}}", plan="cancelReport")
def cancel_schedule(box: AmazonSandbox, request: Request) -> Response:
    """Ends a schedule."""
    box.book.delete("report_schedules", _schedule(box, request)["reportScheduleId"])
    return reply({})


@CONTROLS.on("POST", "/__sandbox__/settle")
def settle(box: AmazonSandbox, request: Request) -> Response:
    """Closes the running settlements now."""
    return reply({"Reports": settling.settle(box)})


def _filters(request: Request) -> tuple[Payload, int]:
    """The filters and how many reports were handed out already. A token goes alone (Amazon SP-API reference, 5)."""
    given = {name: values[-1] for name, values in request.query.items()}
    if "nextToken" in given:
        if len(given) > 1:
            raise Refusal(400, "InvalidInput", "nextToken must be the only parameter.")
        try:
            place = decode(base64.urlsafe_b64decode(given["nextToken"]))
            return dict(place["Query"]), int(place["Skip"])
        except (ValueError, KeyError, TypeError):
            raise Refusal(400, "InvalidInput", "Invalid nextToken.") from None
    report_rules.check_filters(given)
    return given, 0


def _listed(box: AmazonSandbox, request: Request, query: Payload) -> list[Payload]:
    types, statuses = report_rules.types(query["reportTypes"]), set(filter(None, query.get("processingStatuses", "").split(",")))
    places = set(filter(None, query.get("marketplaceIds", "").split(",")))
    since = max(times.parsed(query.get("createdSince")) or box.now() - KEPT, box.now() - KEPT)
    until = times.parsed(query.get("createdUntil")) or box.now()

    def fits(row: Row) -> bool:
        body = row["Body"]
        created = times.parsed(body["createdTime"]) or box.now()
        return (
            row["Region"] == request.principal.region
            and body["reportType"] in types
            and (not statuses or body["processingStatus"] in statuses)
            and (not places or bool(places & set(body["marketplaceIds"])))
            and since <= created <= until
        )

    return [row["Body"] for row in box.book.rows("reports") if fits(row)]


def _report(box: AmazonSandbox, request: Request) -> Row:
    row = box.book.get("reports", request.params["report_id"])
    created = times.parsed(row["Body"]["createdTime"]) if row else None
    if row is None or row["Region"] != request.principal.region or (created and box.now() - created > KEPT):
        raise Refusal(404, "NotFound", "The requested report was not found.")
    return row


def _schedule(box: AmazonSandbox, request: Request) -> dict[str, Any]:
    row = box.book.get("report_schedules", request.params["schedule_id"])
    if row is None or row["Region"] != request.principal.region:
        raise Refusal(404, "NotFound", "The requested report schedule was not found.")
    body: dict[str, Any] = row["Body"]
    return body


def declare(box: AmazonSandbox) -> None:
    """Indexes."""
    box.book.index("reports", "open", lambda row: ["yes"] if row["Step"] else [])
    bookings.declare(box)


def advance(box: AmazonSandbox, now: datetime) -> None:
    """Reports go on, schedules ask for new ones, settlements close."""
    report_making.advance(box, now)
    settling.advance(box, now)


PART = Part(routes=REPORTS, controls=CONTROLS, declare=declare, advance=advance)
