"""Finances 2024-06-19 and the event groups of v0 (Amazon SP-API reference, 13)."""

from __future__ import annotations

import base64
from collections import defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.amazon import times
from connectors.amazon.standin import bookings
from connectors.amazon.standin.bookings import GROUPS, KIND
from connectors.amazon.standin.markets import MARKETS
from connectors.amazon.standin.parts import Operations, Part
from connectors.base import Payload
from connectors.sandbox import Refusal, Request, Response, Row, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

FINANCES = Operations()
PAGE = 100
LONGEST = timedelta(days=180)
RECENT = timedelta(minutes=2)
STATUSES = frozenset({"DEFERRED", "RELEASED", "DEFERRED_RELEASED"})
RELATED = frozenset({"FINANCIAL_EVENT_GROUP_ID", "ORDER_ID"})
BALANCES = ("AVAILABLE", "RESERVED", "DEFERRED", "ACCOUNT_LEVEL_RESERVE", "TOTAL")


@FINANCES.operation("listTransactions", "GET", "/finances/2024-06-19/transactions")
def list_transactions(box: AmazonSandbox, request: Request) -> Response:
    """What was posted in a time, or belongs to an order or a group. A page may be empty although there are more."""
    bookings.bring_up(box)
    chosen = _chosen(box, request)
    start, token = _place(request, "nextToken")
    answer: Payload = {"transactions": [row["Body"] for row in chosen[start : start + PAGE] if visible_in(request, row)]}
    if len(chosen) > start + PAGE:
        answer["nextToken"] = _token(request, start + PAGE, token)
    return reply({"payload": answer})


@FINANCES.operation("listSummary", "GET", "/finances/2024-06-19/summary")
def list_summary(box: AmazonSandbox, request: Request) -> Response:
    """The net proceeds of closed settlements."""
    bookings.bring_up(box)
    _check_places(request)
    name, value = request.arg("relatedIdentifierName"), request.arg("relatedIdentifierValue")
    if (name and name != "SETTLEMENT_ID") or bool(name) != bool(value):
        raise _invalid("Invalid input")
    start, end = (_day(request, one) for one in ("periodStart", "periodEnd"))
    if not name and start is None:
        raise _invalid("Either a related identifier or a period is required.")
    rows = [row for row in _groups(box, request) if row["Status"] == "Closed" and _summed(row, value, start, end)]
    return reply({"summaries": [_summary(box, request, row) for row in rows]})


@FINANCES.operation("listBalances", "GET", "/finances/2024-06-19/balances")
def list_balances(box: AmazonSandbox, request: Request) -> Response:
    """What Amazon holds for the seller, by kind and currency."""
    bookings.bring_up(box)
    _check_places(request)
    wanted = request.arg("balanceType")
    if wanted and wanted not in BALANCES:
        raise _invalid("Invalid input")
    sums = _balances(box, request)
    about = _partner(box, request)
    found = [
        {"partnerMetadata": about, "balanceType": kind, "amount": {"currencyAmount": amount, "currencyCode": currency},
         "lastUpdatedTime": times.written(box.now())}
        for (currency, kind), amount in sums.items() if not wanted or kind == wanted
    ]  # fmt: skip
    return reply({"balances": found})


@FINANCES.operation("listFinancialEventGroups", "GET", "/finances/v0/financialEventGroups")
def list_groups(box: AmazonSandbox, request: Request) -> Response:
    """The settlements, the running ones too."""
    bookings.bring_up(box)
    size = request.arg("MaxResultsPerPage", "10")
    if not size.isdigit() or not 1 <= int(size) <= 100:
        raise _invalid("MaxResultsPerPage must be between 1 and 100.")
    after, before = (_moment(box, request, f"FinancialEventGroupStarted{one}") for one in ("After", "Before"))
    far = after and before and before - after > LONGEST
    rows = [] if far else [row for row in _groups(box, request) if _between(times.parsed(row["Start"]), after, before)]
    start, token = _place(request, "NextToken")
    answer: Payload = {"FinancialEventGroupList": [_group(row) for row in rows[start : start + int(size)]]}
    if len(rows) > start + int(size):
        answer["NextToken"] = _token(request, start + int(size), token)
    return reply({"payload": answer})


def visible_in(request: Request, row: Row) -> bool:
    """Whether a transaction is one of the caller's region and the wanted status and marketplace."""
    body, status, place = row["Body"], request.arg("transactionStatus"), request.arg("marketplaceId")
    at = body["marketplaceDetails"]["marketplaceId"]
    return at in request.principal.marketplaces and status in ("", body["transactionStatus"]) and place in ("", at)


def _chosen(box: AmazonSandbox, request: Request) -> list[Row]:
    """By identifier or by time; the rest of the filters acts page by page, as at Amazon."""
    status, name, value = (request.arg(one) for one in ("transactionStatus", "relatedIdentifierName", "relatedIdentifierValue"))
    if (status and status not in STATUSES) or (name and name not in RELATED) or bool(name) != bool(value):
        raise _invalid("Invalid input")
    after, before = _moment(box, request, "postedAfter"), _moment(box, request, "postedBefore")
    if after is None and not name:
        raise _invalid("Start date cannot be null")
    until = before or box.now() - RECENT
    if after and (until <= after):
        raise _invalid("postedBefore must be after postedAfter.")
    if after and until - after > LONGEST:
        return []
    index = {"ORDER_ID": "order", "FINANCIAL_EVENT_GROUP_ID": "group"}
    rows = (box.book.get(KIND, key) or {} for key in box.book.find(KIND, index[name], value)) if name else box.book.rows(KIND)
    found = [row for row in rows if bookings.visible(box, row) and _between(times.parsed(row["Body"]["postedDate"]), after, until)]
    return sorted(found, key=lambda row: (row["Body"]["postedDate"], row["Body"]["transactionId"]))


