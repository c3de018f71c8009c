"""Orders of Amazon, in the shape of the Orders API 2026-01-01, through the shipped map."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import pytest

from connectors.schema import validate
from mappings.core.engine import apply
from mappings.core.values import Facts, Outcome
from tests.mappings.core.samples import SETTINGS, Everything, compiled_starter, tables

D = Decimal


def money(amount: str, currency: str = "USD") -> dict[str, str]:
    return {"amount": amount, "currencyCode": currency}


def part(kind: str, amount: str, currency: str = "USD", **details: str) -> dict[str, Any]:
    found: dict[str, Any] = {"type": kind, "subtotal": money(amount, currency)}
    if details:
        found["detailedBreakdowns"] = [{"subtype": name, "value": money(value, currency)} for name, value in details.items()]
    return found


def line(*parts: dict[str, Any], number: str = "90123456789012", quantity: int = 2, **more: Any) -> dict[str, Any]:
    return {
        "orderItemId": number, "quantityOrdered": quantity,
        "product": {"sellerSku": "TK-1001", "title": "Mug, blue", "price": {"unitPrice": money("20.00")}},
        "proceeds": {"breakdowns": list(parts)}, **more,
    }  # fmt: skip


USUAL = (part("ITEM", "40.00"), part("SHIPPING", "5.00"), part("TAX", "3.12", ITEM="2.80", SHIPPING="0.32"))


def order(*lines: dict[str, Any], total: str = "48.12", **more: Any) -> dict[str, Any]:
    """An order of one US buyer; `more` replaces its blocks."""
    address = {
        "name": "Jo Sample", "addressLine1": "1 Test Way", "city": "Austin", "stateOrRegion": "TX", "postalCode": "78701",
        "countryCode": "US", "phone": "+1 512 555 0100", "addressType": "RESIDENTIAL",
    }  # fmt: skip
    made: dict[str, Any] = {
        "orderId": "111-2223334-4445556", "createdTime": "2026-11-18T03:15:30.123Z", "lastUpdatedTime": "2026-11-18T09:47:02.501Z",
        "programs": ["PRIME"],
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "ATVPDKIKX0DER", "marketplaceName": "Amazon.com"},
        "recipient": {"deliveryAddress": address}, "proceeds": {"grandTotal": money(total)},
        "fulfillment": {
            "fulfillmentStatus": "UNSHIPPED", "fulfilledBy": "MERCHANT", "fulfillmentServiceLevel": "STANDARD",
            "shipByWindow": {"latestDateTime": "2026-11-20T07:59:59.000Z"},
            "deliverByWindow": {"latestDateTime": "2026-11-26T07:59:59.000Z"},
        },
        "orderItems": list(lines) or [line(*USUAL)],
    }  # fmt: skip
    return copy.deepcopy(made | more)


def mapped(source: dict[str, Any], **settings: str) -> Outcome:
    facts = Facts(tables=tables(), settings=SETTINGS | settings, answers=Everything())
    return apply(compiled_starter("amazon-order-to-tims-sales-order", "connectors.tims", "sales_order"), source, facts)


def arrives(source: dict[str, Any], **settings: str) -> dict[str, Any]:
    """The payload of an order that must have no problem and fit TIMS's schema."""
    found = mapped(source, **settings)
    assert found.problems == ()
    assert validate("connectors.tims", "sales_order", found.payload) == []
    return found.payload


def shipped_by_amazon(**more: Any) -> dict[str, Any]:
    found = order(**more)
    found["fulfillment"] |= {"fulfilledBy": "AMAZON", "fulfillmentStatus": "SHIPPED"}
    del found["recipient"]
    return found


def test_an_order_arrives_with_its_days_in_the_companys_zone_and_its_amounts() -> None:
    payload = arrives(order())
    assert (payload["ExternalOrderID"], payload["MarketplaceOrderID"]) == ("111-2223334-4445556",) * 2
    assert (payload["MarketplaceName"], payload["CustomerID"], payload["OrderStatus"]) == ("Amazon US", "C-AMZ-US", "Open")
    assert (payload["OrderDate"], payload["RequestedShipDate"]) == ("2026-11-17", "2026-11-20")
    assert (payload["ShippingMethod"], payload["CarrierID"], payload["IsPrime"]) == ("UPS-GND", "UPS", True)
    assert payload["LineItems"][0] | {"Description": "", "ExternalLineID": ""} == {
        "ExternalLineID": "", "SKU": "TK-1001", "Description": "", "Quantity": 2, "Price": D("20.0000"), "ExtendedAmount": D("40.00"),
        "DiscountAmount": D("0.00"), "TaxAmount": D("2.80"),
    }  # fmt: skip
    assert payload["Charges"] == [{"Type": "Shipping", "Amount": D("5.00"), "TaxAmount": D("0.32")}]


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_discount_is_a_deduction_whatever_its_sign(sign: str) -> None:
    discounted = line(*USUAL, part("DISCOUNT", f"{sign}6.00", ITEM=f"{sign}4.00", SHIPPING=f"{sign}2.00"))
    payload = arrives(order(discounted, total="42.12"))
    assert payload["LineItems"][0]["DiscountAmount"] == D("-4.00")
    assert payload["Charges"][0]["Amount"] == D("3.00")


