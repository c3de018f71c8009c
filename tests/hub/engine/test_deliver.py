"""The road of a record: every promise of the engine, on two toy systems."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connectors.errors import (
    CredentialsError,
    OutcomeUnknownError,
    OwnedElsewhereError,
    Problem,
    RejectedError,
    ThrottledError,
    TransientError,
)  # fmt: skip
from hub.engine import known, leases, triage
from hub.engine.claim import claim
from hub.engine.known import remember
from hub.models import Attempt, Connection, CrossReference, Delivery, ErrorRecord, Flow
from mappings.models import LookupTable
from tests.hub.engine.toyhub import Hub, mapping


def test_an_order_becomes_one_document_with_both_names_kept(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    hub.send()
    assert hub.states() == {"1": "delivered"}
    assert hub.world.documents["D-1"]["Number"] == "1"
    assert CrossReference.objects.get().target_key == "D-1"


def test_reading_twice_sends_once(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    hub.send()
    assert hub.read().unchanged == 1
    hub.send()
    assert [call for call in hub.world.calls if call[0] == "send"] == [("send", "1")]


def test_a_newer_version_replaces_one_still_waiting(hub: Hub) -> None:
    hub.world.place("1", Sku="OLD")
    hub.read()
    hub.world.place("1", Sku="NEW")
    hub.read()
    hub.send()
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["superseded", "delivered"]
    assert hub.world.documents["D-1"]["Sku"] == "NEW"


def test_a_value_that_changes_and_changes_back_is_sent_each_time(hub: Hub) -> None:
    for total in (4, 3, 4):
        hub.world.place("1", Total=total)
        hub.read()
        hub.send()
    assert len([call for call in hub.world.calls if call[0] == "send"]) == 3
    assert len(hub.world.documents) == 1


def test_a_change_of_a_volatile_field_is_no_change(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    hub.world.place("1", Seen="yes")
    assert hub.read().unchanged == 1


def test_an_older_version_that_comes_late_is_left_alone(hub: Hub) -> None:
    hub.world.place("1", Sku="OLD")
    old = dict(hub.world.orders["1"])
    hub.world.place("1", Sku="NEW")
    hub.read()
    hub.world.orders["1"] = old
    assert hub.read().unchanged == 1


def test_an_unwell_target_is_tried_again_later(hub: Hub) -> None:
    hub.world.place("1")
    hub.world.before = [TransientError("The ledger is unwell.")]
    hub.read()
    hub.send()
    assert hub.states() == {"1": "waiting"}
    hub.later()
    assert hub.states() == {"1": "delivered"}


def test_a_dropped_answer_is_found_and_not_sent_again(hub: Hub) -> None:
    hub.world.place("1")
    hub.world.after = [OutcomeUnknownError("No answer.")]
    hub.read()
    hub.send()
    assert hub.last("1").unknown
    hub.later()
    assert hub.states() == {"1": "delivered"}
    assert len(hub.world.documents) == 1
    assert ("find", "1") in hub.world.calls


def test_a_target_that_cannot_be_asked_leaves_an_unknown_outcome_to_a_person(hub: Hub) -> None:
    Flow.objects.update(operation="blind")
    hub.flow.refresh_from_db()
    hub.world.place("1")
    hub.world.after = [OutcomeUnknownError("No answer.")]
    hub.read()
    hub.send()
    hub.later()
    assert hub.last("1").reason_code == "unknown_outcome"
    assert len(hub.world.documents) == 1


def test_a_version_that_replaces_one_of_unknown_outcome_asks_first(hub: Hub) -> None:
    hub.world.place("1", Sku="OLD")
    hub.world.after = [OutcomeUnknownError("No answer.")]
    hub.read()
    hub.send()
    hub.world.place("1", Sku="NEW")
    hub.read()
    hub.send()
    assert [one["Sku"] for one in hub.world.documents.values()] == ["NEW"]


def test_a_refused_record_is_shown_to_a_person_with_field_and_reason(hub: Hub) -> None:
    hub.world.place("1")
    problem = Problem(path="Sku", code="unknown_sku", message="Item TK-1 does not exist.", value="TK-1", cause="unknown_sku:TK-1")
    hub.world.before = [RejectedError("Refused.", status=422, problems=(problem,))]
    hub.read()
    hub.send()
    error = ErrorRecord.objects.get()
    assert (error.cause, error.path, error.value, error.state) == ("unknown_sku:TK-1", "Sku", "TK-1", "open")
    assert error.advice


def test_a_poison_record_harms_only_itself(hub: Hub) -> None:
    for key in ("1", "2", "3"):
        hub.world.place(key)
    hub.world.place("2", Name=["not", "a", "name"], Id="2" * 30)
    hub.world.orders["2"]["Id"] = "2" * 30
    hub.read()
    hub.send()
    assert sorted(hub.states().values()) == ["delivered", "delivered", "failed"]


def test_a_retry_reads_the_source_again(hub: Hub) -> None:
    hub.world.place("1", Sku="WRONG")
    hub.world.before = [RejectedError("Refused.")]
    hub.read()
    hub.send()
    hub.world.place("1", Sku="RIGHT")
    triage.retry(Delivery.objects.all(), by=None)
    hub.send()
    assert hub.world.documents["D-1"]["Sku"] == "RIGHT"
    assert ErrorRecord.objects.get().state == "healed"


def test_what_a_person_decided_reaches_the_target(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    Delivery.objects.update(state="failed", reason_code="conflict")
    triage.decide(Delivery.objects.all(), decision="merge", by=None)
    (row,) = claim([hub.flow], size=5, now=timezone.now())[1]
    assert row.reference.decision == "merge"


def test_an_order_is_held_for_its_customer_and_released_when_the_customer_arrives(hub: Hub) -> None:
    people = Flow.objects.create(
        slug="people", name="People", source=hub.flow.source, stream="people", target=hub.flow.target, operation="people",
        mapping=mapping("people", "people", "people", {"Name": "Name"}), enabled=True, priority=-1,
    )  # fmt: skip
    steps = [{"name": "reference", "args": {"stream": "people"}}]
    row = mapping("orders2", "orders", "orders", {"Number": "Id", "Customer": {"source": "Kunde", "steps": steps}})
    Flow.objects.filter(pk=hub.flow.pk).update(mapping=row)
    hub.world.place("1", Kunde="p-dana")
    hub.read()
    Flow.objects.filter(pk=people.pk).update(enabled=False)
    hub.send()
    assert hub.last("1").waits_for == f"reference/{hub.flow.source_id}-{hub.flow.target_id}/people/p-dana"
    Flow.objects.filter(pk=people.pk).update(enabled=True)
    hub.send()
    assert hub.states() == {"1": "delivered"}


def test_an_order_with_an_unknown_sku_waits_for_exactly_that_sku(hub: Hub) -> None:
    row = mapping(
        "orders3", "orders", "orders", {"Number": "Id", "Sku": {"source": "Sku", "steps": [{"name": "known", "args": {"stream": "skus"}}]}}
    )
    Flow.objects.filter(pk=hub.flow.pk).update(mapping=row)
    skus = Flow.objects.create(slug="skus", name="SKUs", source=hub.flow.target, stream="skus", last_read_at=timezone.now())
    hub.world.place("1", Sku="TK-9")
    hub.read()
    hub.send()
    assert hub.states() == {"1": "held"}
    assert ErrorRecord.objects.get().cause == "waits:skus:TK-9"
    from connectors.base import Record

    remember(skus, [Record(key="tk-9", payload={})], now=timezone.now())
    hub.send()
    assert hub.states() == {"1": "delivered"}
    assert ErrorRecord.objects.get().state == "healed"


def test_a_release_that_crossed_a_hold_is_found_by_the_minute_round(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    mark = known.reference_mark(hub.flow.source_id, hub.flow.target_id, "people", "p-dana")
    Delivery.objects.update(state="held", waits_for=mark)
    now = timezone.now()
    CrossReference.objects.create(
        source=hub.flow.source,
        stream="people",
        source_key="p-dana",
        target=hub.flow.target,
        operation="people",
        target_key="D-7",
        created_at=now,
        changed_at=now,
    )
    assert known.release_arrived(now=now) == 1


def test_an_expired_lease_comes_back_alone_and_asks_first(hub: Hub) -> None:
    for key in ("1", "2"):
        hub.world.place(key)
    hub.read()
    flows = [hub.flow]
    Delivery.objects.update(due_at=timezone.now() - timedelta(hours=2))
    claim(flows, size=10, now=timezone.now() - timedelta(hours=1))
    assert leases.expired(now=timezone.now()) == 2
    Delivery.objects.update(due_at=timezone.now())
    _, rows = claim(flows, size=10, now=timezone.now())
    assert len(rows) == 1
    assert rows[0].unknown


def test_whoever_lost_the_lease_changes_nothing(hub: Hub) -> None:
    from hub.engine.deliver import work
    from hub.engine.settle import settle

    hub.world.place("1")
    hub.read()
    lease, rows = claim([hub.flow], size=10, now=timezone.now())
    Delivery.objects.update(lease="somebody-else")
    work(hub.flow.target, [hub.flow], rows)
    settle(hub.flow.target, rows, lease=lease, now=timezone.now())
    assert hub.last("1").state == "sending"
    assert CrossReference.objects.count() == 1


def test_two_workers_never_claim_the_same_delivery(hub: Hub) -> None:
    for key in ("1", "2", "3"):
        hub.world.place(key)
    hub.read()
    _, first = claim([hub.flow], size=2, now=timezone.now())
    _, second = claim([hub.flow], size=2, now=timezone.now())
    assert len(first) == 2
    assert len(second) == 1


def test_a_newer_version_waits_until_the_older_one_has_been_sent(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    claim([hub.flow], size=1, now=timezone.now())
    hub.world.place("1", Sku="NEW")
    hub.read()
    _, rows = claim([hub.flow], size=1, now=timezone.now())
    assert rows == []


def test_three_deaths_bring_a_person(hub: Hub) -> None:
    hub.world.place("1")
    hub.read()
    for _ in range(3):
        Delivery.objects.update(due_at=timezone.now() - timedelta(hours=2))
        claim([hub.flow], size=1, now=timezone.now() - timedelta(hours=1))
        leases.expired(now=timezone.now())
    assert hub.states() == {"1": "failed"}
    assert ErrorRecord.objects.get().category == "unknown_outcome"


def test_refused_credentials_stop_the_connection_and_lose_no_delivery(hub: Hub) -> None:
    for key in ("1", "2"):
        hub.world.place(key)
    hub.world.before = [CredentialsError("The key is not accepted."), CredentialsError("The key is not accepted.")]
    hub.read()
    hub.send()
    target = Connection.objects.get(slug="ledger")
    assert target.status == "refused"
    assert set(hub.states().values()) == {"waiting"}
    assert ErrorRecord.objects.get().cause == "credentials:ledger"


def test_a_throttled_call_waits_as_long_as_the_target_asks_and_costs_no_attempt(hub: Hub) -> None:
    hub.world.place("1")
    hub.world.before = [ThrottledError("Slow down.", retry_after=30)]
    hub.read()
    hub.send()
    delivery = hub.last("1")
    assert delivery.attempts == 0
    assert delivery.due_at > timezone.now() + timedelta(seconds=25)


def test_what_came_by_another_road_is_skipped_with_that_reason(hub: Hub) -> None:
    hub.world.place("1")
    hub.world.before = [OwnedElsewhereError("Sales order D-9 came from another channel.", existing="D-9")]
    hub.read()
    hub.send()
    assert (hub.last("1").state, hub.last("1").reason_code) == ("skipped", "owned_elsewhere")


def test_two_flows_to_one_target_deliver_the_same_fact_once(hub: Hub) -> None:
    other = Flow.objects.create(
        slug="other",
        name="Other",
        source=hub.flow.source,
        stream="orders",
        target=hub.flow.target,
        operation="orders",
        mapping=hub.flow.mapping,
    )
    hub.world.place("1")
    hub.read()
    hub.read(other)
    assert hub.states(other) == {"1": "skipped"}


def test_a_filter_skips_new_records_but_never_changes_of_delivered_ones(hub: Hub) -> None:
    Flow.objects.update(filter='Status = "New"', filter_words="Only new orders are taken.")
    hub.world.place("1")
    hub.world.place("2", Status="Cancelled")
    hub.read()
    hub.send()
    hub.world.place("1", Status="Cancelled", Sku="X")
    hub.read()
    hub.send()
    assert hub.states() == {"1": "delivered", "2": "skipped"}
    assert hub.world.documents["D-1"]["Sku"] == "X"
    assert hub.last("2").reason == "Only new orders are taken."


def test_the_reason_for_others_may_be_worked_out_for_each(hub: Hub) -> None:
    words = '="Order " & Id & IF(Total > 5, " is too dear", " is old")'
    Flow.objects.update(filter='Status = "New" AND Total <= VALUE(SETTING("most", "5"))', filter_words=words)
    hub.flow.refresh_from_db()
    hub.world.place("1", Total=9)
    hub.world.place("2", Total=2, Status="Old")
    hub.read()
    hub.send()
    assert (hub.last("1").reason, hub.last("2").reason) == ("Order 1 is too dear", "Order 2 is old")


def test_what_a_flow_neither_takes_nor_lists_leaves_no_line_and_is_looked_at_again_when_it_changes(hub: Hub) -> None:
    Flow.objects.update(filter='Status = "New"', list_others=False)
    hub.flow.refresh_from_db()
    hub.world.place("1", Status="Pending")
    assert (hub.read().skipped, Delivery.objects.count()) == (1, 0)
    hub.world.place("1", Status="New")
    hub.read()
    hub.send()
    hub.world.place("1", Status="Cancelled", Total=3)
    hub.read()
    hub.send()
    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == ["delivered", "delivered"]


def test_what_a_person_resyncs_is_listed_even_where_the_flow_lists_no_others(hub: Hub) -> None:
    Flow.objects.update(filter='Status = "New"', list_others=False)
    hub.flow.refresh_from_db()
    hub.world.place("1", Status="Pending")
    hub.read(force=True)
    hub.send()
    assert hub.states() == {"1": "skipped"}


def test_a_filter_reads_the_settings_of_both_connections(hub: Hub) -> None:
    Flow.objects.update(filter='SETTING("mode") = "orders"')
    Connection.objects.filter(pk=hub.flow.source_id).update(settings={"mode": "orders"})
    hub.flow.refresh_from_db()
    hub.world.place("1")
    hub.read()
    hub.send()
    assert hub.states() == {"1": "delivered"}


def test_all_problems_of_a_record_come_at_once_and_hide_personal_values(hub: Hub) -> None:
    hub.world.place("1", Id="x" * 30)
    hub.world.orders["1"] = {**hub.world.orders["1"], "Id": "1" * 30, "Name": 7}
    hub.read()
    hub.send()
    assert "Dana" not in str(list(ErrorRecord.objects.values()))
    assert hub.states().popitem()[1] == "failed"


def test_no_personal_value_stands_in_the_clear(hub: Hub) -> None:
    hub.world.place("1", Name="Canary Person")
    hub.world.before = [RejectedError("Canary Person is not wanted here.")]
    hub.read()
    hub.send()
    triage.retry(Delivery.objects.all(), by=None)
    hub.send()
    rows = [*Delivery.objects.values(), *Attempt.objects.values(), *ErrorRecord.objects.values()]
    assert "canary" not in repr(rows).casefold()


def test_a_filters_reason_shows_no_personal_value(hub: Hub) -> None:
    Flow.objects.update(filter='Status = "New"', filter_words='="Nothing is sent to " & Name & "."')
    hub.world.place("1", Name="Canary Person", Status="Old")
    hub.read()
    hub.send()
    assert (hub.last("1").state, "Nothing is sent to" in hub.last("1").reason) == ("skipped", True)
    assert "canary" not in repr([*Delivery.objects.values()]).casefold()


def test_a_warning_of_the_mapping_shows_no_personal_value(hub: Hub) -> None:
    LookupTable.objects.create(slug="names", name="Names")
    looked_up = {"source": "Name", "steps": [{"name": "lookup", "args": {"table": "names", "miss": "default", "default": "Somebody"}}]}
    Flow.objects.filter(pk=hub.flow.pk).update(mapping=mapping("warned", "orders", "orders", {"Number": "Id", "Name": looked_up}))
    hub.world.place("1", Name="Canary Person")
    hub.read()
    hub.send()
    assert "Somebody was used" in Attempt.objects.get().message
    assert "canary" not in repr([*Delivery.objects.values(), *Attempt.objects.values()]).casefold()


def test_every_success_starts_the_flow_that_follows(hub: Hub) -> None:
    rules = {"Number": "SourceKey", "Document": "TargetKey"}
    row = mapping("take", "", "take", rules)
    follower = Flow.objects.create(slug="take", name="Take", after=hub.flow, target=hub.flow.source, operation="take", mapping=row)
    hub.world.place("1")
    hub.read()
    hub.send()
    assert hub.states(follower) == {"1": "pending"}
    first, second = Delivery.objects.get(flow=hub.flow), Delivery.objects.get(flow=follower)
    assert (second.title, second.amount, second.currency, second.placed_at) == (first.title, first.amount, "USD", first.placed_at)


def test_a_batch_goes_out_in_bulk_and_fails_in_part_only(hub: Hub) -> None:
    Flow.objects.update(operation="bulk_orders")
    hub.flow.refresh_from_db()
    for n in range(70):
        hub.world.place(str(n))
    hub.world.before = [None, RejectedError("Not this one.")]  # type: ignore[list-item]
    hub.read()
    hub.send()
    assert sorted(call[1] for call in hub.world.calls if call[0] == "bulk") == ["20", "50"]
    states = list(hub.states().values())
    assert states.count("delivered") == 69
    assert states.count("failed") == 1


def test_a_target_that_stays_unwell_opens_the_circuit(hub: Hub) -> None:
    for n in range(30):
        hub.world.place(str(n))
    hub.world.before = [TransientError("Down.") for _ in range(40)]
    hub.read()
    hub.send()
    target = Connection.objects.get(slug="ledger")
    assert target.open_until is not None
    assert len([call for call in hub.world.calls if call[0] == "send"]) <= 30


@pytest.mark.parametrize("missing", [True, False])
def test_a_retry_of_a_record_that_vanished_goes_to_a_person(hub: Hub, missing: bool) -> None:
    hub.world.place("1")
    hub.world.before = [TransientError("Down.")]
    hub.read()
    hub.send()
    if missing:
        hub.world.orders.clear()
    hub.later()
    assert hub.states() == {"1": "failed" if missing else "delivered"}


def test_a_cancellation_after_a_lost_answer_still_reaches_the_target(hub: Hub) -> None:
    Flow.objects.update(filter='Status = "New"')
    hub.world.place("1")
    hub.world.after = [OutcomeUnknownError("No answer.")]
    hub.read()
    hub.send()
    hub.world.place("1", Status="Cancelled", Sku="GONE")
    hub.read()
    hub.send()
    assert hub.states() == {"1": "delivered"}
    assert [one["Sku"] for one in hub.world.documents.values()] == ["GONE"]


def test_a_flow_without_later_changes_still_learns_what_became_of_a_lost_answer(hub: Hub) -> None:
    Flow.objects.update(send_changes=False)
    hub.world.place("1")
    hub.world.after = [OutcomeUnknownError("No answer.")]
    hub.read()
    hub.send()
    hub.later()
    assert hub.states() == {"1": "delivered"}
    assert CrossReference.objects.get().target_key == "D-1"


def test_nothing_is_missing_from_a_list_that_was_never_read_to_its_end(hub: Hub) -> None:
    steps = [{"name": "known", "args": {"stream": "skus"}}]
    row = mapping("orders4", "orders", "orders", {"Number": "Id", "Sku": {"source": "Sku", "steps": steps}})
    Flow.objects.filter(pk=hub.flow.pk).update(mapping=row)
    Flow.objects.create(slug="skus", name="SKUs", source=hub.flow.target, stream="skus")
    hub.world.place("1", Sku="TK-9")
    hub.read()
    hub.send()
    assert (hub.last("1").state, hub.last("1").attempts) == ("waiting", 0)
    Flow.objects.filter(slug="skus").update(last_read_at=timezone.now())
    hub.later()
    assert hub.states() == {"1": "held"}
