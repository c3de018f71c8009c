"""A person logs in, fixes a lookup, heals a group of errors, and watches a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from hub.models import Delivery, ErrorRecord, SyncRun
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
CAUSE = "lookup:ca_ship:UPS|Ground"
LogIn = Callable[..., Any]


@pytest.fixture
def stopped(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> list[Delivery]:
    """Three orders that lack the same lookup row; nothing is sent."""
    monkeypatch.setattr("hub.engine.triage.wake", lambda kind, pk: None)
    factories.lookup_table()
    flow = factories.flow()
    return [factories.failed(flow, cause=CAUSE) for _ in range(3)]


def test_a_wrong_password_lets_nobody_in(browser: Any, live_server: Any, transactional_db: None) -> None:
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto("/admin/")
    page.fill("#id_username", "nobody")
    page.fill("#id_password", "wrong")
    page.click("button[type=submit]")
    assert "/login/" in page.url
    page.context.close()


def test_a_missing_lookup_row_is_filled_in_and_heals_every_order(stopped: list[Delivery], log_in: LogIn) -> None:
    page = log_in("Operator", "Mapper")
    page.click("text=What needs somebody >> xpath=../.. >> a:has-text('has no row for')")
    page.fill("#id_value", "UPSG")
    page.click("text=Save and heal all 3")
    page.wait_for_selector("text=3 deliveries are tried again")
    assert set(Delivery.objects.values_list("state", flat=True)) == {"pending"}
    assert factories.LookupTable.objects.get(slug="ca_ship").entries.get(key="UPS|Ground").value == "UPSG"


def test_a_group_of_errors_is_chosen_with_one_click_and_ignored_with_a_reason(stopped: list[Delivery], log_in: LogIn) -> None:
    page = log_in("Operator")
    page.click("nav a:has-text('Errors')")
    page.click("td a:has-text('has no row for')")
    page.check("[data-choose-all]")
    page.click("text=Ignore chosen…")
    page.fill("#id_reason", "Test orders")
    page.click("button[name=confirmed]")
    page.wait_for_selector("text=3 error records were closed")
    assert ErrorRecord.objects.filter(state="ignored", note="Test orders").count() == 3


def test_the_lookup_can_be_filled_in_by_keyboard_alone(stopped: list[Delivery], log_in: LogIn) -> None:
    page = log_in("Operator", "Mapper")
    page.goto(f"/admin/hub/errorrecord/cause/?cause={CAUSE}")
    page.focus("#id_value")
    page.keyboard.type("UPSG")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=3 deliveries are tried again")


def test_a_run_shows_its_progress_until_it_is_done(log_in: LogIn, transactional_db: None) -> None:
    run = SyncRun.objects.create(flow=factories.flow(), trigger="person", state="running", wanted=100, read=10, started_at=timezone.now())
    page = log_in("Operator")
    page.goto(f"/admin/hub/syncrun/{run.pk}/change/")
    SyncRun.objects.filter(pk=run.pk).update(read=60, accepted=55)
    page.wait_for_selector("[data-field=accepted]:has-text('55')")
    assert page.get_attribute(".hub-bar", "aria-valuenow") == "60"
    SyncRun.objects.filter(pk=run.pk).update(read=100, state="done", finished_at=timezone.now())
    page.wait_for_selector(".hub-badge:has-text('Done')")
    assert page.query_selector("text=Stop") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "address", ["", "hub/errorrecord/causes/", f"hub/errorrecord/cause/?cause={CAUSE}", "hub/delivery/", "hub/flow/", "hub/connection/"]
)
def test_nothing_sticks_out_of_a_phone(address: str, scheme: str, stopped: list[Delivery], log_in: LogIn) -> None:
    page = log_in("Operator", viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(f"/admin/{address}")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_nothing_sticks_out_of_a_phone_where_rights_are_picked(log_in: LogIn) -> None:
    page = log_in("superuser", viewport={"width": 390, "height": 844})
    person = factories.user("Operator")
    page.goto(f"/admin/auth/user/{person.pk}/change/")
    page.wait_for_selector(".selector-chosen")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
