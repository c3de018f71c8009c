"""The list and the page of deliveries: verbs, personal data, CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from hub.models import CrossReference, Delivery, Reveal, Seal
from mappings.table_files import safe_cell
from tests import factories
from tests.hub.admin.reading import Enter, words

PERSONAL = ("Ottoline", "Quackenbush", "Marzipan", "ottoline@example.test", "555 0142")


def page_of(pk: int) -> str:
    return reverse("admin:hub_delivery_change", args=[pk])


def act_on(pk: int) -> str:
    return reverse("admin:hub_delivery_act", args=[pk])


def test_the_page_shows_labels_and_no_personal_data(enter: Enter) -> None:
    made = factories.failed(factories.flow())
    page = words(enter().get(page_of(made.pk)))
    assert "Marketplace order number" in page
    assert not [value for value in PERSONAL if value in page]


def test_the_journey_names_what_happened_in_order(enter: Enter) -> None:
    made = factories.delivery(factories.flow(), "delivered")
    factories.attempt(made)
    page = words(enter().get(page_of(made.pk)))
    assert page.index("Accepted") < page.index("Attempt 1: created") < page.index(f"TIMS Main holds {made.target_key}")


def test_a_delivery_that_follows_shows_both_names_and_claims_no_destroyed_data(enter: Enter) -> None:
    first = factories.flow()
    made = factories.delivery(first, "delivered")
    CrossReference.objects.create(
        source=first.source, stream=first.stream, source_key=made.key, target=first.target, operation=first.operation,
        target_key=made.target_key, changed_at=made.changed_at, created_at=made.created_at,
    )  # fmt: skip
    follower = factories.flow(after=first, stream="", target=first.source, operation="acknowledge_order")
    told = factories.delivery(follower, "delivered", key=made.key, seal=None, sealed=None, target_key=made.key)
    page = words(enter().get(page_of(told.pk)))
    assert "removed for good" not in page
    assert f"<dd>{made.target_key}</dd>" in page


TRIES = [
    ({"outcome": "changed", "status": None, "answer": ""}, "confirmed it and sent no more than that"),
    ({"outcome": "mapping", "status": None, "request": "", "answer": ""}, "Nothing was sent, so nothing came back"),
    ({"outcome": "rejected", "status": 422, "answer": ""}, "answered with status 422"),
    ({"outcome": "unknown_outcome", "status": None, "answer": ""}, "No readable answer arrived"),
]


@pytest.mark.parametrize(("fields", "said"), TRIES)
def test_an_attempt_without_an_answer_says_why(fields: dict[str, Any], said: str, enter: Enter) -> None:
    made = factories.failed(factories.flow())
    factories.attempt(made, **fields)
    assert said in words(enter().get(page_of(made.pk)))


@pytest.mark.parametrize("role", ["Auditor", ""])
def test_who_may_not_triage_is_refused(role: str, enter: Enter) -> None:
    made = factories.failed(factories.flow())
    assert enter(role).post(act_on(made.pk), {"act": "retry"}).status_code == 403
    made.refresh_from_db()
    assert made.state == "failed"


def test_a_button_does_nothing_by_following_a_link(enter: Enter) -> None:
    made = factories.failed(factories.flow())
    assert enter().get(act_on(made.pk), {"act": "retry"}).status_code == 403


def test_an_operator_retries_a_delivery(enter: Enter) -> None:
    made = factories.failed(factories.flow())
    page = words(enter("Operator").post(act_on(made.pk), {"act": "retry"}, follow=True))
    made.refresh_from_db()
    assert made.state == "pending"
    assert "1 delivery is tried again" in page


def test_retrying_what_is_being_sent_is_refused_in_words(enter: Enter) -> None:
    made = factories.delivery(factories.flow(), "sending")
    page = words(enter("Operator").post(act_on(made.pk), {"act": "retry"}, follow=True))
    assert "being sent right now cannot be changed" in page


@pytest.mark.parametrize("decision", ["source", "target", "merge"])
def test_a_conflict_is_decided_and_tried_again_under_the_persons_name(decision: str, enter: Enter) -> None:
    made, client = factories.failed(factories.flow(), reason_code="conflict"), enter("Operator")
    assert "Who is right?" in words(client.get(page_of(made.pk)))
    page = words(client.post(act_on(made.pk), {"act": decision}, follow=True))
    made.refresh_from_db()
    assert (made.state, made.decision) == ("pending", decision)
    assert "1 delivery is tried again as you decided" in page
    assert LogEntry.objects.filter(object_id=str(made.pk), change_message=f"Decided: {made.get_decision_display()}.").count() == 1


def test_nobody_is_asked_who_is_right_where_there_is_no_conflict(enter: Enter) -> None:
    made, client = factories.failed(factories.flow()), enter("Operator")
    assert "Who is right?" not in words(client.get(page_of(made.pk)))
    client.post(act_on(made.pk), {"act": "target"})
    made.refresh_from_db()
    assert (made.state, made.decision) == ("failed", "")


def test_skipping_asks_for_a_reason_first(enter: Enter) -> None:
    made, client = factories.failed(factories.flow()), enter("Operator")
    assert "Reason" in words(client.post(act_on(made.pk), {"act": "skip"}))
    assert "Please say why" in words(client.post(act_on(made.pk), {"act": "skip", "confirmed": "yes", "reason": "  "}))
    client.post(act_on(made.pk), {"act": "skip", "confirmed": "yes", "reason": "Cancelled by phone"})
    made.refresh_from_db()
    assert (made.state, made.reason) == ("skipped", "Cancelled by phone")


def test_chosen_rows_are_held_with_a_reason(enter: Enter) -> None:
    flow, client = factories.flow(), enter("Operator")
    made = [factories.failed(flow) for _ in range(2)]
    chosen = {"action": "hold_selected", "_selected_action": [one.pk for one in made]}
    address = reverse("admin:hub_delivery_changelist")
    assert "2 deliveries" in words(client.post(address, chosen))
    client.post(address, {**chosen, "confirmed": "yes", "reason": "Ask first"})
    assert {one.state for one in flow.deliveries.all()} == {"held"}


def test_an_auditor_has_no_actions_but_the_export(enter: Enter) -> None:
    factories.failed(factories.flow())
    page = words(enter("Auditor").get(reverse("admin:hub_delivery_changelist")))
    assert "export_selected" in page
    assert "retry_selected" not in page


@pytest.mark.parametrize("role", ["Operator", "Mapper", "Auditor"])
def test_without_the_right_personal_data_stays_hidden(role: str, enter: Enter) -> None:
    made, client = factories.failed(factories.flow()), enter(role)
    answer = client.post(reverse("admin:hub_delivery_reveal", args=[made.pk]), {"confirmed": "yes", "reason": "Curious"})
    assert answer.status_code == 403
    assert "Reveal personal data" not in words(client.get(page_of(made.pk)))
    assert not Reveal.objects.exists()


def test_reading_personal_data_needs_a_reason_and_is_recorded(enter: Enter) -> None:
    made, client = factories.failed(factories.flow()), enter("Administrator")
    address = reverse("admin:hub_delivery_reveal", args=[made.pk])
    assert "Quackenbush" not in words(client.post(address))
    answer = client.post(address, {"confirmed": "yes", "reason": "The carrier asks for the address"})
    assert "Quackenbush" in words(answer)
    assert "no-store" in answer["Cache-Control"]
    assert Reveal.objects.get().reason == "The carrier asks for the address"


def test_destroyed_personal_data_is_not_shown_and_not_recorded_as_read(enter: Enter) -> None:
    made, client = factories.failed(factories.flow()), enter("Administrator")
    Seal.objects.update(wrapped="")
    answer = client.post(reverse("admin:hub_delivery_reveal", args=[made.pk]), {"confirmed": "yes", "reason": "x"}, follow=True)
    assert "was removed" in words(answer)
    assert not Reveal.objects.exists()


def test_the_export_holds_the_filtered_list_without_personal_data(enter: Enter) -> None:
    flow = factories.flow()
    made = factories.failed(flow)
    factories.delivery(flow, "delivered")
    text = words(enter("Auditor").get(reverse("admin:hub_delivery_export"), {"state__exact": "failed"}))
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row[0] for row in rows] == ["Record", made.key]
    assert not [value for value in PERSONAL if value in text]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", '=HYPERLINK("http://x")'])
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Amazon US 112", "12", ""])
def test_other_cells_stay_as_they_are(value: str) -> None:
    assert safe_cell(value) == value


def taken() -> Delivery:
    """What its target has taken and not decided."""
    words = {"reason": "TIMS Main has taken it and is still deciding.", "reason_code": "not_decided"}
    return factories.delivery(factories.flow(), "waiting", ticket="50123/7", taken_at=timezone.now(), **words)


def test_what_the_target_has_taken_is_shown_with_its_receipt(enter: Enter) -> None:
    made = taken()
    page = words(enter().get(page_of(made.pk)))
    assert "Taken by TIMS Main, receipt 50123/7; asked again" in page
    assert "Ask now" in page
    assert 'value="hold"' not in page
    assert 'value="skip"' not in page
    assert "receipt 50123/7" in words(enter().get(reverse("admin:hub_delivery_changelist")))


def test_ask_now_keeps_the_receipt_and_says_so(enter: Enter) -> None:
    made = taken()
    page = words(enter().post(act_on(made.pk), {"act": "retry"}, follow=True))
    assert "it is asked now what became of them" in page
    made.refresh_from_db()
    assert (made.state, made.ticket) == ("waiting", "50123/7")
    assert made.due_at <= timezone.now()


def test_what_the_target_has_taken_cannot_be_skipped(enter: Enter) -> None:
    made = taken()
    page = words(enter().post(act_on(made.pk), {"act": "skip", "reason": "Never mind"}, follow=True))
    made.refresh_from_db()
    assert made.ticket
    assert "before that has decided" in page
