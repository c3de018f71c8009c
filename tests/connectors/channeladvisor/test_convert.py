"""The published order in the v2 shape: the tables C3 and C4 of the ChannelAdvisor API reference, row by row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.channeladvisor.convert import to_v2
from connectors.channeladvisor.orders import removed_at, settled_at
from connectors.channeladvisor.rest_v1 import tax_sites
from connectors.channeladvisor.standin.published import published
from connectors.channeladvisor.values import money, whole
from tests.connectors.channeladvisor.conftest import orders

READY = {
    "ShippingStatus": "Unshipped",
    "PaymentStatus": "Cleared",
    "CheckoutStatus": "Completed",
    "DistributionCenterTypeRollup": "SellerManaged",
}
CANCELLED = {"Type": "Cancellation", "Quantity": 2, "RequestStatus": "PostProcessingComplete"}


def v2(order: dict[str, Any], *, exported: bool = False) -> dict[str, Any]:
    return to_v2(order, exported=exported, centers={0: "RENO", 4: "ATLANTA"}, tax_sites=tax_sites("640:US, 1:US"))


STATUS = [
    ({"ShippingStatus": "Canceled", "PaymentStatus": "Submitted"}, "Cancelled"),
    ({"Items": [{"ID": 1, "Quantity": 2, "Adjustments": [CANCELLED]}]}, "Cancelled"),
    ({"Items": [{"ID": 1, "Quantity": 3, "Adjustments": [CANCELLED]}]}, "New"),
    ({"Items": [{"ID": 1, "Quantity": 2, "Adjustments": [{**CANCELLED, "RequestStatus": "RejectionCompleted"}]}]}, "New"),
    ({"Items": [{"ID": 1, "Quantity": 2, "Adjustments": [{**CANCELLED, "RequestStatus": 10}]}]}, "New"),
    ({"ShippingStatus": "Shipped"}, "Shipped"),
    ({"ShippingStatus": "PartiallyShipped"}, "PartiallyShipped"),
    ({"CheckoutStatus": "OnHold"}, "OnHold"),
    ({"FlagDescription": "Throughline hold: address"}, "OnHold"),
    ({"PaymentStatus": "Submitted"}, "Pending"),
    ({"PaymentStatus": "Failed"}, "Pending"),
    ({"CheckoutStatus": "NotVisited"}, "Pending"),
    ({"CheckoutStatus": "Visited"}, "Pending"),
    ({"CheckoutStatus": "CompletedOffline"}, "New"),
    ({"ShippingStatus": "PendingShipment"}, "New"),
    ({"ShippingStatus": "ThirdPartyManaged", "DistributionCenterTypeRollup": "ExternallyManaged"}, "Pending"),
    (
        {
            "ShippingStatus": "ThirdPartyManaged",
            "DistributionCenterTypeRollup": "ExternallyManaged",
            "Fulfillments": [{"DeliveryStatus": "Complete"}],
        },
        "Shipped",
    ),
]


@pytest.mark.parametrize(("changed", "status"), STATUS)
def test_one_status_is_derived_from_several(changed: dict[str, Any], status: str) -> None:
    assert v2({**READY, **changed})["OrderStatus"] == status


def test_an_order_that_we_have_taken_is_acknowledged() -> None:
    assert v2(READY, exported=True)["OrderStatus"] == "Acknowledged"


REFUND = {"Type": "Refund", "RequestStatus": "PostProcessingComplete", "ItemAdjustment": Decimal(5)}
REFUNDS = [
    ([], "Cleared"),
    ([REFUND], "PartiallyRefunded"),
    ([{**REFUND, "ItemAdjustment": Decimal("9.99")}], "Refunded"),
    ([REFUND, {**REFUND, "ItemAdjustment": 3, "TaxAdjustment": 2}], "Refunded"),
    ([{**REFUND, "ItemAdjustment": Decimal(-5)}], "PartiallyRefunded"),
    ([{**REFUND, "RequestStatus": "SubmittedNotProcessed"}], "Cleared"),
    ([{**REFUND, "RequestStatus": "InformationOnly"}], "Cleared"),
    ([{**REFUND, "Type": "Cancellation"}], "Cleared"),
]


@pytest.mark.parametrize(("adjustments", "status"), REFUNDS)
def test_completed_refunds_decide_the_payment_status(adjustments: list[Any], status: str) -> None:
    assert v2({**READY, "TotalPrice": Decimal(10), "Adjustments": adjustments})["PaymentStatus"] == status
    assert v2({**READY, "TotalPrice": Decimal(10), "Items": [{"ID": 1, "Adjustments": adjustments}]})["PaymentStatus"] == status


def test_item_tax_is_without_the_tax_on_shipping_and_gifts() -> None:
    totals = v2({"TotalTaxPrice": Decimal("14.79"), "TotalShippingTaxPrice": Decimal("0.40"), "TotalGiftOptionTaxPrice": Decimal("0.30")})[
        "Totals"
    ]
    assert (totals["Tax"], totals["ShippingTax"], totals["GiftWrapTax"]) == (Decimal("14.09"), Decimal("0.40"), Decimal("0.30"))


@pytest.mark.parametrize("amount", [Decimal(3), Decimal(-3)])
def test_the_order_discount_is_negative_whatever_its_sign_was(amount: Decimal) -> None:
    item = {"ID": 1, "Promotions": [{"Code": "A", "Amount": Decimal(-2), "ShippingAmount": Decimal(-1)}]}
    order = v2({"PromotionAmount": amount, "PromotionCode": "NOV", "Items": [item]})
    assert order["Totals"]["Discount"] == Decimal(-6)
    assert order["Discounts"] == [{"Code": "NOV", "Amount": Decimal(-3), "Scope": "Order"}]
    assert (order["OrderItem"][0]["DiscountAmount"], order["OrderItem"][0]["ShippingDiscountAmount"]) == (Decimal(-2), Decimal(-1))


def test_the_first_name_that_is_not_empty_is_taken() -> None:
    billed = {"BillingFirstName": "Ann", "BillingLastName": "", "ShippingFirstName": "Bo", "ShippingLastName": "Cy"}
    assert v2(billed)["CustomerInfo"]["FirstName"] == "Ann"
    assert v2({**billed, "BillingFirstName": None})["CustomerInfo"]["LastName"] == "Cy"


def test_the_first_phone_that_is_not_empty_is_taken() -> None:
    phones = {"ShippingDaytimePhone": "", "ShippingEveningPhone": "2", "BillingDaytimePhone": "3"}
    assert v2(phones)["CustomerInfo"]["Phone"] == "2"


def test_an_empty_billing_block_is_null() -> None:
    assert v2({"BillingCity": "", "BillingCountry": None})["BillingAddress"] is None
    assert v2({"BillingCity": "Bath"})["BillingAddress"]["AddressLine3"] == ""


@pytest.mark.parametrize(("given", "expected"), [(0, True), (1, False), (None, False)])
def test_personal_data_is_removed_only_when_the_flag_says_so(given: int | None, expected: bool) -> None:
    assert v2({"UserDataPresent": given})["PersonalDataRemoved"] is expected
    assert v2({})["PersonalDataRemoved"] is False


@pytest.mark.parametrize(("site", "country", "expected"), [(640, "US", True), (640, "CA", False), (641, "US", False)])
def test_the_marketplace_collects_the_tax_by_site_and_country(site: int, country: str, expected: bool) -> None:
    assert v2({"SiteID": site, "ShippingCountry": country})["TaxCollectedByMarketplace"] is expected


def test_units_shipped_and_the_centre_come_from_the_fulfilments() -> None:
    done = {"DeliveryStatus": "Complete", "DistributionCenterID": 4, "Items": [{"OrderItemID": 1, "Quantity": 2}]}
    waiting = {"DeliveryStatus": "NoChange", "DistributionCenterID": 0, "Items": [{"OrderItemID": 1, "Quantity": 1}]}
    line = v2({"Items": [{"ID": 1, "Quantity": 3}], "Fulfillments": [done, waiting]})["OrderItem"][0]
    assert (line["QuantityShipped"], line["DistributionCenter"]) == (2, "ATLANTA")


def test_the_control_sum_survives_the_way_through_the_published_shape() -> None:
    for order in orders(200, seed=21):
        found = v2(published(order))
        assert found["Totals"] == order["Totals"]
        assert found["OrderItem"] == order["OrderItem"]


def test_an_order_is_settled_when_shipped_or_cancelled() -> None:
    times = {"ShippedDateUtc": "2026-11-20T18:02:00Z", "UpdatedDateUtc": "2026-11-21T00:00:00Z"}
    assert settled_at({"OrderStatus": "Shipped", **times}) == "2026-11-20T18:02:00.000000Z"
    assert settled_at({"OrderStatus": "Cancelled", **times}) == "2026-11-21T00:00:00.000000Z"
    assert settled_at({"OrderStatus": "Shipped", "UpdatedDateUtc": times["UpdatedDateUtc"]}) == "2026-11-21T00:00:00.000000Z"
    assert settled_at({"OrderStatus": "New", **times}) == ""


def test_both_dialects_say_when_personal_data_is_removed() -> None:
    order = {**orders(1, seed=21)[0], "PersonalDataRemovalDateUtc": "2026-12-01T00:00:00Z"}
    assert removed_at(order) == removed_at(v2(published(order))) == "2026-12-01T00:00:00.000000Z"
    assert removed_at({**order, "PersonalDataRemovalDateUtc": None}) == ""


@pytest.mark.parametrize("value", [Decimal("1E+50"), "abc", Decimal("NaN"), [], {}, Decimal("Infinity")])
def test_an_amount_that_no_order_can_have_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="amount"):
        money(value)


def test_a_fraction_of_a_unit_is_refused() -> None:
    with pytest.raises(ValueError, match="fraction"):
        whole(Decimal("1.5"))


amounts = st.none() | st.decimals(-100_000, 100_000, places=4)
words = st.none() | st.text(max_size=20)
counts = st.none() | st.integers(0, 500)
adjustments = st.fixed_dictionaries(
    {},
    optional={
        "Type": st.sampled_from(["Refund", "Cancellation", None]),
        "Quantity": counts,
        "RequestStatus": words | st.integers(-999, 40),
        "ItemAdjustment": amounts,
    },
)
promotions = st.fixed_dictionaries({}, optional={"Code": words, "Amount": amounts, "ShippingAmount": amounts})
items = st.fixed_dictionaries(
    {},
    optional={
        "ID": counts, "Sku": words, "Title": words, "Quantity": counts, "UnitPrice": amounts, "TaxPrice": amounts, "RecyclingFee": amounts,
        "Promotions": st.none() | st.lists(promotions, max_size=3),
        "Adjustments": st.none() | st.lists(adjustments, max_size=3),
        "BundleComponents": st.none() | st.lists(st.none() | st.fixed_dictionaries({"Sku": words}), max_size=2),
        "IsBundle": st.none() | st.booleans(),
    },
)  # fmt: skip
fulfillments = st.fixed_dictionaries(
    {},
    optional={
        "DeliveryStatus": words,
        "DistributionCenterID": st.integers(-5, 5),
        "Items": st.none() | st.lists(st.none() | items, max_size=3),
    },
)
texts = (
    "SiteOrderID", "SellerOrderID", "SiteName", "Currency", "CheckoutStatus", "PaymentStatus", "ShippingStatus", "OrderTaxType",
    "OrderTags", "BuyerEmailAddress", "BuyerUserId", "ShippingFirstName", "BillingLastName", "ShippingCountry", "PromotionCode",
    "CreatedDateUtc",
)  # fmt: skip
prices = (
    "TotalPrice", "TotalTaxPrice", "TotalShippingPrice", "TotalShippingTaxPrice", "TotalGiftOptionPrice", "TotalGiftOptionTaxPrice",
    "TotalInsurancePrice", "AdditionalCostOrDiscount", "PromotionAmount",
)  # fmt: skip
published_orders = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(texts, words), **dict.fromkeys(prices, amounts),
        "ID": counts, "SiteID": counts, "UserDataPresent": counts,
        "Items": st.none() | st.lists(st.none() | items, max_size=4), "Fulfillments": st.none() | st.lists(fulfillments, max_size=3),
        "Adjustments": st.none() | st.lists(adjustments, max_size=3),
    },
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(order=published_orders)
def test_odd_but_typed_input_never_fails_and_totals_are_kept(order: dict[str, Any]) -> None:
    found = v2(order)
    totals = found["Totals"]
    assert totals["Grand"] == (order.get("TotalPrice") or 0)
    assert totals["Tax"] + totals["ShippingTax"] + totals["GiftWrapTax"] == (order.get("TotalTaxPrice") or 0)
    assert len(found["OrderItem"]) == len([one for one in order.get("Items") or [] if one is not None])
    lines = sum(line["DiscountAmount"] + line["ShippingDiscountAmount"] for line in found["OrderItem"])
    assert totals["Discount"] == lines - abs(order.get("PromotionAmount") or 0)
