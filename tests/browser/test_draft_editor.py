"""The draft editor by keyboard: picking fields, adding a missing rule, problems beside their rule, nothing lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mappings.models import MappingVersion
from tests.mappings.making import make_draft

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def draft(transactional_db: None) -> MappingVersion:
    return make_draft(rules=[{"target": "SellerOrderID", "source": "Vanished"}])


def test_a_missing_rule_is_added_with_fields_picked_by_keyboard(draft: MappingVersion, log_in: Callable[..., Any]) -> None:
    page = log_in("Mapper")
    page.goto(f"/admin/mappings/mapping/{draft.mapping_id}/draft/")
    page.click("[data-add-target='ChannelAdvisorOrderID']")
    page.keyboard.type("source system")
    page.wait_for_selector("#tl-picker [role=option]")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    page.wait_for_selector("text=1 rule saved")
    assert draft.rules.get(target="ChannelAdvisorOrderID").source == "SourceKey"
    assert "The source has no field Vanished" in page.inner_text(".tl-has-problem")


def test_rules_are_moved_found_and_given_transforms(draft: MappingVersion, log_in: Callable[..., Any]) -> None:
    page = log_in("Mapper", viewport={"width": 390, "height": 800})
    page.goto(f"/admin/mappings/mapping/{draft.mapping_id}/draft/")
    page.click("[data-add-rule]")
    new = page.locator("[data-rule]").last
    new.locator("[name$='-target']").fill("ChannelAdvisorOrderID")
    new.locator("[name$='-source']").fill("SourceKey")
    new.locator("[data-add-step]").select_option("trim")
    new.locator("[data-add-step]").select_option("upper")
    new.locator("[data-up]").click()
    page.fill("[data-filter]", "channeladvisor")
    assert page.locator("[data-rule]:visible").count() == 1
    page.click("button.tl-main:has-text('Save')")
    page.wait_for_selector("text=2 rules saved")
    assert [rule.target for rule in draft.rules.all()] == ["ChannelAdvisorOrderID", "SellerOrderID"]
    assert [step["name"] for step in draft.rules.first().steps] == ["trim", "upper"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
