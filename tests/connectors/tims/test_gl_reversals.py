"""A journal entry is taken back once, by its mirror."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Payload, Receipt
from connectors.errors import ConflictError, RejectedError, TransientError
from connectors.tims import gl_entries
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.books import entry, moved, settlement


def send(client: TimsClient, payload: Payload | None = None, **changes: str) -> Receipt:
    return gl_entries.send(client, entry() if payload is None else payload, settlement(**changes))


def reverse(client: TimsClient, entry_id: str, **changes: Any) -> Receipt:
    return gl_entries.reverse(client, {"EntryID": entry_id, **changes}, settlement(key="STL-1-REV"))


def test_a_reversal_mirrors_the_entry_and_brings_its_accounts_back(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    receipt = reverse(client, first.key, PostingDate="2026-12-01")
    held, original = (box.book.get("gl_entries", key) or {} for key in (receipt.key, first.key))
    assert (held["ReversalOf"], held["ExternalEntryID"], held["PostingDate"]) == (first.key, "STL-1-REV", "2026-12-01")
    assert (original["Status"], original["ReversedBy"]) == ("Reversed", receipt.key)
    assert not moved(box)


def test_reversing_twice_is_one_reversal(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    receipt = reverse(client, first.key)
    for again in (
        reverse(client, first.key),
        gl_entries.reverse(client, {"EntryID": first.key}, settlement(key="another", scope="another flow")),
    ):
        assert (again.key, again.outcome) == (receipt.key, "unchanged")
    assert box.book.count("gl_entries") == 2


@pytest.mark.parametrize("fault", ["drop_after", "truncate", "503"])
def test_a_reversal_whose_answer_was_lost_is_found(client: TimsClient, box: TimsSandbox, fault: str) -> None:
    first = send(client)
    box.faults.add(fault, "/api/v1/gl_entries/*/reverse", method="POST")
    with pytest.raises(TransientError):
        reverse(client, first.key)
    found = gl_entries.find_reversal(client, settlement(key="STL-1-REV"))
    receipt = reverse(client, first.key)
    assert found is None or found.key == receipt.key
    assert box.book.count("gl_entries") == 2
    assert not moved(box)


def test_a_reversal_under_the_entrys_own_name_gets_one_of_its_own(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    receipt = gl_entries.reverse(client, {"EntryID": first.key}, settlement())
    assert (box.book.get("gl_entries", receipt.key) or {})["ExternalEntryID"] == "STL-1-REV"


def test_a_draft_is_not_reversed(client: TimsClient) -> None:
    draft = send(client, entry(Status="Draft"))
    with pytest.raises(ConflictError) as caught:
        reverse(client, draft.key)
    assert "still a draft" in caught.value.message


def test_an_entry_that_was_reversed_in_tims_is_not_taken_for_posted(client: TimsClient) -> None:
    first = send(client)
    reversal = reverse(client, first.key)
    with pytest.raises(ConflictError) as caught:
        send(client)
    assert (caught.value.code, reversal.key in caught.value.message) == ("reversed", True)


def test_a_reversal_into_a_closed_period_names_the_period(client: TimsClient, box: TimsSandbox) -> None:
    first = send(client)
    box.close_period("2026-11")
    with pytest.raises(RejectedError) as caught:
        reverse(client, first.key)
    assert "2026-11" in caught.value.message
    assert reverse(client, first.key, PostingDate="2026-12-01").outcome == "created"
