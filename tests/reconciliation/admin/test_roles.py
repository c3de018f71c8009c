"""Who sees the money, and who may do what with it."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from hub.roles import ship_roles
from reconciliation.engine import rules
from reconciliation.models import Discrepancy
from tests import factories
from tests.hub.admin.reading import words
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
LISTS = ("settlement", "journalentry", "statementfile", "bankline", "postingruleset", "books")


def client(role: str) -> Client:
    made = Client()
    made.force_login(factories.user(role), backend="django.contrib.auth.backends.ModelBackend")
    return made


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("role", ["Accountant", "Auditor", "Operator", "Administrator"])
def test_every_role_may_look_at_the_money(role: str, name: str) -> None:
    assert client(role).get(reverse(f"admin:reconciliation_{name}_changelist")).status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_a_person_without_a_role_sees_no_money(name: str) -> None:
    assert client("").get(reverse(f"admin:reconciliation_{name}_changelist")).status_code == 403
    assert Client().get(reverse(f"admin:reconciliation_{name}_changelist")).status_code == 302


def test_the_sidebar_leads_to_the_money_for_who_may_see_it() -> None:
    titles = ("Settlements", "Journals", "Files", "Bank", "Posting rules", "Books")
    page = words(client("Auditor").get(reverse("admin:index")))
    assert all(f'href="{reverse(f"admin:reconciliation_{name}_changelist")}"' in page for name in LISTS)
    assert all(title in page for title in titles)
    assert reverse("admin:reconciliation_books_changelist") not in words(client("").get(reverse("admin:index")))


def test_an_accountant_books_and_an_operator_does_not() -> None:
    ship_roles()
    rights: Any = {name: {one.codename for one in Group.objects.get(name=name).permissions.all()} for name in ("Accountant", "Operator")}
    wanted = {
        "prepare_journalentry", "approve_journalentry", "reverse_journalentry", "decide_settlement", "import_settlement",
        "publish_postingruleset", "change_bankline", "add_periodlock",
    }  # fmt: skip
    assert wanted <= rights["Accountant"]
    assert not wanted & rights["Operator"]
    assert not {"add_books", "delete_books", "change_user", "change_connection"} & rights["Accountant"]


def test_a_kind_without_a_rule_leads_from_its_exception_to_the_rules() -> None:
    books = rows.books(rules=rules.load_starter(now=rows.NOW))
    settlement = rows.settlement("10.00", connection=books.source)
    Discrepancy.objects.create(settlement=settlement, level="line", code="unmapped_kind", words="No rule fits.", created_at=rows.NOW)
    address = reverse("admin:reconciliation_settlement_change", args=[settlement.pk])
    page = words(client("Accountant").get(address, {"section": "exceptions"}))
    assert reverse("admin:reconciliation_postingruleset_kinds", args=[books.rules_id]) in page
    assert reverse("admin:reconciliation_statementfile_change", args=[settlement.file_id]) in page
