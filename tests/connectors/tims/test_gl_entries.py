"""Journal entries reach TIMS once, balanced, and are never quietly different."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from connectors import schema
from connectors.base import Payload, Receipt
from connectors.errors import ConflictError, ConnectorError, CredentialsError, OutcomeUnknownError, RejectedError
from connectors.hooks import Hooks
from connectors.tims import CONNECTOR, gl_entries, periods
from connectors.tims.client import PACKAGE, TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.books import entry, lines, moved, settlement
from tests.connectors.tims.conftest import settings_for

SENT = {"1010": Decimal("77.25"), "6100": Decimal("14.25"), "6110": Decimal("3.50"), "1105": Decimal(-95)}


def send(client: TimsClient, payload: Payload | None = None, **changes: str) -> Receipt:
    return gl_entries.send(client, entry() if payload is None else payload, settlement(**changes))


def test_an_entry_is_posted_and_moves_its_accounts(client: TimsClient, box: TimsSandbox) -> None:
    receipt = send(client)
    held = box.book.get("gl_entries", receipt.key) or {}
    assert (receipt.outcome, held["Status"], held["Period"], held["ExternalEntryID"]) == ("created", "Posted", "2026-11", "STL-1")
    assert moved(box) == SENT


def test_sent_again_it_stays_one_entry(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    for again in (send(client), send(client, version="v2"), send(client, scope="another flow"), send(client, target=first.key)):
        assert (again.key, again.outcome) == (first.key, "unchanged")
    assert moved(box) == SENT


def test_a_draft_is_entered_and_posted_later(client: TimsClient, box: TimsSandbox) -> None:
    draft = send(client, entry(Status="Draft"))
    assert (box.book.get("gl_entries", draft.key) or {})["Status"] == "Draft"
    assert not moved(box)
    posted = send(client, version="v2")
    assert (posted.key, posted.outcome) == (draft.key, "changed")
    assert moved(box) == SENT
    assert send(client, entry(Status="Draft"), version="v3").outcome == "unchanged"


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "html_after", "500", "503", "reset", "429"])
@pytest.mark.parametrize("call", ["/api/v1/gl_entries", "/api/v1/gl_entries/*/post"])
def test_whatever_goes_wrong_there_is_one_posted_entry(client: TimsClient, box: TimsSandbox, fault: str, call: str) -> None:
    box.faults.add(fault, call, method="POST")
    with pytest.raises(ConnectorError) as caught:
        send(client)
    assert caught.value.retryable
    found = gl_entries.find(client, settlement())
    receipt = send(client, target=found.key if found else "")
    assert box.book.keys("gl_entries") == [receipt.key]
    assert moved(box) == SENT


def test_an_answer_that_was_lost_is_found(client: TimsClient, box: TimsSandbox) -> None:
    box.faults.add("drop_after", "/api/v1/gl_entries", method="POST")
    with pytest.raises(OutcomeUnknownError):
        send(client)
    found = gl_entries.find(client, settlement())
    assert found
    assert found.key == box.book.keys("gl_entries")[0]
    assert gl_entries.find(client, settlement(key="STL-2")) is None


def test_several_workers_at_once_make_one_entry(box: TimsSandbox) -> None:
    def one(scope: int) -> Receipt | ConnectorError:
        try:
            return send(CONNECTOR.connect(settings_for(box), Hooks()), scope=str(scope))
        except ConnectorError as error:
            return error

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(one, range(6)))
    assert all(isinstance(each, Receipt) or each.retryable for each in outcomes)
    assert {each.key for each in outcomes if isinstance(each, Receipt)} == set(box.book.keys("gl_entries"))
    assert moved(box) == SENT


def changed_line(payload: Payload) -> None:
    payload["Lines"][1]["Debit"], payload["Lines"][2]["Debit"] = Decimal("14.20"), Decimal("3.55")


def other_account(payload: Payload) -> None:
    payload["Lines"][2]["AccountCode"] = "6120"


def other_date(payload: Payload) -> None:
    payload["PostingDate"] = "2026-11-29"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed_line, "Account 6100: the hub says debit 14.20 (AMZ-US), TIMS has debit 14.25 (AMZ-US)."),
        (other_account, "Account 6120: the hub says debit 3.50 (AMZ-US), TIMS has nothing."),
        (other_date, "PostingDate: the hub says 2026-11-29, TIMS has 2026-11-28."),
    ],
)
def test_another_content_under_the_same_name_is_a_conflict_in_words(
    client: TimsClient, box: TimsSandbox, change: Callable[[Payload], None], words: str
) -> None:
    send(client)
    other = entry()
    change(other)
    with pytest.raises(ConflictError) as caught:
        send(client, other, version="v2")
    assert words in caught.value.message
    assert moved(box) == SENT


def test_other_texts_and_another_order_of_lines_are_the_same_entry(client: TimsClient) -> None:
    first = send(client)
    other = entry(Description="Another text")
    other["Lines"] = [{**line, "LineNumber": None, "Memo": "another"} for line in reversed(other["Lines"])]
    assert send(client, other, version="v2").key == first.key


def test_a_closed_period_is_named_with_what_to_do(client: TimsClient, box: TimsSandbox) -> None:
    box.close_period("2026-11")
    with pytest.raises(RejectedError) as caught:
        send(client)
    assert caught.value.code == "period_closed"
    assert "2026-11-28 lies in the fiscal period 2026-11, which is closed" in caught.value.message
    assert "from 2026-12-01 on" in caught.value.message
    box.close_period("2026-11", "Open")
    assert send(client).outcome == "created"
    assert moved(box) == SENT


def test_a_locked_period_cannot_be_opened_again(client: TimsClient, box: TimsSandbox) -> None:
    box.close_period("2026-11", "Locked")
    with pytest.raises(RejectedError) as caught:
        send(client)
    assert "cannot be opened again" in caught.value.message


def test_a_period_that_is_open_again_is_said(client: TimsClient, box: TimsSandbox) -> None:
    with pytest.raises(RejectedError) as caught, periods.explained(client, entry()):
        raise RejectedError("refused", status=422, code="period_closed")
    assert "is open again; retry" in caught.value.message


def test_when_the_periods_cannot_be_read_the_refusal_is_told_nevertheless(client: TimsClient, box: TimsSandbox) -> None:
    box.close_period("2026-11")
    box.faults.add("503", "/api/v1/fiscal_periods")
    with pytest.raises(RejectedError) as caught:
        send(client)
    assert caught.value.message.startswith("The fiscal period is closed in TIMS.")


def test_a_date_without_a_period_is_said(client: TimsClient) -> None:
    with pytest.raises(RejectedError) as caught:
        send(client, entry(PostingDate="2099-01-01"))
    assert "no open fiscal period for the posting date 2099-01-01" in caught.value.message


def test_a_period_that_closes_before_the_draft_is_posted_is_said_and_healed(client: TimsClient, box: TimsSandbox) -> None:
    draft = send(client, entry(Status="Draft"))
    box.close_period("2026-11")
    with pytest.raises(RejectedError) as caught:
        send(client, target=draft.key)
    assert "which is closed" in caught.value.message
    box.close_period("2026-11", "Open")
    assert send(client, target=draft.key).outcome == "changed"


@pytest.mark.parametrize(
    ("changes", "cause", "words"),
    [
        ({"Active": False}, "inactive:6100", "account “6100” is inactive in TIMS"),
        ({"Postable": False}, "account_not_postable:6100", "account “6100” cannot be posted to in TIMS"),
        ({"Currency": "EUR"}, "currency_mismatch:Lines[].AccountCode", "account “6100” takes another currency only"),
        ({"_Dimensions": ["Department"]}, "dimension_required:6100", "Lines[1].Department is empty, but the account “6100” demands it"),
    ],
)
def test_an_account_that_takes_nothing_is_named_and_healed(
    client: TimsClient, box: TimsSandbox, changes: Payload, cause: str, words: str
) -> None:
    before = box.book.get("gl_accounts", "6100") or {}
    box.edit("gl_accounts", "6100", changes)
    with pytest.raises(RejectedError) as caught:
        send(client)
    assert [one.cause for one in caught.value.problems] == [cause]
    assert words in caught.value.message
    box.edit("gl_accounts", "6100", {name: before.get(name) for name in changes})
    assert send(client).outcome == "created"


def test_an_account_that_does_not_exist_is_named(client: TimsClient) -> None:
    with pytest.raises(RejectedError) as caught:
        send(client, entry(Lines=lines(("1010", 5), ("4711", -5))))
    assert "TIMS has no account “4711”" in caught.value.message


def test_an_entry_that_does_not_balance_tells_its_sums(client: TimsClient) -> None:
    with pytest.raises(RejectedError) as caught:
        send(client, entry(Lines=lines(("1010", 95), ("1105", Decimal("-94.99")))))
    assert caught.value.code == "unbalanced_journal"
    assert "Debits 95.00, credits 94.99, difference 0.01." in caught.value.message


def test_a_client_without_the_ledgers_scope_is_told_to_ask_for_it(client: TimsClient, box: TimsSandbox) -> None:
    box.scopes = ("master", "sales")
    with pytest.raises(CredentialsError) as caught:
        send(client)
    assert "gl" in caught.value.message


def test_somebody_who_edits_meanwhile_is_waited_out(client: TimsClient, box: TimsSandbox) -> None:
    draft = send(client, entry(Status="Draft"))
    box.faults.add("412", "/api/v1/gl_entries/*/post", count=1)
    assert send(client, target=draft.key).outcome == "changed"


def test_entries_accounts_and_periods_can_be_read(client: TimsClient) -> None:
    receipt = send(client)
    read = CONNECTOR.stream("gl_entries").read_one
    assert read
    record = read(client, receipt.key)
    assert record
    assert (record.payload["Status"], record.payload["TotalDebit"]) == ("Posted", 95)
    assert {"1010", "1105", "9990"} <= {one.key for one in CONNECTOR.stream("gl_accounts").read(client, "")}
    assert "2026-11" in {one.key for one in CONNECTOR.stream("fiscal_periods").read(client, "")}


def test_the_example_of_the_contract_is_a_valid_payload() -> None:
    assert not schema.validate(PACKAGE, "gl_entry", entry(SourceSystem="Amazon", ExternalEntryID="STL-19283746501"))
    wrong = {one.path: one.code for one in schema.validate(PACKAGE, "gl_entry", entry(PostingDate="2026-11-28T00:00:00Z", Nonsense=1))}
    assert wrong == {"PostingDate": "invalid_format", "Nonsense": "unknown_field"}
