"""What a person decides, and what is left alone."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection

from hub.engine import triage
from hub.models import Delivery, ErrorRecord
from tests import factories

pytestmark = pytest.mark.django_db
CAUSE = "lookup:ca_ship:UPS|Ground"


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    calls: list[tuple[str, int]] = []
    monkeypatch.setattr("hub.engine.triage.wake", lambda kind, pk: calls.append((kind, pk)))
    return calls


def rows(*deliveries: Delivery):
    return Delivery.objects.filter(pk__in=[one.pk for one in deliveries])


def test_a_delivery_that_is_being_sent_is_not_retried_and_the_reason_is_said() -> None:
    sending = factories.delivery(factories.flow(), "sending")
    assert triage.retry(rows(sending), by=None) == 0
    assert "being sent right now" in triage.refusal(rows(sending), triage.RETRYABLE)
    sending.refresh_from_db()
    assert sending.state == "sending"


@pytest.mark.parametrize("state", ["delivered", "skipped", "superseded", "pending", "sending"])
def test_only_failed_held_and_waiting_deliveries_are_retried(state: str) -> None:
    made = factories.delivery(factories.flow(), state)
    assert triage.retry(rows(made), by=None) == 0
    assert triage.refusal(rows(made), triage.RETRYABLE)


@pytest.mark.parametrize("state", ["failed", "held", "waiting"])
def test_a_retry_is_fresh_and_wakes_the_target_after_the_commit(
    state: str, woken: list[tuple[str, int]], django_capture_on_commit_callbacks
) -> None:
    flow = factories.flow()
    made = factories.delivery(flow, state, attempts=7, waits_for="record/1/items/abc-1" if state == "held" else "", unknown=True)
    with django_capture_on_commit_callbacks(execute=True):
        assert triage.retry(rows(made), by=None) == 1
    made.refresh_from_db()
    assert (made.state, made.fresh, made.attempts, made.waits_for, made.unknown) == ("pending", True, 0, "", True)
    assert woken == [("deliver", flow.target_id)]


def test_who_retried_is_kept_for_each_delivery() -> None:
    anna, flow = factories.user("Operator", name="anna"), factories.flow()
    made = [factories.failed(flow) for _ in range(3)]
    triage.retry(rows(*made), by=anna)
    assert set(LogEntry.objects.filter(user=anna).values_list("object_id", flat=True)) == {str(one.pk) for one in made}


def test_retrying_a_cause_takes_all_its_deliveries_and_no_others() -> None:
    flow = factories.flow()
    mine, other = [factories.failed(flow, cause=CAUSE) for _ in range(2)], factories.failed(flow, cause="unknown_sku:X")
    assert triage.retry(triage.stopped_by(ErrorRecord.objects.filter(cause=CAUSE)), by=None) == 2
    assert set(rows(*mine).values_list("state", flat=True)) == {"pending"}
    other.refresh_from_db()
    assert other.state == "failed"


def test_resolving_closes_every_error_of_the_delivery_and_keeps_the_note() -> None:
    anna, made = factories.user("Operator", name="anna"), factories.failed(factories.flow(), cause=CAUSE)
    second = factories.error(made, cause="required:CustomerID")
    assert triage.resolve(ErrorRecord.objects.filter(cause=CAUSE), note="Entered by hand", by=anna) == 2
    made.refresh_from_db()
    second.refresh_from_db()
    assert (made.state, made.reason, made.reason_code) == ("skipped", "Entered by hand", "resolved_by_person")
    assert (second.state, second.note, second.closed_by) == ("resolved", "Entered by hand", anna)


def test_an_error_whose_delivery_is_being_sent_is_not_closed() -> None:
    sending = factories.delivery(factories.flow(), "sending")
    error = factories.error(sending, cause=CAUSE)
    assert triage.ignore(ErrorRecord.objects.filter(cause=CAUSE), reason="Not needed", by=None) == 0
    error.refresh_from_db()
    assert error.state == "open"


def test_an_error_without_a_delivery_is_closed_alone() -> None:
    error = factories.error(None, cause="credentials:tims")
    assert triage.ignore(ErrorRecord.objects.filter(pk=error.pk), reason="Old key", by=None) == 1
    error.refresh_from_db()
    assert error.state == "ignored"


def test_skipping_closes_the_open_errors_and_holding_leaves_them_open() -> None:
    flow = factories.flow()
    skipped, held = factories.failed(flow), factories.failed(flow)
    assert triage.skip(rows(skipped), reason="Cancelled by phone", by=None) == 1
    assert triage.hold(rows(held), reason="Ask first", by=None) == 1
    assert skipped.errors.get().state == "ignored"
    assert held.errors.get().state == "open"
    held.refresh_from_db()
    assert (held.state, held.reason) == ("held", "Ask first")


def test_releasing_takes_only_held_ones() -> None:
    flow = factories.flow()
    held, failed = factories.delivery(flow, "held"), factories.failed(flow)
    assert triage.release(rows(held, failed), by=None) == 1


def test_thousands_of_errors_are_closed_with_a_few_statements(django_assert_max_num_queries) -> None:
    flow = factories.flow()
    first = factories.delivery(flow, "failed")
    many = [
        Delivery(
            flow=flow, key=f"k{n}", state="failed", fingerprint="x", due_at=first.due_at, created_at=first.due_at, changed_at=first.due_at
        )
        for n in range(4_000)
    ]
    made = Delivery.objects.bulk_create(many, batch_size=500)
    now = first.created_at
    ErrorRecord.objects.bulk_create(
        [ErrorRecord(delivery=one, flow=flow, category="mapping", cause=CAUSE, message="m", created_at=now) for one in made], batch_size=500
    )
    anna = factories.user("Operator")
    with connection.cursor() as cursor:
        # As in a database that is in use: without it the planner takes both tables for empty.
        cursor.execute("ANALYZE hub_delivery")
        cursor.execute("ANALYZE hub_errorrecord")
    with django_assert_max_num_queries(50):
        assert triage.ignore(ErrorRecord.objects.filter(cause=CAUSE), reason="Test orders", by=anna) == 4_000
    assert not Delivery.objects.filter(state="failed").exclude(pk=first.pk).exists()
