"""A day's sales by Amazon: exact sums, each sale once, nothing before the day is settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import schema
from connectors.amazon import fba_days
from connectors.amazon.client import AmazonClient
from connectors.amazon.fba_days import FBA_DAYS, read, summed
from connectors.amazon.sandbox import AmazonSandbox
from connectors.base import Record
from connectors.errors import TransientError
from tests.connectors.amazon.shop import DE, US, order, sell

DAY = date(2026, 11, 16)
CENTS = st.decimals(min_value=Decimal(-9999), max_value=Decimal(9999), places=2)


def money(amount: Decimal | int, currency: str = "USD") -> dict[str, Any]:
    return {"currencyAmount": amount, "currencyCode": currency}


def shipment(number: int, parts: dict[str, Decimal], *, sku: str = "MUG", network: str = "AFN", currency: str = "USD", **more: Any) -> Any:
    total = sum(parts.values(), Decimal(0))
    breakdowns = [{"breakdownType": kind, "breakdownAmount": money(amount, currency), "breakdowns": []} for kind, amount in parts.items()]
    context = {"contextType": "ProductContext", "sku": sku, "quantityShipped": 1, "fulfillmentNetwork": network}
    return {
        "transactionId": f"tx-{number}", "transactionType": "Shipment", "transactionStatus": "RELEASED",
        "postedDate": "2026-11-16T10:00:00Z",
        "relatedIdentifiers": [{"relatedIdentifierName": "ORDER_ID", "relatedIdentifierValue": f"112-{number}"}],
        "marketplaceDetails": {"marketplaceId": US}, "totalAmount": money(total, currency),
        "items": [{"totalAmount": money(total, currency), "contexts": [context], "breakdowns": breakdowns}], **more,
    }  # fmt: skip


def day_of(*rows: Any) -> Any:
    (found,) = summed(rows, DAY)
    return found.record()


def test_amounts_that_do_not_add_up_are_not_booked() -> None:
    row = shipment(1, {"ProductCharges": Decimal(10)})
    row["items"][0]["totalAmount"] = money(Decimal("10.01"))
    assert "sum to 10, Amazon's totals to 10.01" in day_of(row).problem


def test_two_currencies_in_one_day_are_not_added() -> None:
    rows = [shipment(1, {"ProductCharges": Decimal(10)}), shipment(2, {"ProductCharges": Decimal(10)}, currency="EUR")]
    assert "EUR, USD" in day_of(*rows).problem


@pytest.mark.parametrize("row", ["text", None, {}, {"transactionType": "Shipment"}, {"transactionType": "Shipment", "items": ["x", {}]}])
def test_what_is_no_sale_by_amazon_is_left_out(row: Any) -> None:
    assert summed([row], DAY) == []


def test_refunds_and_the_sellers_own_shipments_are_left_out() -> None:
    rows = [
        shipment(1, {"ProductCharges": Decimal(10)}, network="MFN"),
        {**shipment(2, {"ProductCharges": Decimal(10)}), "transactionType": "Refund"},
    ]
    assert summed(rows, DAY) == []


def test_a_transaction_that_repeats_counts_once() -> None:
    row = shipment(1, {"ProductCharges": Decimal(10)})
    assert day_of(row, row).payload["total"] == 10


def test_the_release_of_a_deferred_sale_is_no_second_sale() -> None:
    first = {**shipment(1, {"ProductCharges": Decimal(10)}), "transactionStatus": "DEFERRED_RELEASED"}
    second = shipment(2, {"ProductCharges": Decimal(10)})
    second["relatedIdentifiers"].append({"relatedIdentifierName": "DEFERRED_TRANSACTION_ID", "relatedIdentifierValue": "tx-1"})
    assert day_of(first, second).payload["orders"] == 1


def test_breakdowns_that_only_group_others_are_opened() -> None:
    row = shipment(1, {"ProductCharges": Decimal(10), "AmazonFees": Decimal(-2)})
    inner = row["items"][0]["breakdowns"]
    row["items"][0]["breakdowns"] = [
        {"breakdownType": "Sales", "breakdownAmount": money(10), "breakdowns": inner[:1]},
        {"breakdownType": "Expenses", "breakdownAmount": money(-2), "breakdowns": inner[1:]},
    ]
    found = day_of(row)
    assert (found.problem, found.payload["total"], found.payload["proceeds"]) == ("", 10, 8)


def test_a_kind_of_amount_never_seen_before_is_shown_among_the_deductions() -> None:
    found = day_of(shipment(1, {"ProductCharges": Decimal(10), "MoonTax": Decimal(-1)}))
    assert (found.problem, found.payload["deductions"]) == ("", [{"type": "MoonTax", "amount": Decimal(-1)}])


KINDS = st.sampled_from(["ProductCharges", "Tax", "Shipping", "GiftWrap", "PromotionalRebates", "AmazonFees", "Promo Rebates", "Other"])
SALES = st.lists(st.tuples(st.sampled_from(["A", "B", ""]), st.dictionaries(KINDS, CENTS, max_size=6)), min_size=1, max_size=12)


@given(SALES)
def test_every_cent_is_in_a_line_or_a_deduction(sales: list[tuple[str, dict[str, Decimal]]]) -> None:
    found = day_of(*(shipment(number, parts, sku=sku) for number, (sku, parts) in enumerate(sales)))
    assert found.problem == ""
    paid = sum((line[name] for line in found.payload["lines"] for name in fba_days.AMOUNTS), Decimal(0))
    deducted = sum((one["amount"] for one in found.payload["deductions"]), Decimal(0))
    assert paid == found.payload["total"]
    assert paid + deducted == found.payload["proceeds"] == sum((sum(parts.values()) for _, parts in sales), Decimal(0))
    assert found.payload["orders"] == len(sales) == sum(line["quantity"] for line in found.payload["lines"])


def test_a_day_is_not_told_before_it_is_48_hours_old(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1, days=1, by="AMAZON")
    assert list(read(seller, "2026-11-15")) == []
    shop.clock.advance(3 * 86400)
    (found,) = read(seller, "2026-11-15")
    assert found.key == f"{US}-2026-11-20"
    assert found.cursor == "2026-11-20"
    assert list(read(seller, found.cursor)) == []


def test_a_day_that_was_told_never_changes(shop: AmazonSandbox, seller: AmazonClient) -> None:
    shop.late_bookings = True
    sell(shop, 40, days=12, by="AMAZON")
    first = {one.key: one.payload for one in read(seller, "")}
    shop.clock.advance(10 * 86400)
    again = {one.key: one.payload for one in read(seller, "")}
    assert first
    assert {key: again[key] for key in first} == first


def test_days_and_marketplaces_are_apart(shop: AmazonSandbox, sellers: Callable[[str], AmazonClient]) -> None:
    for number, marketplace in enumerate((US, US, "A2EUQ1WTGCTBG2"), start=1):
        row = order(number, at=shop.now() - timedelta(days=4 + number // 2), by="AMAZON")
        row["salesChannel"]["marketplaceId"] = marketplace
        shop.book.put("orders", row["orderId"], row)
    found = list(read(sellers("NA"), ""))
    assert [one.key for one in found] == ["A2EUQ1WTGCTBG2-2026-11-15", f"{US}-2026-11-15", f"{US}-2026-11-16"]
    assert [one.cursor for one in found] == ["", "2026-11-15", "2026-11-16"]


def test_the_summary_is_what_the_buyers_paid(shop: AmazonSandbox, sellers: Callable[[str], AmazonClient]) -> None:
    sell(shop, 1, days=8, by="AMAZON", marketplace=DE, item="40.00", shipping="5.00", tax="8.55", discount="-4.00")
    (found,) = read(sellers("EU"), "")
    assert found.problem == ""
    (line,) = found.payload["lines"]
    assert [line[name] for name in fba_days.AMOUNTS] == [Decimal("40.00"), Decimal("8.55"), Decimal("5.00"), Decimal("-4.00")]
    assert (found.payload["total"], found.payload["currency"], line["quantity"]) == (Decimal("49.55"), "EUR", 2)
    assert schema.validate("connectors.amazon", FBA_DAYS.schema, found.payload) == []
    assert FBA_DAYS.summary
    assert FBA_DAYS.summary(found.payload).amount == "49.55"


def test_a_day_that_breaks_off_is_told_later_as_a_whole(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 6, days=12, by="AMAZON")
    shop.faults.add("503", "*/transactions", skip=25)
    seen: list[Record] = []
    with pytest.raises(TransientError):
        seen.extend(read(seller, ""))
    rest = list(read(seller, max((one.cursor for one in seen), default="")))
    assert sum(one.payload["orders"] for one in [*seen, *rest]) == sum(one.payload["orders"] for one in read(seller, ""))


def test_a_time_with_hours_is_a_cursor_too(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 1, days=8, by="AMAZON")
    assert len(list(read(seller, datetime(2026, 11, 14, 5).isoformat()))) == 1  # noqa: DTZ001 - a cursor as a person may type it
