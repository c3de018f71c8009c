"""The stand-in is as strict as the contract, over real HTTP and without our client."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.tims.sandbox import API_KEY, CLIENT_ID, CLIENT_SECRET, TimsSandbox
from connectors.wire import encode
from tests.connectors.tims.orders import order
from tests.connectors.tims.plain import Caller, body, code, fields


@pytest.mark.parametrize(
    ("changes", "path", "flaw"),
    [
        ({"TotalAmount": "156.27"}, "TotalAmount", "type_mismatch"),
        ({"OrderDate": "2026-11-19T10:00:00Z"}, "OrderDate", "type_mismatch"),
        ({"Surprise": 1}, "Surprise", "unknown_field"),
        ({"SalesOrderID": "SO-1"}, "SalesOrderID", "read_only"),
        ({"CustomerID": "C-404"}, "CustomerID", "not_found"),
        ({"ShippingMethod": "PIGEON"}, "ShippingMethod", "not_found"),
        ({"ShippingMethod": None}, "ShippingMethod", "required"),
        ({"TotalAmount": 1}, "TotalAmount", "sum_mismatch"),
        ({"Currency": "EUR"}, "ExchangeRate", "required"),
        ({"OrderDate": "2099-01-01"}, "OrderDate", "max_value"),
        ({"Notes": "bell\u0007"}, "Notes", "invalid_character"),
        ({"ExternalOrderID": None}, "ExternalOrderID", "required"),
        ({"ShippingAddress": {**order()["ShippingAddress"], "StateOrProvince": None}}, "ShippingAddress.StateOrProvince", "required"),
        ({"ShippingAddress": {**order()["ShippingAddress"], "AddressLine1": "x" * 61}}, "ShippingAddress.AddressLine1", "max_length"),
        ({"LineItems": [{"SKU": "TK-1050", "Quantity": 1, "Price": 1}]}, "LineItems[0].SKU", "inactive"),
        ({"LineItems": [{"SKU": "TK-1001", "Quantity": 1.5, "Price": 1}]}, "LineItems[0].Quantity", "max_decimals"),
        (
            {"LineItems": [{"ExternalLineID": "1", "SKU": "TK-1001", "Quantity": 1, "Price": 1}] * 2},
            "LineItems[1].ExternalLineID",
            "not_unique",
        ),
    ],
)
def test_a_wrong_order_is_refused_with_the_field_and_nothing_is_stored(
    call: Caller, box: TimsSandbox, changes: dict[str, Any], path: str, flaw: str
) -> None:
    answer = call("POST", "sales_orders", body(**changes))
    assert answer.status_code == 422
    assert fields(answer)[path] == flaw
    assert box.book.count("sales_orders") == 0


def test_all_flaws_are_told_at_once(call: Caller) -> None:
    lines = [{"SKU": "ZZ-1", "Quantity": 1, "Price": 1}]
    assert len(fields(call("POST", "sales_orders", body(CustomerID="C-404", LineItems=lines, ShippingMethod="PIGEON")))) == 4


def test_an_unknown_member_is_ignored_where_the_caller_asks_for_it(call: Caller) -> None:
    assert call("POST", "sales_orders", body(Surprise=1), Prefer="handling=lenient").status_code == 201


def test_validate_checks_and_stores_nothing(call: Caller, box: TimsSandbox) -> None:
    assert call("POST", "sales_orders/validate", body()).status_code == 200
    assert call("POST", "sales_orders/validate", body(CustomerID="C-404")).status_code == 422
    assert box.book.count("sales_orders") == 0


def test_create_and_replay_with_the_same_key_is_one_order(call: Caller, box: TimsSandbox) -> None:
    first = call("POST", "sales_orders", body(), Idempotency_Key="k-1")
    second = call("POST", "sales_orders", body(), Idempotency_Key="k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["ETag"] == 'W/"1"'
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == first.json()
    assert box.book.count("sales_orders") == 1


def test_a_key_with_another_body_is_refused(call: Caller) -> None:
    call("POST", "sales_orders", body(), Idempotency_Key="k-1")
    assert code(call("POST", "sales_orders", body(2), Idempotency_Key="k-1")) == "idempotency_key_reused"


def test_a_key_is_forgotten_after_72_hours(call: Caller, box: TimsSandbox) -> None:
    call("POST", "sales_orders", body(), Idempotency_Key="k-1")
    box.clock.advance(73 * 3600)
    assert code(call("POST", "sales_orders", body(), Idempotency_Key="k-1")) == "duplicate_external_id"


def test_the_same_order_without_a_key_names_the_one_that_exists(call: Caller) -> None:
    first = call("POST", "sales_orders", body()).json()
    second = call("POST", "sales_orders", body())
    assert second.status_code == 409
    assert second.headers["Location"] == f"/api/v1/sales_orders/{first['SalesOrderID']}"
    error = second.json()["Error"]
    assert (error["Code"], error["ExistingID"], error["ExistingVersion"]) == ("duplicate_external_id", first["SalesOrderID"], 1)


def test_the_same_marketplace_order_from_another_system_is_refused(call: Caller) -> None:
    call("POST", "sales_orders", body())
    other = body(1, SourceSystem="Amazon", ExternalOrderID="112-1")
    assert code(call("POST", "sales_orders", other)) == "duplicate_marketplace_order"


def test_of_two_writers_one_is_told_what_changed(call: Caller) -> None:
    made = call("POST", "sales_orders", body()).json()
    path = f"sales_orders/{made['SalesOrderID']}"
    assert code(call("PATCH", path, {"Notes": "a"})) == "precondition_required"
    assert call("PATCH", path, {"Notes": "a"}, If_Match='W/"1"').json()["Version"] == 2
    stale = call("PATCH", path, {"ShippingMethod": "UPS-GND"}, If_Match='W/"1"')
    assert (stale.status_code, stale.json()["Error"]["ChangedFields"]) == (412, ["Notes"])


def test_a_star_needs_a_right_of_its_own(call: Caller) -> None:
    made = call("POST", "sales_orders", body()).json()
    assert code(call("PATCH", f"sales_orders/{made['SalesOrderID']}", {"Notes": "a"}, If_Match="*")) == "insufficient_scope"


def test_a_document_that_the_reader_has_is_not_sent_again(call: Caller) -> None:
    made = call("POST", "sales_orders", body()).json()
    assert call("GET", f"sales_orders/{made['SalesOrderID']}", If_None_Match='W/"1"').status_code == 304


def test_only_some_members_of_an_order_can_be_changed_and_not_after_shipping(call: Caller, box: TimsSandbox) -> None:
    made = call("POST", "sales_orders", body()).json()
    path = f"sales_orders/{made['SalesOrderID']}"
    assert fields(call("PATCH", path, {"TotalAmount": 1}, If_Match='W/"1"')) == {"TotalAmount": "read_only"}
    box.ship(made["SalesOrderID"])
    assert code(call("PATCH", path, {"Notes": "a"}, If_Match='W/"2"')) == "state_conflict"


def test_cancelling_after_shipping_says_what_is_allowed(call: Caller, box: TimsSandbox) -> None:
    made = call("POST", "sales_orders", body()).json()
    box.ship(made["SalesOrderID"])
    answer = call("POST", f"sales_orders/{made['SalesOrderID']}/cancel", {}, If_Match='W/"2"')
    assert (code(answer), answer.json()["Error"]["AllowedTransitions"]) == ("state_conflict", ["Completed"])


def test_an_order_goes_from_open_over_partly_shipped_to_completed(call: Caller, box: TimsSandbox) -> None:
    made = call("POST", "sales_orders", body()).json()
    order_id = made["SalesOrderID"]
    assert box.ship(order_id, [{"LineNumber": 1, "Quantity": 1}])["OrderStatus"] == "PartiallyFulfilled"
    cancelled = call("POST", f"sales_orders/{order_id}/cancel", {"Lines": [{"LineNumber": 1, "Quantity": 1}]}, If_Match='W/"2"')
    assert cancelled.json()["OrderStatus"] == "PartiallyFulfilled"
    answer = requests.post(f"{box.url}/__sandbox__/advance_order/{order_id}", timeout=10)
    assert answer.json()["OrderStatus"] == "Fulfilled"
    assert call("POST", f"sales_orders/{order_id}/complete", {}, If_Match=answer.headers["ETag"]).json()["OrderStatus"] == "Completed"
    stock = box.book.get("stock", "TK-1001")["Locations"]["RENO"]
    assert (stock["OnHand"], stock["Allocated"]) == (499, 0)


def test_more_than_is_there_is_back_ordered(call: Caller, box: TimsSandbox) -> None:
    lines = [{"SKU": "TK-1001", "Quantity": 700, "Price": 1}]
    made = call("POST", "sales_orders", body(LineItems=lines, Charges=[], TotalAmount=700)).json()
    assert (made["LineItems"][0]["QuantityAllocated"], made["LineItems"][0]["QuantityBackordered"]) == (500, 200)


def test_a_merged_customer_says_where_it_went(call: Caller, box: TimsSandbox) -> None:
    ids = [call("POST", "customers", {"CustomerType": "Person", "LastName": name}).json()["CustomerID"] for name in ("Ruiz", "Quirk")]
    into = call("POST", f"customers/{ids[0]}/merge", {"Into": ids[1]}, If_Match='W/"1"')
    assert into.json()["CustomerID"] == ids[1]
    gone = call("GET", f"customers/{ids[0]}")
    assert (gone.status_code, gone.json()["Error"]["MergedInto"]) == (410, ids[1])
    assert fields(call("POST", "sales_orders", body(CustomerID=ids[0])))["CustomerID"] == "inactive"


def test_an_id_in_another_system_is_unique(call: Caller) -> None:
    row = {"CustomerType": "Person", "LastName": "Ruiz", "ExternalIDs": [{"System": "ChannelAdvisor", "ID": "640:dana"}]}
    first = call("POST", "customers", row).json()
    again = call("POST", "customers", row).json()["Error"]
    assert (again["Code"], again["ExistingID"]) == ("duplicate_external_id", first["CustomerID"])
    found = call("GET", "customers?external_system=ChannelAdvisor&external_id=640:dana").json()["Data"]
    assert [one["CustomerID"] for one in found] == [first["CustomerID"]]


def test_personal_data_can_be_erased(call: Caller) -> None:
    made = call("POST", "customers", {"CustomerType": "Person", "LastName": "Ruiz", "Email": "d@shop.example"}).json()
    erased = call("POST", f"customers/{made['CustomerID']}/erase_personal_data", {}, If_Match='W/"1"').json()
    assert (erased["Email"], erased["LastName"]) == (None, "Erased")
    assert erased["PersonalDataErasedAt"]


@pytest.mark.parametrize("listed", ["locations", "carriers", "shipping_methods", "payment_terms", "discount_codes", "hold_codes"])
def test_reference_data_is_there(call: Caller, listed: str) -> None:
    assert all(one["Code"] and one["Active"] for one in call("GET", f"reference/{listed}").json()["Data"])


def test_who_may_not_come_in(box: TimsSandbox) -> None:
    url, key = f"{box.url}/api/v1/ping", {"X-API-Key": API_KEY}
    assert requests.get(url, timeout=10).status_code == 401
    assert requests.get(url, headers={"X-API-Key": "wrong"}, timeout=10).status_code == 401
    assert requests.get(url, headers={**key, "Authorization": "Bearer x"}, timeout=10).status_code == 400
    assert requests.get(url, headers={**key, "X-TIMS-Company": "OTHER"}, timeout=10).status_code == 400
    box.api_keys[API_KEY] = ("master.read",)
    assert requests.get(f"{box.url}/api/v1/items", headers=key, timeout=10).status_code == 200
    assert requests.post(f"{box.url}/api/v1/customers", json={}, headers=key, timeout=10).status_code == 403


@pytest.mark.parametrize("form", [{"client_secret": "wrong"}, {"grant_type": "password"}, {"scope": "everything"}])
def test_a_token_is_not_given_for_the_wrong_form(box: TimsSandbox, form: dict[str, str]) -> None:
    right = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    assert requests.post(f"{box.url}/oauth/token", data=right, timeout=10).status_code == 200
    assert requests.post(f"{box.url}/oauth/token", data={**right, **form}, timeout=10).status_code in (400, 401)


def test_maintenance_says_for_how_long(call: Caller, box: TimsSandbox) -> None:
    box.faults.add("503", "/api/*", count=None, retry_after=1800)
    answer = call("GET", "ping")
    assert (code(answer), answer.headers["Retry-After"]) == ("maintenance", "1800")


def test_a_body_of_more_than_four_mebibytes_is_too_large(call: Caller) -> None:
    assert call("POST", "sales_orders", body(Notes="x" * (4 * 1024 * 1024 + 1))).status_code == 413


_SERVE = """
import sys, time
from connectors.tims.sandbox import TimsSandbox
print(TimsSandbox(sys.argv[1], rate=None).start(), flush=True)
time.sleep(60)
"""


@pytest.mark.road
def test_an_order_that_was_answered_survives_a_kill(tmp_path: Path) -> None:
    state = tmp_path / "tims.db"
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", _SERVE, str(state)], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        answer = requests.post(f"{url}/api/v1/sales_orders", data=encode(body()), headers={"X-API-Key": API_KEY}, timeout=10)
        process.send_signal(signal.SIGKILL)
    with TimsSandbox(state, rate=None) as again:
        held = again.order("ChannelAdvisor", "1")
        assert held
        assert held["SalesOrderID"] == answer.json()["SalesOrderID"]
        assert code(Caller(again)("POST", "sales_orders", body())) == "duplicate_external_id"