def _between(moment: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    return moment is not None and (after is None or moment >= after) and (before is None or moment < before)


def _moment(box: AmazonSandbox, request: Request, name: str) -> datetime | None:
    if not request.arg(name):
        return None
    moment = times.parsed(request.arg(name))
    if moment is None:
        raise _invalid(f"{name} is not an ISO 8601 time.")
    if moment > box.now() - RECENT:
        raise _invalid(f"{name} must be more than two minutes before the time of the request.")
    return moment


def _day(request: Request, name: str) -> datetime | None:
    if not request.arg(name):
        return None
    moment = times.parsed(request.arg(name))
    if moment is None or len(request.arg(name)) != len("2026-11-20"):
        raise _invalid("Invalid input")
    return moment


def _place(request: Request, name: str) -> tuple[int, str]:
    """Where a page begins, and the fingerprint that its token carries: all other arguments must be the same."""
    others = "&".join(f"{key}={values[-1]}" for key, values in sorted(request.query.items()) if key.lower() != "nexttoken")
    if name not in request.query:
        return 0, others
    try:
        start, _, rest = base64.urlsafe_b64decode(request.arg(name)).decode().partition(" ")
        if rest == others:
            return int(start), others
    except ValueError:
        pass
    raise _invalid("The nextToken is not valid; all other arguments must match the original request.")


def _token(request: Request, start: int, others: str) -> str:
    return base64.urlsafe_b64encode(f"{start} {others}".encode()).decode()


def _groups(box: AmazonSandbox, request: Request) -> list[Row]:
    return [row for row in box.book.rows(GROUPS) if row["Account"].startswith(f"{request.principal.region} ")]


def _summed(row: Row, settlement: str, start: datetime | None, end: datetime | None) -> bool:
    closed = times.parsed(row["End"])
    return row["SettlementId"] == settlement if settlement else _between(closed, start, end + timedelta(days=1) if end else None)


def _summary(box: AmazonSandbox, request: Request, row: Row) -> Payload:
    currency = _currency(row)

    def amount(value: str) -> Payload:
        return {"currencyAmount": Decimal(value), "currencyCode": currency}

    return {
        "partnerMetadata": _partner(box, request),
        "netProceeds": amount(row["Total"]),
        "relatedIdentifiers": [{"relatedIdentifierName": "SETTLEMENT_ID", "relatedIdentifierValue": row["SettlementId"]}],
        "breakdowns": [{"breakdownType": kind, "breakdownAmount": amount(value), "breakdowns": []} for kind, value in row["Parts"].items()],
        "periodStart": row["Start"],
        "periodEnd": row["End"],
    }


def _balances(box: AmazonSandbox, request: Request) -> dict[tuple[str, str], Decimal]:
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    running = {row["Id"] for row in _groups(box, request) if row["Status"] == "Open"}
    for row in box.book.rows(KIND):
        body = row["Body"]
        total = Decimal(body["totalAmount"]["currencyAmount"])
        deferred = body["transactionStatus"] == "DEFERRED"
        if body["marketplaceDetails"]["marketplaceId"] in request.principal.marketplaces and (deferred or row["Group"] in running):
            currency = body["totalAmount"]["currencyCode"]
            sums[currency, "DEFERRED" if deferred else "AVAILABLE"] += total
            sums[currency, "TOTAL"] += total
    return sums


def _partner(box: AmazonSandbox, request: Request) -> Payload:
    return {"partnerId": request.principal.seller, "accountType": "Standard Orders", "marketplaceId": request.principal.marketplaces[0]}


def _group(row: Row) -> Payload:
    closed = row["Status"] == "Closed"
    currency = _currency(row)
    total = {"CurrencyCode": currency, "CurrencyAmount": Decimal(row["Total"] or 0)}
    about = {"FundTransferStatus": "Succeeded", "FundTransferDate": row["End"], "TraceId": row["Id"][:12], "AccountTail": "821",
             "FinancialEventGroupEnd": row["End"]}  # fmt: skip
    return {
        "FinancialEventGroupId": row["Id"],
        "ProcessingStatus": row["Status"],
        "OriginalTotal": total,
        "ConvertedTotal": total,
        "BeginningBalance": {"CurrencyCode": currency, "CurrencyAmount": Decimal(row.get("Before") or 0)},
        "FinancialEventGroupStart": row["Start"],
        **(about if closed else {}),
    }


def _currency(row: Row) -> str:
    return str(row["Account"].partition(" ")[2])


def _check_places(request: Request) -> None:
    places: list[Any] = [one for one in request.arg("marketplaceIds").split(",") if one]
    if set(places) - set(MARKETS):
        raise _invalid("Invalid input")


def _invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidInput", message, details=message)


PART = Part(routes=FINANCES)
