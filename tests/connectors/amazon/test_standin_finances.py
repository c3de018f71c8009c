"""The stand-in's books: every source tells the same money, and wrong questions are refused as Amazon refuses them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.amazon import flat_files, times
from connectors.amazon.client import AmazonClient
from connectors.amazon.sandbox import AmazonSandbox
from connectors.amazon.standin import finances, ledger, returned, settling
from connectors.amazon.standin.markets import MARKETS
from connectors.errors import RejectedError
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.sdk import api_client, sdk
from tests.connectors.amazon.shop import JP, US, files, order, sell

NEW, OLD = "finances/2024-06-19", "finances/v0"
PRICE = st.decimals(min_value=Decimal(0), max_value=Decimal(5000), places=2)


def ago(shop: AmazonSandbox, **time: float) -> str:
    return times.written(shop.now() - timedelta(**time))


def asked(shop: AmazonSandbox, client: AmazonClient, **query: str) -> list[Any]:
    body = client.get(f"{NEW}/transactions", **(query or {"postedAfter": ago(shop, days=30)}))
    assert valid("finances_2024-06-19.json", "ListTransactionsResponse", body) == []
    return list(body["payload"]["transactions"])


@pytest.mark.parametrize(
    "query",
    [
        {}, {"postedBefore": "2026-11-01T00:00:00Z"}, {"postedAfter": "yesterday"}, {"postedAfter": "2026-11-20T15:19:30Z"},
        {"postedAfter": "2026-11-10T00:00:00Z", "postedBefore": "2026-11-09T00:00:00Z"},
        {"postedAfter": "2026-11-10T00:00:00Z", "transactionStatus": "PAID"}, {"relatedIdentifierName": "ORDER_ID"},
        {"relatedIdentifierName": "REFUND_ID", "relatedIdentifierValue": "x"}, {"postedAfter": "2026-11-10T00:00:00Z", "nextToken": "abc"},
    ],
)  # fmt: skip
def test_a_wrong_question_is_refused(shop: AmazonSandbox, seller: AmazonClient, query: dict[str, str]) -> None:
    shop.clock.set(shop.now(), frozen=True)
    with pytest.raises(RejectedError) as caught:
        seller.get(f"{NEW}/transactions", **query)
    assert caught.value.status == 400


def test_more_than_180_days_answer_nothing_without_an_error(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 2)
    assert asked(shop, seller, postedAfter=ago(shop, days=181)) == []
    assert len(asked(shop, seller, postedAfter=ago(shop, days=179))) >= 2


def test_a_token_with_other_arguments_is_refused(shop: AmazonSandbox, seller: AmazonClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finances, "PAGE", 2)
    sell(shop, 5)
    token = seller.get(f"{NEW}/transactions", postedAfter=ago(shop, days=30))["payload"]["nextToken"]
    with pytest.raises(RejectedError, match="must match"):
        seller.get(f"{NEW}/transactions", postedAfter=ago(shop, days=20), nextToken=token)


def test_an_orders_transactions_are_found_by_its_number(shop: AmazonSandbox, seller: AmazonClient) -> None:
    key = sell(shop, 4)[0]
    returned.ask(shop, key, at=shop.now() - timedelta(days=3))
    found = asked(shop, seller, relatedIdentifierName="ORDER_ID", relatedIdentifierValue=key)
    assert sorted(one["transactionType"] for one in found) == ["Refund", "Shipment"]


def test_what_is_not_shipped_is_not_booked(shop: AmazonSandbox, seller: AmazonClient) -> None:
    for number, status in enumerate(("PENDING", "UNSHIPPED", "CANCELLED"), start=1):
        sell(shop, 1, first=number, status=status)
    sell(shop, 1, first=9, channel="NON_AMAZON")
    assert asked(shop, seller) == []


def test_a_transaction_is_the_sum_of_its_items_and_these_of_their_parts(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 5, by="AMAZON", discount="-2.37")
    for one in asked(shop, seller):
        items = [Decimal(item["totalAmount"]["currencyAmount"]) for item in one["items"]]
        assert sum(items) == Decimal(one["totalAmount"]["currencyAmount"])
        for item in one["items"]:
            parts = [Decimal(part["breakdownAmount"]["currencyAmount"]) for part in item["breakdowns"]]
            leaves = [Decimal(leaf["breakdownAmount"]["currencyAmount"]) for part in item["breakdowns"] for leaf in part["breakdowns"]]
            assert sum(parts) == sum(leaves) == Decimal(item["totalAmount"]["currencyAmount"])


def test_file_summary_and_event_group_tell_one_total(shop: AmazonSandbox, seller: AmazonClient) -> None:
    for first in (1, 21):
        shop.clock.advance(15 * 86400)
        sell(shop, 12, first=first, by="AMAZON")
        settling.settle(shop)
    totals = [_total(one) for one in files(seller)]
    summed = seller.get(f"{NEW}/summary", periodStart="2026-11-20")
    groups = seller.get(f"{OLD}/financialEventGroups", FinancialEventGroupStartedAfter=ago(shop, days=90))
    assert valid("finances_2024-06-19.json", "SummaryResponse", summed) == []
    assert valid("financesV0.json", "ListFinancialEventGroupsResponse", groups) == []
    closed = [one for one in groups["payload"]["FinancialEventGroupList"] if one["ProcessingStatus"] == "Closed"]
    assert len(totals) == 2
    assert totals == [Decimal(one["netProceeds"]["currencyAmount"]) for one in summed["summaries"]]
    assert totals == [Decimal(one["OriginalTotal"]["CurrencyAmount"]) for one in closed]
    for one in summed["summaries"]:
        assert sum(Decimal(part["breakdownAmount"]["currencyAmount"]) for part in one["breakdowns"]) == one["netProceeds"]["currencyAmount"]


def test_a_reserve_comes_back_in_the_next_settlement(shop: AmazonSandbox, seller: AmazonClient) -> None:
    for first in (1, 21):
        shop.clock.advance(15 * 86400)
        sell(shop, 6, first=first)
        settling.settle(shop)
    first, second = (_lines(one) for one in files(seller))
    assert first["Current Reserve Amount"] == -second["Previous Reserve Amount Balance"]


def test_balances_tell_what_is_not_settled_yet(shop: AmazonSandbox, seller: AmazonClient) -> None:
    sell(shop, 12, days=2)
    body = seller.get(f"{NEW}/balances")
    assert valid("finances_2024-06-19.json", "ListBalancesResponse", body) == []
    sums = {one["balanceType"]: one["amount"]["currencyAmount"] for one in body["balances"]}
    assert sums["DEFERRED"] + sums["AVAILABLE"] == sums["TOTAL"]
    with pytest.raises(RejectedError):
        seller.get(f"{NEW}/balances", balanceType="SECRET")


def test_amazons_own_sdk_reads_the_books(shop: AmazonSandbox) -> None:
    sdk()
    from spapi.api.finances_v0.finances_v0_api import FinancesV0Api
    from spapi.api.finances_v2024_06_19.finances_v2024_api import FinancesV2024Api

    sell(shop, 3)
    found = FinancesV2024Api(api_client(shop)).list_transactions(posted_after=ago(shop, days=30), _request_timeout=10)
    assert len(found.payload.transactions) >= 3
    groups = FinancesV0Api(api_client(shop)).list_financial_event_groups(_request_timeout=10)
    assert [one.processing_status for one in groups.payload.financial_event_group_list] == ["Open"]


@given(PRICE, PRICE, PRICE, PRICE, st.integers(1, 9), st.booleans(), st.sampled_from([US, JP]))
def test_what_is_sold_and_refunded_whole_leaves_only_what_amazon_keeps(
    item: Decimal, shipping: Decimal, tax: Decimal, discount: Decimal, units: int, by_amazon: bool, place: str
) -> None:
    market = MARKETS[place]
    amounts = {"item": item, "tax": tax, "discount": discount, "shipping": shipping}
    row = order(1, at=times.now(), units=units, **{name: str(ledger.rounded(one, market)) for name, one in amounts.items()})
    (line,) = row["orderItems"]
    sold, back = ledger.sale(line, market, by_amazon=by_amazon), ledger.refund(line, market, units)
    kept = [one for one in [*sold, *back] if one.description in ("Shipping", "FBAPerUnitFulfillmentFee", "RefundCommission")]
    assert ledger.total([*sold, *back]) == ledger.total(kept)
    assert all(one.amount == ledger.rounded(one.amount, market) for one in [*sold, *back])


def _lines(text: str) -> dict[str, Decimal]:
    rows = flat_files.rows(text, needed=("amount",), what="settlements")
    return {one.values["amountDescription"]: Decimal(one.values["amount"]) for one in rows if one.values["amount"]}


def _total(text: str) -> Decimal:
    first = next(flat_files.rows(text, needed=("totalAmount",), what="settlements"))
    return Decimal(first.values["totalAmount"])