def test_a_discount_without_details_belongs_to_the_line() -> None:
    payload = arrives(order(line(*USUAL, part("DISCOUNT", "6.00")), total="42.12"))
    assert payload["LineItems"][0]["DiscountAmount"] == D("-6.00")


def test_a_tax_on_the_discount_lowers_the_tax() -> None:
    taxed = line(part("ITEM", "40.00"), part("TAX", "2.40", ITEM="2.80", DISCOUNT="-0.40"), part("DISCOUNT", "-5.00"))
    assert arrives(order(taxed, total="37.40"))["LineItems"][0]["TaxAmount"] == D("2.40")


def test_a_tax_without_a_detail_for_the_item_is_what_is_left_of_it() -> None:
    taxed = line(part("ITEM", "40.00"), part("SHIPPING", "5.00"), part("TAX", "3.12", SHIPPING="0.32"))
    assert arrives(order(taxed))["LineItems"][0]["TaxAmount"] == D("2.80")


def test_amounts_that_do_not_add_up_hold_the_order_with_totals() -> None:
    found = mapped(order(total="55.00"))
    assert ([problem.code for problem in found.problems], found.hold) == (["totals"], "TOTALS")


def test_a_kind_of_amount_that_amazon_adds_one_day_becomes_another_charge() -> None:
    payload = arrives(order(line(*USUAL, part("RECYCLING_FEE_2027", "1.50")), total="49.62"))
    assert {"Type": "Other", "Amount": D("1.50")} in payload["Charges"]


@pytest.mark.parametrize("status", ["UNSHIPPED", "PARTIALLY_SHIPPED"])
def test_a_buyer_who_asks_to_cancel_puts_the_order_on_hold(status: str) -> None:
    asked = line(*USUAL, cancellation={"cancellationRequest": {"requester": "BUYER", "cancelReason": "Bought by mistake"}})
    source = order(asked)
    source["fulfillment"]["fulfillmentStatus"] = status
    payload = arrives(source)
    assert (payload["OrderStatus"], payload["Hold"]) == ("OnHold", {"Code": "BUYER-CANCEL"})


def test_a_cancelled_order_is_cancelled_though_its_units_and_amounts_are_gone() -> None:
    cancelled = order(line(quantity=0))
    cancelled["fulfillment"]["fulfillmentStatus"] = "CANCELLED"
    del cancelled["recipient"]
    del cancelled["proceeds"]
    assert arrives(cancelled)["OrderStatus"] == "Cancelled"


def test_a_cancelled_line_is_dropped_and_the_others_stay() -> None:
    payload = arrives(order(line(quantity=0, number="1"), line(*USUAL, number="2")))
    assert [one["ExternalLineID"] for one in payload["LineItems"]] == ["2"]


def test_an_order_that_amazon_ships_is_complete_without_address_and_method() -> None:
    payload = arrives(shipped_by_amazon())
    assert (payload["FulfilledBy"], payload["OrderStatus"], payload["FulfillmentLocationCode"]) == ("External", "Completed", "FBA-US")
    assert not {"ShippingAddress", "ShippingMethod", "CarrierID"} & set(payload)


def test_what_was_shipped_keeps_address_and_method_that_tims_has() -> None:
    shipped = order()
    shipped["fulfillment"] |= {"fulfillmentStatus": "SHIPPED"}
    assert not {"ShippingAddress", "ShippingMethod", "CarrierID"} & set(arrives(shipped))


def associated(kind: str, number: str = "111-0000000-0000001") -> dict[str, Any]:
    free = order(line(part("ITEM", "0.00")), total="0.00")
    free["associatedOrders"] = [{"orderId": number, "associationType": kind}]
    return free


