"""The stand-in's ledger is as strict as the contract."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests

from connectors.base import Payload
from connectors.tims.sandbox import TimsSandbox
from connectors.wire import decode
from tests.connectors.tims.books import entry, lines, moved
from tests.connectors.tims.plain import Caller, code, fields


def named(number: int = 1, **changes: Any) -> Payload:
    return entry(SourceSystem="Amazon", ExternalEntryID=f"STL-{number}", **changes)


def made(call: Caller, *, status: str = "Posted", **changes: Any) -> Payload:
    row = decode(call("POST", "gl_entries", named(**changes)).content)
    if status == "Posted":
        row = decode(call("POST", f"gl_entries/{row['EntryID']}/post", {}, If_Match='W/"1"').content)
    return row if isinstance(row, dict) else {}


def test_a_new_entry_is_a_draft_that_moves_nothing(call: Caller, box: TimsSandbox) -> None:
    answer = call("POST", "gl_entries", named())
    assert (answer.status_code, answer.json()["Status"], answer.headers["ETag"]) == (201, "Draft", 'W/"1"')
    assert answer.headers["Location"] == f"/api/v1/gl_entries/{answer.json()['EntryID']}"
    assert not moved(box)


def test_an_unbalanced_entry_is_refused_in_the_words_of_the_contract(call: Caller) -> None:
    answer = call("POST", "gl_entries", named(Lines=lines(("1010", 95), ("1105", Decimal("-94.99")))))
    error = decode(answer.content)["Error"]
    assert (answer.status_code, error["Code"]) == (422, "unbalanced_journal")
    assert error["Message"] == "Debits 95.00, credits 94.99, difference 0.01."
    assert (error["TotalDebit"], error["TotalCredit"], error["Difference"]) == (95, Decimal("94.99"), Decimal("0.01"))
    assert error["Fields"] == [{"Path": "Lines", "Code": "sum_mismatch", "Message": "Entry does not balance."}]


@pytest.mark.parametrize(
    ("changes", "path", "flaw"),
    [
        ({"Lines": [{"AccountCode": "1010", "Debit": 0}, {"AccountCode": "1105", "Credit": 0}]}, "Lines[0].Debit", "min_value"),
        ({"Lines": [{"AccountCode": "1010", "Debit": 5, "Credit": 5}, *lines(("1105", -5))]}, "Lines[0].Debit", "max_value"),
        ({"Lines": [{"AccountCode": "1010", "Debit": -5}, {"AccountCode": "1105", "Credit": -5}]}, "Lines[0].Debit", "min_value"),
        ({"Lines": lines(("1010", Decimal("5.005")), ("1105", Decimal("-5.005")))}, "Lines[0].Debit", "max_decimals"),
        (
            {"Currency": "JPY", "ExchangeRate": 1, "Lines": lines(("1010", Decimal("5.5")), ("1105", Decimal("-5.5")))},
            "Lines[0].Debit",
            "max_decimals",
        ),
        ({"Lines": lines(("1010", 5))}, "Lines", "required"),
        ({"Lines": lines(*[("1010", 1), ("1105", -1)] * 501)}, "Lines", "too_many"),
        ({"Lines": [{"AccountCode": "1010", "Debit": "5.00"}, *lines(("1105", -5))]}, "Lines[0].Debit", "type_mismatch"),
        ({"Lines": lines(("1010", 5), ("4711", -5))}, "Lines[1].AccountCode", "not_found"),
        ({"Lines": [{"AccountCode": "1010", "Debit": 5, "CustomerID": "C-9"}, *lines(("1105", -5))]}, "Lines[0].CustomerID", "not_found"),
        ({"TotalDebit": 96}, "TotalDebit", "sum_mismatch"),
        ({"TotalCredit": 94}, "TotalCredit", "sum_mismatch"),
        ({"Currency": "EUR"}, "ExchangeRate", "required"),
        ({"PostingDate": "2026-11-28T10:00:00Z"}, "PostingDate", "type_mismatch"),
        ({"Description": ""}, "Description", "required"),
        ({"ExternalEntryID": None}, "ExternalEntryID", "required"),
        ({"EntryID": "GL-1"}, "EntryID", "read_only"),
        ({"Nonsense": 1}, "Nonsense", "unknown_field"),
    ],
)
def test_what_the_contract_forbids_is_refused(call: Caller, changes: Payload, path: str, flaw: str) -> None:
    answer = call("POST", "gl_entries", {**named(), **changes})
    assert (answer.status_code, fields(answer).get(path)) == (422, flaw)


@pytest.mark.parametrize("status", ["Closed", "Locked"])
def test_nothing_goes_into_a_period_that_is_not_open(call: Caller, box: TimsSandbox, status: str) -> None:
    draft = made(call, status="Draft")
    box.close_period("2026-11", status)
    assert code(call("POST", "gl_entries", named(2))) == "period_closed"
    assert code(call("POST", f"gl_entries/{draft['EntryID']}/post", {}, If_Match='W/"1"')) == "period_closed"


def test_a_name_is_used_once_for_ever(call: Caller) -> None:
    first = made(call)
    error = call("POST", "gl_entries", named()).json()["Error"]
    assert (error["Code"], error["ExistingID"], error["ExistingStatus"]) == ("duplicate_external_id", first["EntryID"], "Posted")


def test_the_same_key_gives_the_same_answer(call: Caller, box: TimsSandbox) -> None:
    answers = [call("POST", "gl_entries", named(), Idempotency_Key="k1") for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    assert code(call("POST", "gl_entries", named(2), Idempotency_Key="k1")) == "idempotency_key_reused"
    assert box.book.count("gl_entries") == 1


def test_a_posted_entry_stays_as_it_is(call: Caller) -> None:
    row = made(call)
    path = f"gl_entries/{row['EntryID']}"
    assert code(call("POST", f"{path}/post", {}, If_Match='W/"2"')) == "state_conflict"
    assert call("PATCH", path, {"Description": "x"}, If_Match='W/"2"').status_code == 405


def test_posting_and_reversing_need_the_version(call: Caller) -> None:
    row = made(call, status="Draft")
    path = f"gl_entries/{row['EntryID']}"
    assert call("POST", f"{path}/post", {}).status_code == 428
    assert call("POST", f"{path}/post", {}, If_Match='W/"7"').status_code == 412
    assert code(call("POST", f"{path}/reverse", {}, If_Match='W/"1"')) == "state_conflict"


def test_a_reversal_swaps_the_sides(call: Caller) -> None:
    row = made(call)
    answer = call("POST", f"gl_entries/{row['EntryID']}/reverse", {}, If_Match='W/"2"')
    mirrored = decode(answer.content)
    assert answer.status_code == 201
    assert [(one["AccountCode"], one["Credit"]) for one in mirrored["Lines"]][:1] == [("1010", Decimal("77.25"))]
    assert (mirrored["Status"], mirrored["ReversalOf"]) == ("Posted", row["EntryID"])


def test_what_rounding_to_the_companys_currency_leaves_goes_to_the_rounding_account(call: Caller, box: TimsSandbox) -> None:
    thirds = lines(("6100", Decimal("0.33")), ("6110", Decimal("0.33")), ("6120", Decimal("0.34")), ("1105", -1))
    made(call, Currency="EUR", ExchangeRate=Decimal("1.08765"), Lines=thirds)
    assert moved(box) == {
        "6100": Decimal("0.36"), "6110": Decimal("0.36"), "6120": Decimal("0.37"), "1105": Decimal("-1.09"),
    }  # fmt: skip
    made(
        call,
        number=2,
        Currency="EUR",
        ExchangeRate=Decimal("1.5"),
        Lines=lines(*[("6100", Decimal("0.01"))] * 3, ("1105", Decimal("-0.03"))),
    )
    assert moved(box)["6900"] == Decimal("-0.02")


def test_entries_are_listed_by_status_period_and_name(call: Caller) -> None:
    posted, draft = made(call), made(call, number=2, status="Draft")
    assert [one["EntryID"] for one in call("GET", "gl_entries?status=Posted").json()["Data"]] == [posted["EntryID"]]
    assert len(call("GET", "gl_entries?period=2026-11").json()["Data"]) == 2
    named_so = call("GET", "gl_entries?source_system=Amazon&external_entry_id=STL-2").json()["Data"]
    assert [one["EntryID"] for one in named_so] == [draft["EntryID"]]


def test_the_accounts_of_the_entity_map_are_there_and_take_postings(call: Caller) -> None:
    accounts = {one["AccountCode"]: one for one in call("GET", "gl_accounts?limit=200").json()["Data"]}
    assert (len(accounts), accounts["1105"]["Name"], accounts["4900"]["NormalSide"]) == (23, "Marketplace clearing", "Debit")
    assert all(one["Active"] and one["Postable"] for one in accounts.values())


def test_a_person_can_close_a_month_over_http(box: TimsSandbox) -> None:
    requests.post(f"{box.url}/__sandbox__/edit/fiscal_periods/2026-10", json={"Status": "Closed"}, timeout=10)
    assert (box.book.get("fiscal_periods", "2026-10") or {})["Status"] == "Closed"
    assert requests.get(f"{box.url}/__sandbox__/trial_balance", timeout=10).json()["1105"] == 0
