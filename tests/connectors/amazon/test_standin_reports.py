"""The stand-in's reports: as strict and as slow as Amazon's, and Amazon's own SDK finds its way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.amazon import times
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import settling
from connectors.errors import MissingError, RejectedError
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.sdk import api_client, sdk
from tests.connectors.amazon.shop import DE, US, sell, wait

PATH = "reports/2021-06-30"
MODEL = "reports_2021-06-30.json"
ORDERS = "GET_FLAT_FILE_ALL_ORDERS_DATA_BY_LAST_UPDATE_GENERAL"
RETURNS = "GET_FLAT_FILE_RETURNS_DATA_BY_RETURN_DATE"


def wish(shop: AmazonSandbox, **changes: Any) -> dict[str, Any]:
    start, end = (times.written(shop.now() - timedelta(days=days)) for days in (10, 0))
    body = {"reportType": ORDERS, "marketplaceIds": [US], "dataStartTime": start, "dataEndTime": end, **changes}
    return {name: value for name, value in body.items() if value is not None}


def ask(shop: AmazonSandbox, client: AmazonClient, **changes: Any) -> str:
    return str(client.call("POST", f"{PATH}/reports", body=wish(shop, **changes), limit="createReport").body["reportId"])


def test_a_settlement_report_cannot_be_asked_for(shop: AmazonSandbox, seller: AmazonClient) -> None:
    with pytest.raises(RejectedError, match="is not allowed at this time"):
        ask(shop, seller, reportType=settling.TYPE)


@pytest.mark.parametrize(
    "change",
    [
        {"reportType": "NO_SUCH_REPORT"}, {"reportType": None}, {"marketplaceIds": []}, {"marketplaceIds": [DE]}, {"marketplaceIds": None},
        {"marketplaceIds": [US] * 26}, {"dataStartTime": "yesterday"}, {"dataEndTime": "2099-01-01T00:00:00Z"}, {"reportOptions": {"a": 1}},
        {"dataStartTime": "2026-11-19T00:00:00Z", "dataEndTime": "2026-11-18T00:00:00Z"}, {"somethingElse": "x"},
    ],
)  # fmt: skip
def test_a_wrong_wish_is_refused(shop: AmazonSandbox, seller: AmazonClient, change: dict[str, Any]) -> None:
    with pytest.raises(RejectedError) as caught:
        ask(shop, seller, **change)
    assert caught.value.status == 400
    assert valid(MODEL, "ErrorList", caught.value.answer) == []
    assert not shop.book.count("reports")


@pytest.mark.parametrize(
    "query",
    [
        {}, {"nextToken": "abc"}, {"nextToken": "abc", "pageSize": "10"}, {"reportTypes": ORDERS, "pageSize": "101"},
        {"reportTypes": ORDERS, "processingStatuses": "BAD_VALUE"}, {"reportTypes": ",".join([ORDERS] * 11)},
        {"reportTypes": ORDERS, "createdSince": "yesterday"}, {"reportTypes": ORDERS, "order": "asc"},
    ],
)  # fmt: skip
def test_a_wrong_list_is_refused(shop: AmazonSandbox, seller: AmazonClient, query: dict[str, str]) -> None:
    with pytest.raises(RejectedError):
        seller.call("GET", f"{PATH}/reports", query=query, limit="getReports")


@pytest.mark.parametrize("path", ["reports/999", "documents/amzn1.spdoc.1.4.none", "documents/feed-1", "schedules/999"])
def test_what_does_not_exist_is_missing(seller: AmazonClient, shop: AmazonSandbox, path: str) -> None:
    with pytest.raises(MissingError):
        seller.get(f"{PATH}/{path}")


def test_a_report_is_queued_made_and_then_done(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1)
    key = ask(shop, seller)
    seen = []
    for seconds in (0, 35, 60):
        shop.clock.advance(seconds)
        seen.append(seller.get(f"{PATH}/reports/{key}"))
    assert [one["processingStatus"] for one in seen] == ["IN_QUEUE", "IN_PROGRESS", "DONE"]
    assert [valid(MODEL, "Report", one) for one in seen] == [[], [], []]


def test_a_report_is_told_when_it_is_done(shop: AmazonSandbox, seller: AmazonClient) -> None:
    told: list[tuple[str, Any]] = []
    shop.listeners.append(lambda kind, payload: told.append((kind, payload["processingStatus"])))
    sell(shop, 1)
    ask(shop, seller)
    wait(shop)
    shop.listeners.pop()
    assert told == [("REPORT_PROCESSING_FINISHED", "DONE")]


def test_a_report_in_the_queue_can_be_cancelled_a_finished_one_cannot(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1)
    key = ask(shop, seller)
    seller.call("DELETE", f"{PATH}/reports/{key}", limit="cancelReport")
    assert seller.get(f"{PATH}/reports/{key}")["processingStatus"] == "CANCELLED"
    with pytest.raises(RejectedError):
        seller.call("DELETE", f"{PATH}/reports/{key}", limit="cancelReport")


def test_a_schedule_asks_for_reports_and_replaces_an_earlier_one(shop: AmazonSandbox, seller: AmazonClient) -> None:
    body = {"reportType": ORDERS, "marketplaceIds": [US], "period": "PT4H"}
    keys = [seller.call("POST", f"{PATH}/schedules", body=body, limit="getReports").body["reportScheduleId"] for _ in range(2)]
    shown = seller.get(f"{PATH}/schedules", reportTypes=ORDERS)
    assert [one["reportScheduleId"] for one in shown["reportSchedules"]] == keys[1:]
    assert valid(MODEL, "ReportScheduleList", shown) == []
    shop.clock.advance(4 * 3600 + 1)
    wait(shop)
    assert shop.book.count("reports") == 1
    seller.call("DELETE", f"{PATH}/schedules/{keys[1]}", limit="cancelReport")
    shop.clock.advance(9 * 3600)
    wait(shop)
    assert shop.book.count("reports") == 1


def test_settlements_close_by_themselves_every_fortnight(shop: AmazonSandbox, seller: AmazonClient) -> None:
    shop.advance()
    sell(shop, 2)
    shop.clock.advance(14 * 86400 + 1)
    found = seller.get(f"{PATH}/reports", reportTypes=settling.TYPE)
    assert [one["processingStatus"] for one in found["reports"]] == ["DONE"]
    assert valid(MODEL, "GetReportsResponse", found) == []


def test_amazons_own_sdk_asks_for_a_report_and_reads_it(shop: AmazonSandbox) -> None:
    sdk()
    from spapi.api.reports_v2021_06_30.reports_api import ReportsApi
    from spapi.models.reports_v2021_06_30.create_report_specification import CreateReportSpecification

    sell(shop, 2)
    api = ReportsApi(api_client(shop))
    body = wish(shop)
    wanted = CreateReportSpecification(
        report_type=ORDERS, marketplace_ids=[US], data_start_time=body["dataStartTime"], data_end_time=body["dataEndTime"]
    )
    key = api.create_report(wanted, _request_timeout=10).report_id
    assert api.get_report(key, _request_timeout=10).processing_status == "IN_QUEUE"
    wait(shop)
    document = api.get_report(key, _request_timeout=10).report_document_id
    assert api.get_report_document(document, _request_timeout=10).compression_algorithm == "GZIP"
    assert [one.report_id for one in api.get_reports(report_types=[ORDERS], _request_timeout=10).reports] == [key]


def test_amazons_own_sdk_keeps_schedules(shop: AmazonSandbox) -> None:
    sdk()
    from spapi.api.reports_v2021_06_30.reports_api import ReportsApi
    from spapi.models.reports_v2021_06_30.create_report_schedule_specification import CreateReportScheduleSpecification

    api = ReportsApi(api_client(shop))
    wanted = CreateReportScheduleSpecification(report_type=RETURNS, marketplace_ids=[US], period="P1D")
    key = api.create_report_schedule(wanted, _request_timeout=10).report_schedule_id
    assert api.get_report_schedule(key, _request_timeout=10).period == "P1D"
