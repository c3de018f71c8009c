"""Reading returns from Amazon's reports."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors import schema
from connectors.amazon import documents, returns, times
from connectors.amazon.client import AmazonClient
from connectors.amazon.returns import AT_AMAZON, FBA_RETURNS, MERCHANT, RETURNS
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import documents as kept
from connectors.amazon.standin import returned
from connectors.base import Record, Stream
from connectors.errors import NotReadyError, TransientError
from tests.connectors.amazon.shop import sell, wait

HEADER = "return-date\torder-id\tsku\tlicense-plate-number\tcustomer-comments\n"


def read(shop: AmazonSandbox, client: AmazonClient, stream: Stream, cursor: str = "") -> list[Record]:
    """What the stream yields, waiting for the report where need be."""
    try:
        return list(stream.read(client, cursor))
    except NotReadyError:
        wait(shop)
        return list(stream.read(client, cursor))


def send_back(shop: AmazonSandbox, count: int, *, by: str = "MERCHANT") -> list[str]:
    keys = sell(shop, count, by=by)
    for key in keys:
        returned.ask(shop, key, at=shop.now() - timedelta(hours=5))
    return keys


def asked(shop: AmazonSandbox) -> int:
    return shop.book.count("reports")


def test_rows_that_are_named_alike_are_all_kept() -> None:
    text = HEADER + "2026-11-01\t112-1\tMUG\tLPN1\t\n" * 3
    assert [one.key for one in returns.records(AT_AMAZON, text, "5")] == [
        "LPN1/112-1/MUG/2026-11-01", "LPN1/112-1/MUG/2026-11-01#2", "LPN1/112-1/MUG/2026-11-01#3",
    ]  # fmt: skip


def test_a_row_without_an_order_fails_alone() -> None:
    found = list(returns.records(AT_AMAZON, HEADER + "2026-11-01\t\tMUG\tLPN1\t\n2026-11-01\t112-1\tMUG\tLPN2\t\n", "5"))
    assert [bool(one.problem) for one in found] == [True, False]
    assert found[0].key == "unreadable-5-2"


def test_a_line_break_in_a_buyers_words_spoils_only_its_own_lines() -> None:
    rows = "2026-11-01\t112-1\tMUG\tLPN1\tIt is\nbroken\n2026-11-01\t112-2\tMUG\tLPN2\t\n"
    found = list(returns.records(AT_AMAZON, HEADER + rows, "5"))
    assert [one.payload.get("orderId") for one in found if not one.problem] == ["112-1", "112-2"]


def test_the_buyers_words_are_personal() -> None:
    assert schema.personal_paths("connectors.amazon", "fba_return") == ("customerComments",)


def test_returns_are_read_once_the_report_is_ready(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = send_back(shop, 3)
    with pytest.raises(NotReadyError):
        list(RETURNS.read(seller, ""))
    wait(shop)
    found = list(RETURNS.read(seller, ""))
    assert {one.payload["orderId"] for one in found} == set(keys)
    assert asked(shop) == 1
    assert all(one.key.startswith("RMA") and one.key.count("/") == 2 for one in found)


def test_only_the_last_record_moves_the_cursor_to_the_reports_end(shop: AmazonSandbox, seller: AmazonClient) -> None:
    send_back(shop, 3)
    found = read(shop, seller, RETURNS)
    assert [one.cursor for one in found[:-1]] == ["", ""]
    assert found[-1].cursor == (shop.book.get("reports", shop.book.keys("reports")[0]) or {})["Body"]["dataEndTime"]


def test_what_was_read_is_not_asked_for_again_within_the_hour(shop: AmazonSandbox, seller: AmazonClient) -> None:
    send_back(shop, 2)
    cursor = read(shop, seller, RETURNS)[-1].cursor
    assert list(RETURNS.read(seller, cursor)) == []
    assert asked(shop) == 1


def test_a_request_that_changes_later_is_read_again(shop: AmazonSandbox, seller: AmazonClient) -> None:
    send_back(shop, 1)
    first = read(shop, seller, RETURNS)
    shop.clock.advance(5 * 86400)
    again = read(shop, seller, RETURNS, first[-1].cursor)
    assert [one.key for one in again] == [one.key for one in first]
    assert (first[0].payload["returnRequestStatus"], again[0].payload["returnRequestStatus"]) == ("Approved", "Completed")


def test_a_report_that_takes_longer_than_the_next_hour_is_still_used(shop: AmazonSandbox, seller: AmazonClient) -> None:
    send_back(shop, 1)
    with pytest.raises(NotReadyError):
        list(RETURNS.read(seller, ""))
    shop.clock.advance(3700)
    assert len(list(RETURNS.read(seller, ""))) == 1
    assert asked(shop) == 1


def test_where_nothing_came_back_a_later_look_asks_for_the_time_since(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1, status="UNSHIPPED")
    start = times.written(shop.now() - timedelta(hours=3))
    assert read(shop, seller, RETURNS, start) == []
    assert list(RETURNS.read(seller, start)) == []
    assert asked(shop) == 1
    shop.clock.advance(2 * 3600)
    key = send_back(shop, 1)[0]
    assert [one.payload["orderId"] for one in read(shop, seller, RETURNS, start)] == [key]
    assert asked(shop) == 2


def test_no_report_is_longer_than_sixty_days(shop: AmazonSandbox, seller: AmazonClient) -> None:
    start = times.written(shop.now() - timedelta(days=80))
    for _ in range(2):
        with pytest.raises(NotReadyError):
            read(shop, seller, RETURNS, start)
    assert read(shop, seller, RETURNS, start) == []
    spans = [(row["Body"]["dataStartTime"], row["Body"]["dataEndTime"]) for row in shop.book.rows("reports")]
    assert len(spans) == 3
    assert all((times.parsed(end) or shop.now()) - (times.parsed(start) or shop.now()) <= timedelta(days=60) for start, end in spans)


def test_units_that_came_back_to_amazon_are_their_own_stream(shop: AmazonSandbox, seller: AmazonClient) -> None:
    mine, theirs = send_back(shop, 1), send_back_by_amazon(shop)
    assert [one.payload["orderId"] for one in read(shop, seller, RETURNS)] == mine
    assert [one.payload["orderId"] for one in read(shop, seller, FBA_RETURNS)] == theirs


def send_back_by_amazon(shop: AmazonSandbox) -> list[str]:
    keys = sell(shop, 2, by="AMAZON", first=50)
    for key in keys:
        returned.ask(shop, key, at=shop.now() - timedelta(days=1))
    return sorted(keys)


def test_records_are_what_their_schema_declares(shop: AmazonSandbox, seller: AmazonClient) -> None:
    send_back(shop, 1)
    send_back_by_amazon(shop)
    for stream in (RETURNS, FBA_RETURNS):
        for one in read(shop, seller, stream):
            assert schema.validate("connectors.amazon", stream.schema, one.payload) == []
            assert stream.summary
            assert one.payload["orderId"] in stream.summary(one.payload).title


def test_a_document_that_is_cut_off_is_read_again_as_a_whole(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = send_back(shop, 2)
    with pytest.raises(NotReadyError):
        list(RETURNS.read(seller, ""))
    wait(shop)
    shop.faults.add("truncate", "/document-store/*")
    with pytest.raises(TransientError):
        list(RETURNS.read(seller, ""))
    assert len(list(RETURNS.read(seller, ""))) == len(keys)
    assert asked(shop) == 1


@pytest.mark.parametrize("charset", ["utf-8", "cp1252"])
def test_umlauts_survive_whatever_the_charset(shop: AmazonSandbox, seller: AmazonClient, charset: str) -> None:
    send_back(shop, 1)
    with pytest.raises(NotReadyError):
        list(RETURNS.read(seller, ""))
    wait(shop)
    name = (shop.book.get("reports", shop.book.keys("reports")[0]) or {})["Body"]["reportDocumentId"]
    text = (kept.content(shop, name) or b"").decode().replace("MUG/BLUE 1", "TASSE Größe 5")
    kept.store(shop, name, text.encode(charset))
    assert next(RETURNS.read(seller, "")).payload["merchantSku"] == "TASSE Größe 5"


def test_japanese_text_is_read_where_the_account_sells_in_japan() -> None:
    found = documents.Document(content="マグカップ".encode("cp932"))
    assert found.text(fallback="cp932") == "マグカップ"
    assert MERCHANT.kind.type.endswith("BY_RETURN_DATE")
