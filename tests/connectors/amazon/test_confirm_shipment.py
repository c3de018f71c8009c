"""Confirming a shipment: said once or twice, refused for a reason that a person understands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from connectors import schema
from connectors.amazon.client import PACKAGE
from connectors.amazon.confirm_shipment import CONFIRM_SHIPMENT, send
from connectors.base import Payload, Reference
from connectors.errors import (
    ConflictError,
    ConnectorError,
    CredentialsError,
    MissingError,
    NotNeededError,
    OutcomeUnknownError,
    RejectedError,
    ThrottledError,
    TransientError,
)
from tests.connectors.amazon.models import valid
from tests.connectors.amazon.offline import BASE, Connect
from tests.connectors.amazon.orders import NUMBER, order, shipping

CONFIRM = f"{BASE}/orders/v0/orders/{NUMBER}/shipmentConfirmation"
ORDER = f"{BASE}/orders/2026-01-01/orders/{NUMBER}"
REFERENCE = Reference(system="TIMS", key="SH-000771-1")
LINE = "90123456789012"
REFUSED = {"errors": [{"code": "InvalidInput", "message": "Invalid Input"}]}


def payload(**changed: Any) -> Payload:
    package = {
        "packageReferenceId": "77101",
        "carrierCode": "UPS",
        "trackingNumber": "1Z999AA10123456784",
        "shipDate": "2026-11-19T15:30:00Z",
        "orderItems": [{"orderItemId": LINE, "quantity": 2}],
    }
    return {"orderId": NUMBER, "marketplaceId": "ATVPDKIKX0DER", "packageDetail": {**package, **changed}}


def refused(web: responses.RequestsMock, held: Payload | None, said: str = "Invalid Input") -> None:
    web.post(CONFIRM, json={"errors": [{"code": "InvalidInput", "message": said}]}, status=400)
    web.get(ORDER, json={"order": held} if held else {"errors": []}, status=200 if held else 500)


def test_a_package_is_confirmed_as_amazon_publishes_it(web: responses.RequestsMock, connected: Connect) -> None:
    web.post(CONFIRM, status=204)
    receipt = send(connected(), payload(), REFERENCE)
    body = json.loads(web.calls[-1].request.body or "")
    assert (receipt.key, receipt.outcome) == (f"{NUMBER}/77101", "created")
    assert "orderId" not in body
    assert body["packageDetail"]["packageReferenceId"] == "77101"
    assert valid("ordersV0.json", "ConfirmShipmentRequest", body) == []


def test_a_corrected_package_is_the_same_one(web: responses.RequestsMock, connected: Connect) -> None:
    web.post(CONFIRM, status=204)
    again = send(connected(), payload(trackingNumber="1Z2"), Reference(system="TIMS", key="SH-000771-1", target=f"{NUMBER}/77101"))
    assert (again.key, again.outcome) == (f"{NUMBER}/77101", "changed")


def test_what_the_form_of_a_payload_demands() -> None:
    assert schema.validate(PACKAGE, "confirm_shipment", payload()) == []
    codes = {
        one.path: one.code for one in schema.validate(PACKAGE, "confirm_shipment", payload(carrierCode="Other", packageReferenceId="0"))
    }
    assert codes == {"packageDetail.carrierName": "required", "packageDetail.packageReferenceId": "invalid_format"}
    assert schema.validate(PACKAGE, "confirm_shipment", payload(carrierCode="Other", carrierName="Bike")) == []


def test_a_package_that_amazon_holds_already_is_confirmed(web: responses.RequestsMock, connected: Connect) -> None:
    held = {"packageReferenceId": "77101", "trackingNumber": "1Z999AA10123456784"}
    refused(web, order(packages=[held], fulfillment=shipping("SHIPPED")))
    receipt = send(connected(), payload(), REFERENCE)
    assert (receipt.key, receipt.outcome) == (f"{NUMBER}/77101", "unchanged")


@pytest.mark.parametrize(
    ("held", "said", "words"),
    [
        (order(fulfillment=shipping("CANCELLED")), "", "the order is cancelled"),
        (order(fulfillment=shipping("UNSHIPPED", fulfilledBy="AMAZON")), "", "Amazon ships this order itself"),
        (order(programs=["PRIME", "FBM_SHIP_PLUS"]), "", "Ship+"),
        (order(fulfillment=shipping("PENDING")), "", "not paid yet"),
        (order(createdTime="2026-11-20T00:00:00Z"), "", "before the time of the order"),
        (order(orderItems=[{"orderItemId": "1", "quantityOrdered": 1}]), "", f"no line {LINE}"),
        (order(orderItems=[{"orderItemId": LINE, "quantityOrdered": 1}]), "", "ordered 1 times, but 2 were shipped"),
        (order(), "shipDate must not be in the future", "lies in the future"),
        (order(), "The carrierCode is not valid", "lookup table of carriers"),
        (order(), "Invalid trackingNumber", "tracking number"),
        (order(), "Something else", "Amazon answered 400: Something else"),
        (None, "Something else", "Amazon answered 400: Something else"),
    ],
)
def test_a_refusal_says_why_and_what_to_do(
    web: responses.RequestsMock, connected: Connect, held: Payload | None, said: str, words: str
) -> None:
    refused(web, held, said or "Invalid Input")
    with pytest.raises(RejectedError) as caught:
        send(connected(), payload(), REFERENCE)
    assert words in caught.value.message
    assert NUMBER in caught.value.message


def test_an_unknown_order_says_so(web: responses.RequestsMock, connected: Connect) -> None:
    web.post(CONFIRM, json={"errors": [{"code": "NotFound", "message": "x"}]}, status=404)
    with pytest.raises(MissingError, match=f"order {NUMBER}"):
        send(connected(), payload(), REFERENCE)


@pytest.mark.parametrize(
    ("status", "expected"), [(403, CredentialsError), (429, ThrottledError), (500, OutcomeUnknownError), (504, OutcomeUnknownError)]
)
def test_what_is_no_refusal_keeps_its_meaning(
    web: responses.RequestsMock, connected: Connect, status: int, expected: type[ConnectorError]
) -> None:
    web.post(CONFIRM, json=REFUSED, status=status)
    with pytest.raises(expected):
        send(connected(), payload(), REFERENCE)


def test_it_may_be_repeated_without_asking_first() -> None:
    assert CONFIRM_SHIPMENT.repeatable
    assert CONFIRM_SHIPMENT.limit == "confirmShipment"


def test_units_of_one_line_that_were_packed_in_parts_are_told_as_one_quantity(web: responses.RequestsMock, connected: Connect) -> None:
    web.post(CONFIRM, status=204)
    parts = [{"orderItemId": LINE, "quantity": 1}, {"orderItemId": "2", "quantity": 1}, {"orderItemId": LINE, "quantity": 2}]
    send(connected(), payload(orderItems=parts), REFERENCE)
    body = json.loads(web.calls[-1].request.body or "")
    assert body["packageDetail"]["orderItems"] == [{"orderItemId": LINE, "quantity": 3}, {"orderItemId": "2", "quantity": 1}]


NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shipped_at", "told"),
    [
        ("2026-11-20T12:05:00Z", "2026-11-20T12:00:00.000Z"), ("2026-11-20T12:05:01Z", "2026-11-20T12:05:01Z"),
        ("2026-11-20T11:59:59Z", "2026-11-20T11:59:59Z"), ("2026-11-19T08:00:00Z", "2026-11-19T08:00:01.000Z"),
        ("2026-11-18T08:00:00+02:00", "2026-11-19T08:00:01.000Z"), ("no time", "no time"),
    ],
)  # fmt: skip
def test_a_clock_that_is_five_minutes_ahead_is_forgiven_and_nothing_left_before_its_order(
    web: responses.RequestsMock, connected: Connect, monkeypatch: pytest.MonkeyPatch, shipped_at: str, told: str
) -> None:
    monkeypatch.setattr("connectors.amazon.times.now", lambda: NOON)
    web.post(CONFIRM, status=204)
    send(connected(), {**payload(shipDate=shipped_at), "orderedAt": "2026-11-19T08:00:00Z"}, REFERENCE)
    body = json.loads(web.calls[-1].request.body or "")
    assert (body["packageDetail"]["shipDate"], "orderedAt" in body) == (told, False)


def test_a_package_that_is_left_out_is_told_to_nobody(connected: Connect) -> None:
    left_out = payload(orderItems=[], leftOut="The rest of its bundle has not left yet.")
    assert schema.validate(PACKAGE, "confirm_shipment", left_out) == []
    with pytest.raises(NotNeededError, match="rest of its bundle"):
        send(connected(), left_out, REFERENCE)


def test_a_voided_package_that_amazon_was_never_told_of_is_not_confirmed(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(ORDER, json={"order": order(packages=[{"packageReferenceId": "77001"}])})
    with pytest.raises(NotNeededError, match="before Amazon was told"):
        send(connected(), {**payload(), "voided": True}, REFERENCE)


@pytest.mark.parametrize("target", ["", f"{NUMBER}/77101"])
def test_a_package_that_was_voided_after_its_confirmation_is_shown_to_people(
    web: responses.RequestsMock, connected: Connect, target: str
) -> None:
    if not target:
        web.get(ORDER, json={"order": order(packages=[{"packageReferenceId": "77101"}])})
    with pytest.raises(ConflictError, match="cannot be taken back") as caught:
        send(connected(), {**payload(), "voided": True}, Reference(system="TIMS", key="SH-000771-1", target=target))
    assert "Seller Central" in str(caught.value)


def test_a_voided_package_is_asked_about_again_when_amazon_does_not_answer(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(ORDER, status=503)
    with pytest.raises(TransientError):
        send(connected(), {**payload(), "voided": True}, REFERENCE)
