"""Every page opens for those who may see it, for nobody else, and with few queries."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from unfold.admin import ModelAdmin

from hub.models import Delivery
from tests import factories
from tests.hub.admin.reading import Enter, words

PAGES = (
    "index",
    "hub_errorrecord_causes",
    "hub_errorrecord_held",
    "hub_errorrecord_changelist",
    "hub_delivery_changelist",
    "hub_syncrun_changelist",
    "hub_flow_changelist",
    "hub_connection_changelist",
    "hub_crossreference_changelist",
    "hub_knownrecord_changelist",
    "hub_inboundevent_changelist",
    "hub_reveal_changelist",
    "hub_purgereceipt_changelist",
)
ROLES = ("Operator", "Mapper", "Administrator", "Auditor")


@pytest.mark.parametrize("name", PAGES)
def test_nobody_sees_a_page_without_logging_in(name: str) -> None:
    answer = Client().get(reverse(f"admin:{name}"))
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


@pytest.mark.parametrize("name", PAGES[1:])
def test_a_person_without_a_role_sees_nothing(name: str, enter: Enter) -> None:
    assert enter("").get(reverse(f"admin:{name}")).status_code == 403


@pytest.mark.parametrize("role", ROLES)
def test_every_role_may_look_at_every_page(role: str, enter: Enter) -> None:
    flow = factories.flow()
    factories.failed(flow)
    factories.delivery(flow, "held")
    client = enter(role)
    refused = [name for name in PAGES if client.get(reverse(f"admin:{name}")).status_code != 200]
    assert refused == []


def test_a_fresh_installation_is_told_what_to_do_first(enter: Enter) -> None:
    assert "Nothing flows yet" in words(enter().get(reverse("admin:index")))


def test_the_dashboard_counts_todays_orders_and_names_the_largest_cause(enter: Enter) -> None:
    flow = factories.flow()
    factories.delivery(flow, "delivered")
    factories.failed(flow)
    page = words(enter().get(reverse("admin:index")))
    assert "Orders in today<b>2</b>" in page
    assert "has no row for" in page
    assert "129.40 USD" in page


def test_every_number_of_the_dashboard_is_the_number_of_rows_behind_its_link(enter: Enter) -> None:
    flow, client = factories.flow(), enter()
    for state in ("delivered", "held", "failed", "superseded"):
        factories.delivery(flow, state)
        factories.delivery(flow, state, ago=timedelta(days=3))
    tiles = client.get(reverse("admin:index")).context["tiles"]
    assert [tile.number for tile in tiles] == [3, 1, 2, 2]
    assert [client.get(tile.link).context["cl"].result_count for tile in tiles] == [3, 1, 2, 2]


@pytest.mark.parametrize("name", [*PAGES[3:], "mappings_mapping_changelist", "mappings_lookuptable_changelist"])
def test_an_empty_list_says_how_it_is_filled(name: str, enter: Enter) -> None:
    client = enter()
    empty = client.get(reverse(f"admin:{name}"))
    assert empty.context["cl"].model_admin.empty_words in words(empty)
    assert "nothing to show" not in words(empty)


def test_a_search_without_a_hit_offers_the_whole_list(enter: Enter) -> None:
    assert "Nothing fits" in words(enter().get(reverse("admin:hub_delivery_changelist"), {"q": "nowhere"}))


def test_the_dashboard_warns_when_no_worker_gives_a_sign_of_life(enter: Enter) -> None:
    factories.flow()
    assert "No worker is running" in words(enter().get(reverse("admin:index")))


def many(count: int) -> None:
    flow = factories.flow()
    for number in range(count):
        factories.failed(flow, cause=f"lookup:ca_ship:{number}")
        factories.delivery(flow, "delivered")


@pytest.mark.parametrize(
    ("name", "most"), [("index", 18), ("hub_delivery_changelist", 10), ("hub_errorrecord_causes", 11), ("hub_errorrecord_changelist", 11)]
)
def test_a_page_needs_no_more_queries_for_more_rows(name: str, most: int, enter: Enter, django_assert_max_num_queries) -> None:
    many(12)
    client = enter()
    client.get(reverse(f"admin:{name}"))
    with django_assert_max_num_queries(most):
        assert client.get(reverse(f"admin:{name}")).status_code == 200


def test_the_page_of_a_delivery_needs_few_queries(enter: Enter, django_assert_max_num_queries) -> None:
    made = factories.failed(factories.flow())
    for _ in range(5):
        factories.attempt(made)
    client = enter()
    with django_assert_max_num_queries(15):
        client.get(reverse("admin:hub_delivery_change", args=[made.pk]))


def test_an_auditor_reads_who_changed_a_connection_or_a_flow(enter: Enter) -> None:
    flow, client = factories.flow(), enter("Auditor")
    for name, pk in (
        ("hub_connection_history", flow.source_id),
        ("hub_flow_history", flow.pk),
        ("hub_delivery_history", factories.failed(flow).pk),
    ):
        assert client.get(reverse(f"admin:{name}", args=[pk])).status_code == 200


def test_history_cannot_be_changed_or_deleted_even_by_an_administrator(enter: Enter) -> None:
    made, client = factories.failed(factories.flow()), enter("superuser")
    assert client.get(reverse("admin:hub_delivery_delete", args=[made.pk])).status_code == 403
    assert client.get(reverse("admin:hub_delivery_add")).status_code == 403
    assert client.post(reverse("admin:hub_errorrecord_change", args=[made.errors.get().pk]), {"note": "x"}).status_code == 403


def test_pages_hold_no_script_of_their_own_and_send_the_policy(enter: Enter) -> None:
    made = factories.failed(factories.flow())
    answer = enter().get(reverse("admin:hub_delivery_change", args=[made.pk]))
    assert "<script>" not in words(answer)
    assert "script-src 'self' 'unsafe-eval'" in answer["Content-Security-Policy"]


def test_a_list_of_a_search_finds_by_key_title_and_target_id(enter: Enter) -> None:
    flow, client = factories.flow(), enter()
    made = factories.delivery(flow, "delivered")
    factories.delivery(flow, "pending")
    for term in (made.key, made.title, made.target_key):
        assert made.title in words(client.get(reverse("admin:hub_delivery_changelist"), {"q": term}))
    assert Delivery.objects.count() == 2


def test_lists_that_would_show_tokens_or_queue_internals_are_not_registered() -> None:
    names = {model._meta.label for model in admin.site._registry}
    assert not names & {
        "authtoken.TokenProxy",
        "authtoken.Token",
        "django_q.OrmQ",
        "django_q.Schedule",
        "django_q.Success",
        "django_q.Failure",
    }


def test_every_registered_page_wears_the_same_look() -> None:
    assert [model._meta.label for model, found in admin.site._registry.items() if not isinstance(found, ModelAdmin)] == []
