"""Settlement reports: each found once, each file had whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors import schema
from connectors.amazon import flat_files
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.settlements import SETTLEMENTS, Place, document, read, read_many, read_one
from connectors.amazon.standin import bookings, documents, settling
from connectors.errors import MissingError, RejectedError, TransientError
from tests.connectors.amazon.shop import DE, JP, files, sell
from tests.connectors.amazon.standin import orders


def settle(shop: AmazonSandbox, *, first: int = 1, **about: str) -> str:
    """A day's sales and a settlement of them; answers the report's id."""
    shop.clock.advance(86400)
    sell(shop, 3, days=0.5, first=first, **about)
    return settling.settle(shop)[-1]


def downloads(shop: AmazonSandbox) -> int:
    return shop.counts().get("getReportDocument", {}).get("200", 0)


def sums(text: str) -> Counter[str]:
    """Amounts of a report in cents by their description; the total under ""."""
    head, *lines = (line.split("\t") for line in text.splitlines())
    found: Counter[str] = Counter()
    for line in lines:
        row = dict(zip(head, line, strict=True))
        found[row["amount-description"]] += int(Decimal(row["amount"] or row["total-amount"]) * 100)
    return found


def test_what_a_negative_settlement_leaves_owing_is_taken_from_the_next(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 3, days=0.5)
    bookings.book_fee(shop, "NA USD", "TransactionTotalAmount", Decimal("-5000.00"), amount_type="Cost of Advertising")
    first, second = settling.settle(shop)[-1], settle(shop, first=11)
    negative, after = (sums(b"".join(document(seller, key)).decode()) for key in (first, second))
    assert negative[""] < 0
    assert after["Payable to Amazon"] == negative[""]
    assert sum(after.values()) == 2 * after[""]


def test_a_settlement_report_is_never_asked_for(shop: AmazonSandbox, seller: AmazonClient) -> None:
    settle(shop)
    assert list(read(seller, ""))
    assert "createReport" not in shop.counts()


def test_each_report_is_found_once(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = [settle(shop, first=one) for one in (1, 11, 21)]
    found = list(read(seller, ""))
    assert [one.key for one in found] == keys
    assert list(read(seller, found[-1].cursor)) == []


def test_reading_that_stops_goes_on_behind_the_last_report_that_was_taken(shop: AmazonSandbox, seller: AmazonClient) -> None:
    keys = [settle(shop, first=one) for one in (1, 11, 21)]
    first = next(read(seller, ""))
    assert [one.key for one in read(seller, first.cursor)] == keys[1:]


def test_a_report_that_turns_up_late_is_not_passed_over(shop: AmazonSandbox, seller: AmazonClient) -> None:
    late, taken = settle(shop), settle(shop, first=11)
    row = shop.book.get("reports", late) or {}
    shop.book.put("reports", late, {**row, "Body": {**row["Body"], "processingStatus": "IN_PROGRESS"}})
    before = list(read(seller, ""))[-1]
    shop.book.put("reports", late, row)
    after = list(read(seller, before.cursor))
    assert (before.key, [one.key for one in after]) == (taken, [late])
    assert after[-1].cursor > before.cursor
    assert list(read(seller, after[-1].cursor)) == []


def test_cursors_rise_and_forget_what_is_long_past(shop: AmazonSandbox, seller: AmazonClient) -> None:
    for number in range(12):
        settle(shop, first=1 + 10 * number)
    cursors = [one.cursor for one in read(seller, "")]
    assert cursors == sorted(cursors)
    assert len(Place.of(cursors[-1]).taken) <= 8


def test_a_plain_time_is_a_cursor_too(shop: AmazonSandbox, seller: AmazonClient) -> None:
    settle(shop)
    shop.clock.advance(20 * 86400)
    key = settle(shop, first=11)
    assert [one.key for one in read(seller, (shop.now() - timedelta(days=3)).isoformat())] == [key]


def test_what_is_older_than_ninety_days_is_no_longer_listed(shop: AmazonSandbox, seller: AmazonClient) -> None:
    old = settle(shop)
    shop.clock.advance(91 * 86400)
    assert list(read(seller, "")) == []
    assert read_one(seller, old) is None


def test_something_else_handed_out_as_a_report_is_fetched_again(shop: AmazonSandbox, seller: AmazonClient) -> None:
    key = settle(shop)
    name = (shop.book.get("reports", key) or {})["Body"]["reportDocumentId"]
    documents.store(shop, name, b"<html>Sign in</html>")
    with pytest.raises(TransientError, match="is none"):
        next(document(seller, key))


def test_a_broken_list_is_no_empty_list(shop: AmazonSandbox, seller: AmazonClient) -> None:
    settle(shop)
    shop.faults.add("500", "*/reports")
    with pytest.raises(TransientError):
        list(read(seller, ""))


def test_a_report_is_read_alone_by_its_id(shop: AmazonSandbox, seller: AmazonClient) -> None:
    key = settle(shop)
    swept, alone = next(read(seller, "")), read_one(seller, key)
    assert alone
    assert (alone.key, alone.payload, alone.version) == (swept.key, swept.payload, swept.version)
    assert [one.key for one in read_many(seller, [key, "999999999"])] == [key]


def test_the_file_is_had_byte_for_byte_without_the_sellers_permission(shop: AmazonSandbox, seller: AmazonClient) -> None:
    key = settle(shop)
    record = next(read(seller, ""))
    name = record.payload["reportDocumentId"]
    assert b"".join(document(seller, key)) == documents.content(shop, name)
    assert schema.validate("connectors.amazon", SETTLEMENTS.schema, record.payload) == []


def test_reading_the_list_downloads_nothing(shop: AmazonSandbox, seller: AmazonClient) -> None:
    settle(shop)
    assert list(read(seller, ""))
    assert downloads(shop) == 0


def test_a_file_that_amazon_no_longer_has_is_asked_for_by_a_person(shop: AmazonSandbox, seller: AmazonClient) -> None:
    old = settle(shop)
    shop.clock.advance(91 * 86400)
    with pytest.raises(MissingError, match="Seller Central"):
        next(document(seller, old))


def test_an_address_that_has_ended_meanwhile_is_replaced(shop: AmazonSandbox, seller: AmazonClient) -> None:
    key = settle(shop)
    shop.faults.add("403", "/document-store/*", count=1)
    assert b"".join(document(seller, key)).startswith(b"settlement-id")


@pytest.mark.parametrize(("region", "marketplace", "comma"), [("NA", "", False), ("EU", DE, True), ("FE", JP, False)])
def test_the_lines_of_every_region_sum_to_the_total(
    shop: AmazonSandbox, sellers: Callable[[str], AmazonClient], region: str, marketplace: str, comma: bool
) -> None:
    sell(shop, 4, days=0.5, sku="TASSE Größe", **({"marketplace": marketplace} if marketplace else {}))
    settling.settle(shop)
    (text,) = files(sellers(region))
    rows = [one.values for one in flat_files.rows(text, needed=("settlementId", "amount"), what="settlements")]
    amounts = [row["amount"] or row["totalAmount"] for row in rows]
    assert ("," in "".join(amounts)) is comma
    total, *lines = [Decimal(one.replace(",", ".")) for one in amounts]
    assert sum(lines) == total
    assert Counter(bool(row["transactionType"]) for row in rows)[False] == 1


def test_what_amazon_refuses_of_the_list_is_said(shop: AmazonSandbox, seller: AmazonClient) -> None:
    shop.faults.add("400", "*/reports")
    with pytest.raises(RejectedError):
        list(read(seller, ""))


def test_the_settlements_of_a_believable_shop_balance(shop: AmazonSandbox, sellers: Callable[[str], AmazonClient]) -> None:
    kinds, weights = {"fba": 8, "replacement": 1, "pending": 1}, {"US": 3, "CA": 1, "DE": 2, "JP": 1}
    shop.place_many(orders(120, now=shop.now() - timedelta(days=2), kinds=kinds, weights=weights), backdated=True, lives=True)
    for days in (1, 20):
        shop.clock.advance(days * 86400)
        shop.advance()
    settling.settle(shop)
    found = [text for region in ("NA", "EU", "FE") for text in files(sellers(region))]
    assert len(found) >= 4
    for text in found:
        rows = [row.values for row in flat_files.rows(text, needed=("amount",), what="settlements")]
        total, *lines = [Decimal((row["amount"] or row["totalAmount"]).replace(",", ".")) for row in rows]
        assert sum(lines) == total
