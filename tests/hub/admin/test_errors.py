"""Errors by cause: the money in them, the lookup filled in, all healed, closed with reasons."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.urls import reverse

from hub.admin.causes import top_causes, top_waits
from hub.models import Delivery, ErrorRecord
from tests import factories
from tests.hub.admin.reading import Enter, words

CAUSE = "lookup:ca_ship:UPS|Ground"


@pytest.fixture
def stopped() -> list[Delivery]:
    """Three orders that lack the same lookup row."""
    factories.lookup_table()
    flow = factories.flow()
    return [factories.failed(flow, cause=CAUSE) for _ in range(3)]


def test_a_delivery_counts_once_in_the_money_however_many_of_its_lines_are_wrong() -> None:
    flow = factories.flow()
    made = factories.failed(flow, cause=CAUSE, amount=Decimal("100.00"))
    factories.error(made, cause=CAUSE, path="OrderItem[1]")
    factories.failed(flow, cause=CAUSE, amount=Decimal("10.50"), currency="EUR")
    found = top_causes(5)
    assert [(one.records, one.money) for one in found] == [(2, "100.00 USD · 10.50 EUR")]


def test_held_deliveries_are_grouped_by_what_they_wait_for() -> None:
    flow = factories.flow()
    for _ in range(2):
        factories.delivery(flow, "held", waits_for=f"record/{flow.target_id}/items/abc-1")
    assert [(one.records, one.words) for one in top_waits(5)] == [(2, "Waits for abc-1 (items) in TIMS Main")]


def test_filling_in_the_lookup_heals_every_record_of_the_cause(enter: Enter, stopped: list[Delivery]) -> None:
    page = words(
        enter("Mapper").post(reverse("admin:hub_errorrecord_cause"), {"cause": CAUSE, "act": "lookup", "value": "UPSG"}, follow=True)
    )
    assert "3 deliveries are tried again" in page
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    entry = factories.LookupTable.objects.get(slug="ca_ship").entries.get(key="UPS|Ground")
    assert entry.value == "UPSG"
    assert entry.history.get().history_user is not None


def test_filling_in_the_lookup_also_releases_what_still_waits_for_that_row(enter: Enter, stopped: list[Delivery]) -> None:
    made = factories.delivery(stopped[0].flow, "waiting", reason_code="waits_for_value", waits_for="lookup/ca_ship/UPS|Ground")
    enter("Mapper").post(reverse("admin:hub_errorrecord_cause"), {"cause": CAUSE, "act": "lookup", "value": "UPSG"})
    made.refresh_from_db()
    assert (made.state, made.reason_code) == ("pending", "released")


@pytest.mark.parametrize("value", ["", "   ", "x" * 401])
def test_a_senseless_value_is_refused_and_nothing_is_retried(value: str, enter: Enter, stopped: list[Delivery]) -> None:
    enter("Mapper").post(reverse("admin:hub_errorrecord_cause"), {"cause": CAUSE, "act": "lookup", "value": value})
    assert set(Delivery.objects.values_list("state", flat=True)) == {"failed"}


def test_an_operator_may_heal_but_not_change_lookup_tables(enter: Enter, stopped: list[Delivery]) -> None:
    client, address = enter("Operator"), reverse("admin:hub_errorrecord_cause")
    assert client.post(address, {"cause": CAUSE, "act": "lookup", "value": "UPSG"}).status_code == 403
    client.post(address, {"cause": CAUSE, "act": "retry_all"})
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}


def test_an_operator_is_told_whom_to_ask_for_the_missing_row(enter: Enter, stopped: list[Delivery]) -> None:
    mapper = factories.user("Mapper", name="mia.mapper")
    page = words(enter("Operator").get(reverse("admin:hub_errorrecord_cause"), {"cause": CAUSE}))
    assert f"Ask {mapper}" in page
    assert 'name="value"' not in page


def test_an_auditor_sees_the_cause_and_can_do_nothing(enter: Enter, stopped: list[Delivery]) -> None:
    client, address = enter("Auditor"), reverse("admin:hub_errorrecord_cause")
    page = words(client.get(address, {"cause": CAUSE}))
    assert stopped[0].title in page
    assert "Retry all" not in page
    assert client.post(address, {"cause": CAUSE, "act": "retry_all"}).status_code == 403


def test_ignoring_a_cause_keeps_the_reason_and_who_gave_it(enter: Enter, stopped: list[Delivery]) -> None:
    client, address = enter("Operator"), reverse("admin:hub_errorrecord_cause")
    assert "3 open error records" in words(client.post(address, {"cause": CAUSE, "act": "ignore_all"}))
    client.post(address, {"cause": CAUSE, "act": "ignore_all", "confirmed": "yes", "reason": "Test orders"})
    closed = ErrorRecord.objects.filter(state="ignored", note="Test orders", closed_by__isnull=False)
    assert closed.count() == 3
    assert set(Delivery.objects.values_list("state", flat=True)) == {"skipped"}


def test_only_the_chosen_records_are_resolved(enter: Enter, stopped: list[Delivery]) -> None:
    chosen = stopped[0].errors.get().pk
    given = {"cause": CAUSE, "act": "resolve", "_selected_action": [chosen], "confirmed": "yes", "reason": "Entered by hand"}
    enter("Operator").post(reverse("admin:hub_errorrecord_cause"), given)
    assert list(ErrorRecord.objects.filter(state="resolved").values_list("pk", flat=True)) == [chosen]


def test_choosing_nothing_does_nothing(enter: Enter, stopped: list[Delivery]) -> None:
    page = words(enter("Operator").post(reverse("admin:hub_errorrecord_cause"), {"cause": CAUSE, "act": "resolve"}, follow=True))
    assert "Choose at least one record first" in page


def test_a_cause_that_is_gone_leads_back_with_words(enter: Enter) -> None:
    page = words(enter().get(reverse("admin:hub_errorrecord_cause"), {"cause": "lookup:x:y"}, follow=True))
    assert "No open errors have this cause any more" in page


def test_all_rows_across_pages_are_closed_from_the_list(enter: Enter, stopped: list[Delivery]) -> None:
    given = {"action": "ignore_selected", "select_across": "1", "_selected_action": [stopped[0].errors.get().pk], "index": "0"}
    address = f"{reverse('admin:hub_errorrecord_changelist')}?state__exact=open"
    client = enter("Operator")
    client.post(address, given)
    client.post(address, {**given, "confirmed": "yes", "reason": "Test orders"})
    assert not ErrorRecord.objects.filter(state="open").exists()
