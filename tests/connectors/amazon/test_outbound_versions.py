"""Both versions of Fulfilment by Amazon speak of the same order: what goes out fits the published models, what comes in reads alike."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors.amazon import outbound, outbound_2020, outbound_2026
from connectors.amazon.outbound import check, dialect, order_id, status
from connectors.base import Reference
from connectors.errors import RejectedError, TransientError, UnsupportedError
from connectors.schema import validate
from tests.connectors.amazon.models import model, valid

OLD, NEW = "fulfillmentOutbound_2020-07-01.json", "fulfillmentOutbound_2026-07-04.json"
US = "ATVPDKIKX0DER"


def order(**fields: Any) -> dict[str, Any]:
    """A neutral order of two lines."""
    return {
        "displayOrderId": "100045", "orderedAt": "2026-11-19T10:00:00.000Z", "comment": "Thank you", "speed": "Standard",
        "address": {"name": "Jo Sample", "addressLine1": "1 Test Way", "city": "Austin", "stateOrRegion": "TX", "postalCode": "78701",
                    "countryCode": "US", "phone": "+15125550100"},
        "lines": [{"lineId": "1", "sku": "MUG-FBA", "quantity": 2, "unitValue": Decimal("20.50"), "currency": "USD"},
                  {"lineId": "2", "sku": "POT-FBA", "quantity": 1, "comment": "Handle with care"}],
        **fields,
    }  # fmt: skip


def old_answer(state: str = "Complete", **shipment: Any) -> dict[str, Any]:
    """An answer of getFulfillmentOrder, 2020-07-01."""
    head = outbound_2020.create("ChannelAdvisor-7", order(), US)
    items = [
        {"sellerSku": "MUG-FBA", "sellerFulfillmentOrderItemId": "1", "quantity": 2, "cancelledQuantity": 0, "unfulfillableQuantity": 1}
    ]
    packed = [{"sellerSku": "MUG-FBA", "sellerFulfillmentOrderItemId": "1", "quantity": 1, "packageNumber": 1}]
    package = {"packageNumber": 1, "carrierCode": "UPS", "trackingNumber": "1Z999", "estimatedArrivalDate": "2026-11-23T20:00:00Z"}
    sent = {
        "amazonShipmentId": "Dx1", "fulfillmentCenterId": "AUS2", "fulfillmentShipmentStatus": "SHIPPED",
        "shippingDate": "2026-11-20T02:10:00Z", "fulfillmentShipmentItem": packed, "fulfillmentShipmentPackage": [package], **shipment,
    }  # fmt: skip
    return {"payload": {
        "fulfillmentOrder": {**{name: value for name, value in head.items() if name != "items"}, "receivedDate": "2026-11-19T10:05:00Z",
                             "fulfillmentOrderStatus": state, "statusUpdatedDate": "2026-11-20T03:00:00Z"},
        "fulfillmentOrderItems": items, "fulfillmentShipments": [sent], "returnItems": [], "returnAuthorizations": []}}  # fmt: skip


def new_answer(state: str = "COMPLETE", **shipment: Any) -> dict[str, Any]:
    """The same order as an answer of getOrder, 2026-07-04."""
    head = outbound_2026.create("ChannelAdvisor-7", order(), US)
    product = {"productIdentifier": {"amazonSku": "MUG-FBA"}}
    line = {"lineItemId": "1", "product": product, "amount": {"unit": "EACHES", "value": "2.0"},
            "cancelledAmount": {"unit": "EACHES", "value": "0.0"}, "unfulfillableAmount": {"unit": "EACHES", "value": "1.0"}}  # fmt: skip
    carrier = {"carrierCode": "UPS", "trackingNumber": "1Z999"}
    package = {"packageId": "1", "deliveryTime": "2026-11-23T20:00:00Z", "tracking": {"carrier": carrier}}
    sent = {
        "amazonShipmentId": "Dx1", "amazonFacility": {"facilityId": "AUS2"}, "status": "SHIPPED", "shipTime": "2026-11-20T02:10:00Z",
        "items": [{**product, "lineItemId": "1", "amount": {"unit": "EACHES", "value": "1.0"}, "packageId": "1"}], "packages": [package],
        **shipment,
    }  # fmt: skip
    return {"order": {**head, "receiveTime": "2026-11-19T10:05:00Z", "status": state, "statusUpdateTime": "2026-11-20T03:00:00Z",
                      "lineItems": [line], "shipments": [sent]}}  # fmt: skip


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"payload": None}, {"payload": {}}, {"order": []}])
def test_an_answer_that_is_no_order_is_asked_for_again(answer: Any) -> None:
    for read in (outbound_2020.order, outbound_2026.order):
        with pytest.raises(TransientError):
            read(answer)


def test_an_unknown_version_is_refused_in_words() -> None:
    with pytest.raises(RejectedError, match="2019-01-01"):
        dialect({"outbound_version": "2019-01-01"})


def test_the_older_version_is_used_unless_the_connection_says_otherwise() -> None:
    assert dialect({}) is outbound_2020.DIALECT
    assert dialect({"outbound_version": "2026-07-04"}) is outbound_2026.DIALECT


def test_what_goes_out_fits_the_published_models() -> None:
    wish = order(blankBox=True, hold=True, policy="FillAll", marketplaceId="A1F83G8C2ARO7P")
    assert valid(OLD, "CreateFulfillmentOrderRequest", outbound_2020.create("x-1", order(), US)) == []
    assert valid(OLD, "CreateFulfillmentOrderRequest", outbound_2020.create("x-1", {**wish, "signature": True}, US)) == []
    assert valid(NEW, "CreateOrderRequest", outbound_2026.create("x-1", wish, US)) == []


def test_nothing_goes_out_that_the_models_do_not_know() -> None:
    known = set(model(OLD)["definitions"]["CreateFulfillmentOrderRequest"]["properties"])
    assert set(outbound_2020.create("x-1", order(blankBox=True, policy="FillAll"), US)) <= known
    known = set(model(NEW)["definitions"]["CreateOrderRequest"]["properties"])
    assert set(outbound_2026.create("x-1", order(blankBox=True, policy="FillAll"), US)) <= known


def test_changes_fit_the_published_models() -> None:
    wish = {"release": True, "comment": "x", "speed": "Priority", "address": order()["address"], "lines": [{"lineId": "1", "quantity": 0}]}
    assert valid(OLD, "UpdateFulfillmentOrderRequest", outbound_2020.change(wish)) == []
    assert valid(NEW, "UpdateOrderRequest", outbound_2026.change({"release": True})) == []


def test_the_answers_these_tests_use_fit_the_published_models() -> None:
    assert valid(OLD, "GetFulfillmentOrderResponse", old_answer()) == []
    assert valid(NEW, "GetOrderResponse", new_answer()) == []


def test_money_goes_out_as_exact_text() -> None:
    [line, _] = outbound_2020.create("x-1", order(), US)["items"]
    assert line["perUnitDeclaredValue"] == {"currencyCode": "USD", "value": "20.50"}
    [line, _] = outbound_2026.create("x-1", order(), US)["lineItems"]
    assert line["product"]["perUnitDeclaredValue"] == {"currencyCode": "USD", "amount": "20.50"}


@pytest.mark.parametrize("wish", [{"comment": "x"}, {"speed": "Standard"}, {"lines": [{"lineId": "1", "quantity": 0}]}])
def test_what_the_newer_version_cannot_change_is_said(wish: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedError):
        outbound_2026.change(wish)


@pytest.mark.parametrize("name", ["signature", "blockAmazonLogistics"])
def test_what_the_newer_version_has_no_words_for_is_said(name: str) -> None:
    with pytest.raises(UnsupportedError):
        outbound_2026.create("x-1", order(**{name: True}), US)


def test_both_versions_read_alike() -> None:
    old, new = outbound_2020.order(old_answer()), outbound_2026.order(new_answer())
    assert {**old, "policy": ""} == {**new, "policy": ""}


def test_an_order_that_was_read_is_what_its_schema_declares() -> None:
    for read in (outbound_2020.order(old_answer()), outbound_2026.order(new_answer())):
        assert validate("connectors.amazon", "fulfilment_order", read) == []


def test_the_examples_of_the_published_model_are_read() -> None:
    examples = model(NEW)["paths"]["/fulfillment/outbound/2026-07-04/orders"]["get"]["responses"]["200"]["examples"]["application/json"]
    found, _ = outbound_2026.page(examples)
    assert len(found) == len(examples["orders"])
    assert [problem for one in found for problem in validate("connectors.amazon", "fulfilment_order", one)] == []


@pytest.mark.parametrize("state", ["CANCELLED_BY_SELLER", "CANCELLED_BY_FULFILLER"])
def test_packages_of_cancelled_shipments_are_left_out(state: str) -> None:
    assert outbound_2020.order(old_answer(fulfillmentShipmentStatus=state))["packages"] == []
    assert outbound_2026.order(new_answer(status="CANCELLED"))["packages"] == []


def test_a_shipment_without_packages_yet_has_none() -> None:
    assert outbound_2020.order(old_answer(fulfillmentShipmentPackage=None))["packages"] == []


def test_a_package_without_a_tracking_number_has_no_such_field() -> None:
    [package] = outbound_2020.order(old_answer(fulfillmentShipmentPackage=[{"packageNumber": 1, "carrierCode": "UPS"}]))["packages"]
    assert "trackingNumber" not in package


def test_goods_of_a_shipment_are_divided_among_its_packages() -> None:
    packed = [{"sellerSku": "MUG-FBA", "sellerFulfillmentOrderItemId": "1", "quantity": n, "packageNumber": n} for n in (1, 2)]
    boxes = [{"packageNumber": n, "carrierCode": "UPS"} for n in (2, 1)]
    read = outbound_2020.order(old_answer(fulfillmentShipmentItem=packed, fulfillmentShipmentPackage=boxes))
    assert [(one["packageId"], [line["quantity"] for line in one["lines"]]) for one in read["packages"]] == [("Dx1-1", [1]), ("Dx1-2", [2])]


@pytest.mark.parametrize(
    ("written", "read"),
    [("PROCESSING", "Processing"), ("Processing", "Processing"), ("COMPLETE_PARTIAL", "CompletePartialled"),
     ("Canceled", "Cancelled"), ("new", "New"), ("Of tomorrow", "Of tomorrow"), (None, "")],
)  # fmt: skip
def test_statuses_are_compared_without_case(written: Any, read: str) -> None:
    assert status(written) == read


@pytest.mark.parametrize(
    "keys",
    [("100045", "100046"), ("A B", "A-B"), ("A/B", "A_B"), ("x" * 60 + "1", "x" * 60 + "2"), ("Ö-1", "O-1")],
)
def test_two_records_never_share_a_number(keys: tuple[str, str]) -> None:
    names = [order_id(Reference(system="ChannelAdvisor", key=key)) for key in keys]
    assert len(set(names)) == 2
    assert all(len(name) <= outbound.LONGEST_ID and name.replace("-", "").isalnum() and name.isascii() for name in names)


def test_a_number_is_the_same_on_every_attempt_and_for_every_version() -> None:
    names = {order_id(Reference(system="ChannelAdvisor", key="100045", version=version, scope=version)) for version in ("a", "b")}
    assert names == {"ChannelAdvisor-100045"}


def test_more_than_250_units_and_equal_lines_are_refused_in_words() -> None:
    lines = [{"lineId": "1", "sku": "A", "quantity": 200}, {"lineId": "1", "sku": "B", "quantity": 51}]
    with pytest.raises(RejectedError) as refused:
        check(order(lines=lines))
    assert [one.code for one in refused.value.problems] == ["too_many", "not_unique"]


def test_the_neutral_order_is_what_its_schema_declares() -> None:
    assert validate("connectors.amazon", "create_fulfilment_order", order()) == []