@pytest.mark.parametrize("kind", ["REPLACEMENT_ORIGINAL_ID", "EXCHANGE_ORIGINAL_ID"])
def test_a_replacement_or_exchange_is_free_and_names_the_order_that_it_replaces(kind: str) -> None:
    payload = arrives(associated(kind))
    assert (payload["IsReplacement"], payload["TotalAmount"]) == (True, D("0.00"))
    assert payload["OriginalSalesOrderID"] == "C-000017"
    assert payload["Notes"] == "Replaces Amazon order 111-0000000-0000001."


def test_an_original_that_tims_does_not_have_is_not_waited_for() -> None:
    found = mapped(associated("REPLACEMENT_ORIGINAL_ID", "ZZ-0000000-0000001"))
    assert (found.problems, found.waits, "OriginalSalesOrderID" in found.payload) == ((), (), False)
    assert found.payload["Notes"] == "Replaces Amazon order ZZ-0000000-0000001."


def test_an_order_that_belongs_to_another_in_some_other_way_is_no_replacement() -> None:
    payload = arrives(associated("BUNDLED_WITH_ID"))
    assert (payload["IsReplacement"], "OriginalSalesOrderID" in payload) == (False, False)
    assert not payload.get("Notes")


def test_the_marketplaces_own_tax_is_not_the_sellers() -> None:
    collected = line(*USUAL, tax={"taxCollections": [{"model": "MARKETPLACE_FACILITATOR", "responsibleParty": "Amazon Services, Inc."}]})
    assert arrives(order(collected))["TaxCollectedBy"] == "Marketplace"
    assert arrives(order())["TaxCollectedBy"] == "Seller"


def test_prices_of_japan_contain_the_tax_and_have_no_decimals() -> None:
    fee = part("COD_FEE", "330", "JPY")
    japanese = line(part("ITEM", "4000", "JPY"), part("TAX", "394", "JPY", ITEM="364", COD_FEE="30"), fee)
    source = order(japanese, total="4330")
    source["proceeds"]["grandTotal"]["currencyCode"] = "JPY"
    source["salesChannel"] = {"channelName": "AMAZON", "marketplaceId": "A1VC38T7YXB528"}
    payload = arrives(source, company_currency="JPY")
    assert (payload["PricesIncludeTax"], payload["PaymentStatus"], payload["TotalAmount"]) == (True, "Unpaid", D(4330))
    assert payload["Charges"] == [{"Type": "COD", "Amount": D(330), "TaxAmount": D(30)}]


def test_gift_wrap_tip_and_message_are_kept_apart() -> None:
    message = {"packing": {"giftOption": {"giftMessage": "Happy birthday"}}}
    wrapped = line(*USUAL, part("GIFT_WRAP", "3.00"), fulfillment=message)
    source = order(wrapped, total="53.12")
    source["proceeds"]["breakdowns"] = [part("DELIVERY_TIP", "2.00")]
    payload = arrives(source)
    assert {one["Type"]: one["Amount"] for one in payload["Charges"]} == {"Shipping": D(5), "GiftWrap": D(3), "Tip": D(2)}
    assert (payload["IsGift"], payload["LineItems"][0]["GiftMessage"]) == (True, "Happy birthday")


def test_a_row_of_the_marketplace_alone_comes_before_that_of_the_service_level() -> None:
    rows = tables() | {"amz_ship": {"ATVPDKIKX0DER|STANDARD": "USPS-PRI", "STANDARD": "UPS-GND"}}
    rules = compiled_starter("amazon-order-to-tims-sales-order", "connectors.tims", "sales_order")
    found = apply(rules, order(), Facts(tables=rows, settings=SETTINGS, answers=Everything()))
    assert found.payload["ShippingMethod"] == "USPS-PRI"


def test_an_unknown_promotion_is_booked_as_amazons_with_a_warning() -> None:
    promoted = line(*USUAL, part("DISCOUNT", "-4.00"), promotion={"breakdowns": [{"promotionId": "Black Friday 2026"}]})
    found = mapped(order(promoted, total="44.12"))
    assert found.payload["LineItems"][0]["DiscountCode"] == "AMZ-PROMO"
    assert [warning.path for warning in found.warnings] == ["LineItems[0].DiscountCode"]


@pytest.mark.parametrize(
    ("block", "path"), [("salesChannel", "MarketplaceName"), ("recipient", "ShippingAddress"), ("proceeds", "TotalAmount")]
)
def test_a_block_that_amazon_left_out_is_a_problem_in_words_not_a_fault(block: str, path: str) -> None:
    source = order()
    del source[block]
    assert path in [problem.path for problem in mapped(source).problems]
