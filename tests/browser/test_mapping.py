"""A person edits a rule, tries it on a stored order, publishes it, and goes back in one step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from mappings.models import Mapping
from tests import factories

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def mapping(transactional_db: None) -> Mapping:
    """The starter for orders, live, with one order that came through it."""
    call_command("load_starters")
    found = Mapping.objects.get(slug="ca-order-to-tims-sales-order")
    factories.delivery(factories.flow(mapping=found), "delivered")
    return found


def test_a_rule_is_edited_tried_published_and_rolled_back(mapping: Mapping, log_in: Callable[..., Any]) -> None:
    first = mapping.live.number
    page = log_in("Mapper")
    page.click("a:has-text('Mappings')")
    page.click(f"text={mapping.name}")
    page.click("text=New draft")
    page.click("[data-rule] summary:has-text('CustomerPONumber'), [data-rule] summary >> nth=0")
    rule = page.locator("[data-rule][open]").first
    target = rule.locator("[name$='-target']").input_value()
    rule.locator("[name$='-kind']").select_option("constant")
    rule.locator("[name$='-constant']").fill("Tried in the browser")
    page.click("button[value=try]")
    page.select_option("#sample", index=1)
    page.click("button:has-text('Try') >> nth=0")
    page.wait_for_selector("text=Rule by rule")
    assert "Tried in the browser" in page.inner_text("#payload")
    assert target
    page.goto(f"/admin/mappings/mapping/{mapping.pk}/publish/")
    page.fill("#comment", "A trial from the browser")
    page.click("button:has-text('Publish version')")
    page.wait_for_selector("text=is live")
    mapping.refresh_from_db()
    assert mapping.live.number == first + 1
    page.click("text=Roll back to version")
    page.click("button:has-text('Roll back to version')")
    page.wait_for_selector("text=is live again")
    mapping.refresh_from_db()
    assert mapping.live.number == first
