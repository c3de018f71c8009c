"""The life of a report in the stand-in: queued, in progress, then done, cancelled or given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from connectors.amazon import times
from connectors.amazon.standin import documents
from connectors.amazon.standin.report_files import MAKERS, Wish
from connectors.amazon.standin.report_rules import PERIODS
from connectors.base import Payload
from connectors.sandbox import Row

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

QUEUED, MADE = 30.0, 60.0
"""Seconds in the queue and in the making."""
LAST_DAY = timedelta(days=1)


def queued(box: AmazonSandbox, wish: Payload, region: str) -> str:
    """Puts a report in the queue; answers its id."""
    now, key = box.now(), str(box.book.next_number("report", 51001))
    end = times.parsed(wish.get("dataEndTime")) or now
    start = times.parsed(wish.get("dataStartTime")) or end - LAST_DAY
    body = {
        "reportId": key, "reportType": wish["reportType"], "marketplaceIds": wish["marketplaceIds"], "createdTime": times.written(now),
        "dataStartTime": times.written(start), "dataEndTime": times.written(end), "processingStatus": "IN_QUEUE",
    }  # fmt: skip
    if "reportScheduleId" in wish:
        body["reportScheduleId"] = wish["reportScheduleId"]
    box.book.put("reports", key, {"Region": region, "Body": body, "Step": times.written(now + box.delay(QUEUED))})
    return key


def advance(box: AmazonSandbox, now: datetime) -> None:
    """Moves every open report that is due, and asks for those that are scheduled."""
    for key in box.book.find("reports", "open", "yes"):
        row = box.book.get("reports", key)
        while row and row["Step"] and (times.parsed(row["Step"]) or now) <= now:
            row = _moved(box, row)
            box.book.put("reports", key, row)
    for row in list(box.book.rows("report_schedules")):
        _asked(box, row, now)


def _moved(box: AmazonSandbox, row: Row) -> Row:
    at = times.parsed(row["Step"]) or box.now()
    if row["Body"]["processingStatus"] == "IN_QUEUE":
        about = {"processingStatus": "IN_PROGRESS", "processingStartTime": times.written(at)}
        return {**row, "Body": {**row["Body"], **about}, "Step": times.written(at + box.delay(MADE))}
    body = {**row["Body"], **_made(box, row["Body"]), "processingEndTime": times.written(at)}
    box.announce("REPORT_PROCESSING_FINISHED", body)
    return {**row, "Body": body, "Step": ""}


def _made(box: AmazonSandbox, body: Payload) -> Payload:
    """Status and document. Nothing to report, or asked for too soon after another one: cancelled (Amazon SP-API reference, 12)."""
    maker = MAKERS[body["reportType"]]
    created, start, end = (times.parsed(body[name]) or box.now() for name in ("createdTime", "dataStartTime", "dataEndTime"))
    if end - start > maker.longest:
        words = f"The date range of {body['reportType']} exceeds {maker.longest.days} days."
        return {"processingStatus": "FATAL", "reportDocumentId": _stored(box, body, words, zipped=False)}
    if any(timedelta(0) < created - other < maker.every for other in _others(box, body)):
        return {"processingStatus": "CANCELLED"}
    text = maker.text(box, Wish(start=start, end=end, marketplaces=frozenset(body["marketplaceIds"])))
    if not text:
        return {"processingStatus": "CANCELLED"}
    return {"processingStatus": "DONE", "reportDocumentId": _stored(box, body, text)}


def _others(box: AmazonSandbox, body: Payload) -> list[datetime]:
    """When the other reports of the type were asked for that were made."""
    same = (one["Body"] for one in box.book.rows("reports") if one["Body"]["reportType"] == body["reportType"])
    return [times.parsed(one["createdTime"]) or box.now() for one in same if one["processingStatus"] == "DONE"]


def _stored(box: AmazonSandbox, body: Payload, text: str, *, zipped: bool = True) -> str:
    name = f"amzn1.spdoc.1.4.r{body['reportId']}"
    documents.store(box, name, text.encode(), zipped=zipped)
    return name


def _asked(box: AmazonSandbox, row: Row, now: datetime) -> None:
    body = row["Body"]
    due = times.parsed(body["nextReportCreationTime"]) or now
    if due > now:
        return
    period = PERIODS[body["period"]]
    wish = {**body, "dataStartTime": times.written(due - period), "dataEndTime": times.written(due)}
    queued(box, wish, row["Region"])
    later = due + period * ((now - due) // period + 1)
    box.book.put("report_schedules", body["reportScheduleId"], {**row, "Body": {**body, "nextReportCreationTime": times.written(later)}})
