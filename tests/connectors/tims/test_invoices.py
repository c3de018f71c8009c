"""Invoices and credit memos: found by order in bulk, entered once, and what the stand-in's own receivables do with shipments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connectors import schema
from connectors.base import Payload, Receipt
from connectors.errors import ConflictError, ConnectorError, RejectedError
from connectors.tims import CONNECTOR, invoices, payments, sales_orders
from connectors.tims.client import PACKAGE, TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.books import credit_memo, invoice, invoiced, moved, payment, settlement, sold
from tests.connectors.tims.orders import order, reference
from tests.connectors.tims.plain import Caller, code, fields

BOOKED = {"1100": Decimal(95), "4900": Decimal(10), "4000": Decimal(-100), "4010": Decimal(-5)}


@pytest.fixture
def order_id(client: TimsClient) -> str:
    return sold(client)


def send(client: TimsClient, payload: Payload, **changes: str) -> Receipt:
    return invoices.send(client, payload, settlement(**{"key": "INV-1", **changes}))


def held(box: TimsSandbox, key: str) -> Payload:
    return box.book.get("invoices", key) or {}


def test_an_invoice_is_posted_and_shows_what_is_due(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    receipt = send(client, invoice(order_id))
    row = held(box, receipt.key)
    assert (receipt.outcome, row["Status"], row["TotalAmount"], row["BalanceDue"]) == ("created", "Posted", Decimal("103.66"), 95)
    assert moved(box) == BOOKED
    assert (box.book.get("sales_orders", order_id) or {})["LineItems"][0]["QuantityInvoiced"] == 1


def test_sent_again_it_stays_one_invoice(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    first = send(client, invoice(order_id))
    for changes in ({}, {"version": "v2"}, {"scope": "another flow"}, {"target": first.key}):
        again = send(client, invoice(order_id), **changes)
        assert (again.key, again.outcome) == (first.key, "unchanged")
    assert moved(box) == BOOKED


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "500", "503", "reset"])
@pytest.mark.parametrize("call", ["/api/v1/invoices", "/api/v1/invoices/*/post"])
def test_whatever_goes_wrong_there_is_one_posted_invoice(
    client: TimsClient, box: TimsSandbox, order_id: str, fault: str, call: str
) -> None:
    box.faults.add(fault, call, method="POST")
    with pytest.raises(ConnectorError) as caught:
        send(client, invoice(order_id))
    assert caught.value.retryable
    found = invoices.find(client, settlement(key="INV-1"))
    receipt = send(client, invoice(order_id), target=found.key if found else "")
    assert box.book.keys("invoices") == [receipt.key]
    assert moved(box) == BOOKED


def test_another_invoice_under_the_same_name_is_a_conflict_in_words(client: TimsClient, order_id: str) -> None:
    send(client, invoice(order_id))
    with pytest.raises(ConflictError) as caught:
        send(client, invoice(order_id, PostingDate="2026-11-21"), version="v2")
    assert "PostingDate: the hub says 2026-11-21, TIMS has 2026-11-20." in caught.value.message


def test_a_closed_period_is_named(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    box.close_period("2026-11")
    with pytest.raises(RejectedError) as caught:
        send(client, invoice(order_id))
    assert "fiscal period 2026-11, which is closed" in caught.value.message


def test_a_credit_memo_of_everything_leaves_income_and_returns_against_each_other(
    client: TimsClient, box: TimsSandbox, order_id: str
) -> None:
    first = send(client, invoice(order_id))
    memo = send(client, credit_memo(order_id, first.key), key="RET-1")
    assert (held(box, memo.key)["BalanceDue"], held(box, memo.key)["Status"]) == (95, "Posted")
    assert moved(box) == {"4000": Decimal(-100), "4910": Decimal(100)}


def test_more_than_is_left_of_an_invoice_is_credited_only_when_allowed(client: TimsClient, order_id: str) -> None:
    first = send(client, invoice(order_id))
    send(client, credit_memo(order_id, first.key), key="RET-1")
    more = credit_memo(order_id, first.key, ReasonCode="Goodwill")
    with pytest.raises(RejectedError) as caught:
        send(client, more, key="RET-2")
    assert "more than is left to credit" in caught.value.message
    assert send(client, more | {"AllowOverCredit": True}, key="RET-2").outcome == "created"


def test_an_invoice_is_voided_once_and_a_paid_one_not_at_all(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    key = send(client, invoice(order_id)).key
    money = payments.send(client, payment((key, 40)), settlement(key="PAY")).key
    with pytest.raises(ConflictError) as caught:
        invoices.void(client, {"InvoiceID": key}, settlement(key="VOID"))
    assert "is PartiallyPaid in TIMS" in caught.value.message
    payments.void(client, {"PaymentID": money}, settlement(key="VOID"))
    assert [invoices.void(client, {"InvoiceID": key}, settlement(key="VOID")).outcome for _ in range(2)] == ["cancelled", "unchanged"]
    assert not moved(box)
    with pytest.raises(ConflictError) as again:
        send(client, invoice(order_id))
    assert "was voided" in again.value.message


def test_an_invoice_with_a_credit_memo_is_not_voided(client: TimsClient, order_id: str) -> None:
    key = send(client, invoice(order_id)).key
    send(client, credit_memo(order_id, key), key="RET-1")
    with pytest.raises(ConflictError) as caught:
        invoices.void(client, {"InvoiceID": key}, settlement(key="VOID"))
    assert f"TIMS does not void {key}, which is Posted" in caught.value.message


def test_the_invoices_of_many_orders_are_found_in_few_calls(client: TimsClient, box: TimsSandbox) -> None:
    box.invoice_shipments()
    ids = [sold(client, number) for number in range(1, 131)]
    box.seen.clear()
    found = invoices.of_orders(client, [*ids, "SO-999"])
    assert list(found) == ids
    assert len([one for one in box.seen if one[1] == "/api/v1/invoices"]) == 2
    records = CONNECTOR.stream("invoices").read_many
    assert records
    assert [one.part_of for one in records(client, ids[:3])] == ids[:3]
    one = found[ids[0]][0]["InvoiceID"]
    assert [(record.key, record.part_of) for record in records(client, [one])] == [(one, "")]


def test_a_shipment_in_two_parts_gives_two_invoices_that_together_are_the_order(client: TimsClient, box: TimsSandbox) -> None:
    box.invoice_shipments()
    key = sales_orders.send(client, order(TaxCollectedBy="Marketplace"), reference()).key
    box.ship(key, [{"LineNumber": 1, "Quantity": 1}])
    box.ship(key)
    rows = invoices.of_orders(client, [key])[key]
    assert [row["ExternalInvoiceID"] for row in rows] == [f"{reference().key}-1", f"{reference().key}-2"]
    assert sum(row["TotalAmount"] for row in rows) == Decimal("156.27")
    assert sum(row["BalanceDue"] for row in rows) == Decimal("141.48")
    assert [len(row["Charges"]) for row in rows] == [2, 0]
    assert moved(box) == {
        "1100": Decimal("141.48"), "4900": Decimal("5.00"), "4000": Decimal("-139.48"), "4010": Decimal(-4), "4020": Decimal(-3),
    }  # fmt: skip


def test_tax_that_the_seller_collects_is_due_and_owed_on(client: TimsClient, box: TimsSandbox) -> None:
    _, key = invoiced(client, box, TaxCollectedBy="Seller")
    assert held(box, key)["BalanceDue"] == Decimal("103.66")
    assert moved(box)["2200"] == Decimal("-8.66")


def test_tax_inside_the_price_is_not_income(client: TimsClient, box: TimsSandbox) -> None:
    about: Payload = {"PricesIncludeTax": True, "TotalAmount": 95}
    _, sellers = invoiced(client, box, 1, **about, TaxCollectedBy="Seller")
    _, markets = invoiced(client, box, 2, **about)
    assert (held(box, sellers)["BalanceDue"], held(box, markets)["BalanceDue"]) == (95, Decimal("86.34"))
    assert moved(box)["4000"] == -2 * (100 - Decimal("8.25"))


def test_nothing_is_invoiced_while_the_switch_is_off(client: TimsClient, box: TimsSandbox, order_id: str) -> None:
    assert box.book.count("invoices") == 0
    assert not moved(box)


def test_a_voided_shipment_takes_its_invoice_back(client: TimsClient, box: TimsSandbox) -> None:
    box.invoice_shipments()
    key = sales_orders.send(client, order(), reference()).key
    box.ship(key)
    box.void(box.shipments(key)[0]["ShipmentID"])
    assert [row["Status"] for row in box.book.rows("invoices")] == ["Void"]
    assert not moved(box)
    box.ship(key)
    assert [row["Status"] for row in box.book.rows("invoices")] == ["Void", "Posted"]


def test_an_automatic_invoice_of_a_closed_period_stays_a_draft(client: TimsClient, box: TimsSandbox) -> None:
    box.close_period("2026-11")
    _, key = invoiced(client, box)
    assert held(box, key)["Status"] == "Draft"


@pytest.mark.parametrize(
    ("changes", "path", "flaw"),
    [
        ({"Lines": [{"SalesOrderLineNumber": 1, "SKU": "TK-1001", "Quantity": 2, "Price": 100}]}, "Lines[0].Quantity", "max_value"),
        (
            {"Lines": [{"SalesOrderLineNumber": 9, "SKU": "TK-1001", "Quantity": 1, "Price": 1}]},
            "Lines[0].SalesOrderLineNumber",
            "not_found",
        ),
        ({"Lines": [{"SalesOrderLineNumber": 1, "SKU": "TK-1002", "Quantity": 1, "Price": 1}]}, "Lines[0].SKU", "invalid_choice"),
        ({"Lines": [{"SKU": "TK-1001", "GLAccountCode": "4000", "Quantity": 1, "Price": 1}]}, "Lines[0].SKU", "invalid_choice"),
        ({"Lines": [{"Quantity": 1, "Price": 1}]}, "Lines[0].SKU", "required"),
        ({"Lines": [{"SKU": "ABC-1", "Quantity": 1, "Price": 1}]}, "Lines[0].SKU", "unknown_sku"),
        ({"Lines": [{"GLAccountCode": "4711", "Quantity": 1, "Price": 1}]}, "Lines[0].GLAccountCode", "not_found"),
        ({"Lines": []}, "Lines", "required"),
        ({"TotalAmount": 103}, "TotalAmount", "sum_mismatch"),
        ({"TotalAmount": "103.66"}, "TotalAmount", "type_mismatch"),
        ({"Currency": "EUR"}, "Currency", "currency_mismatch"),
        ({"SalesOrderID": "SO-9"}, "SalesOrderID", "not_found"),
        ({"CustomerID": "C-9"}, "CustomerID", "not_found"),
        ({"DocumentType": "CreditMemo"}, "ReasonCode", "required"),
        ({"AppliesToInvoiceID": "IN-1"}, "AppliesToInvoiceID", "invalid_choice"),
        ({"BalanceDue": 1}, "BalanceDue", "read_only"),
        ({"Nonsense": 1}, "Nonsense", "unknown_field"),
    ],
)
def test_what_the_contract_forbids_is_refused(call: Caller, order_id: str, changes: Payload, path: str, flaw: str) -> None:
    answer = call("POST", "invoices", named(order_id, **changes))
    assert (answer.status_code, fields(answer).get(path)) == (422, flaw)


def named(order_id: str, **changes: Any) -> Payload:
    return invoice(order_id, **{"SourceSystem": "Amazon", "ExternalInvoiceID": "INV-1", **changes})


def test_units_of_a_draft_are_taken(call: Caller, order_id: str) -> None:
    assert call("POST", "invoices", named(order_id)).json()["Status"] == "Draft"
    assert fields(call("POST", "invoices", named(order_id, ExternalInvoiceID="INV-2")))["Lines[0].Quantity"] == "max_value"


def test_units_that_are_not_shipped_are_not_invoiced(call: Caller, client: TimsClient) -> None:
    key = sales_orders.send(client, order(CustomerID="C-AMZ-US"), reference()).key
    assert fields(call("POST", "invoices", named(key)))["Lines[0].Quantity"] == "max_value"


def test_a_posted_invoice_stays_as_it_is(call: Caller, order_id: str) -> None:
    path = f"invoices/{call('POST', 'invoices', named(order_id)).json()['InvoiceID']}"
    assert call("POST", f"{path}/post", {}).status_code == 428
    assert call("POST", f"{path}/post", {}, If_Match='W/"1"').json()["Status"] == "Posted"
    assert code(call("POST", f"{path}/post", {}, If_Match='W/"2"')) == "state_conflict"
    assert code(call("POST", "invoices", named(order_id))) == "duplicate_external_id"
    assert code(call("POST", "invoices", named(order_id, ExternalInvoiceID="2", Status="Posted"))) == "state_conflict"


def test_too_many_orders_at_once_are_refused(call: Caller) -> None:
    assert call("GET", "invoices?" + "&".join(f"sales_order_id=SO-{one}" for one in range(101))).status_code == 400


def test_the_example_of_the_contract_is_a_valid_payload() -> None:
    assert not schema.validate(PACKAGE, "invoice", named("SO-1000045"))
    wrong = {one.path: one.code for one in schema.validate(PACKAGE, "invoice", named("SO-1", DocumentType="Bill", Nonsense=1))}
    assert wrong == {"DocumentType": "invalid_choice", "Nonsense": "unknown_field"}
