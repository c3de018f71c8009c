"""Connections, flows and runs: what may be entered, what is kept secret, what the buttons do."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.urls import reverse
from django_q.models import Schedule

from connectors.base import Finding
from hub import vault
from hub.models import CompletenessCheck, Connection, Flow, SyncRun
from hub.roles import ship_roles
from tests import factories
from tests.hub.admin.reading import Enter, words


def form(connection: Connection, **changes: str) -> dict[str, str]:
    """What the browser posts when nothing but `changes` is typed."""
    settings = {f"setting_{name}": value for name, value in connection.settings.items()}
    return {"name": connection.name, "slug": connection.slug, "enabled": "on", "parallel": "", **settings, **changes}


def change(connection: Connection) -> str:
    return reverse("admin:hub_connection_change", args=[connection.pk])


def test_a_stored_secret_is_never_shown(enter: Enter) -> None:
    made = factories.connection("channeladvisor")
    page = words(enter().get(change(made)))
    assert not [secret for secret in factories.SECRETS["channeladvisor"].values() if secret in page]
    assert "leave empty to keep it" in page


def test_an_empty_secret_field_keeps_the_stored_one_and_a_filled_one_replaces_it(enter: Enter) -> None:
    made, client = factories.connection("channeladvisor"), enter()
    client.post(change(made), form(made, setting_refresh_token="a new one"))
    made.refresh_from_db()
    opened = vault.connection_settings(made)
    assert (opened["refresh_token"], opened["shared_secret"]) == ("a new one", "shared-s3cret")
    assert "a new one" not in made.secrets
    assert "a new one" not in str(made.history.first().__dict__)


def test_an_optional_secret_is_forgotten_on_request_and_a_required_one_cannot_be(enter: Enter) -> None:
    made, client = factories.connection("channeladvisor"), enter()
    client.post(change(made), {**form(made), "setting_forget": ["webhook_secret"]})
    made.refresh_from_db()
    assert sorted(vault.open_secrets(made.secrets)) == ["refresh_token", "shared_secret"]
    client.post(change(made), {**form(made), "setting_forget": ["shared_secret"]})
    made.refresh_from_db()
    assert sorted(vault.open_secrets(made.secrets)) == ["refresh_token", "shared_secret"]


def test_saving_the_form_does_not_undo_what_workers_wrote(enter: Enter) -> None:
    made, client = factories.connection("channeladvisor"), enter()
    given = form(made, name="Renamed")
    Connection.objects.filter(pk=made.pk).update(
        bad_signatures=7, secrets=vault.seal_secrets({**vault.open_secrets(made.secrets), "refresh_token": "rotated"})
    )
    client.post(change(made), given)
    made.refresh_from_db()
    assert (made.name, made.bad_signatures, vault.open_secrets(made.secrets)["refresh_token"]) == ("Renamed", 7, "rotated")


def test_a_required_secret_that_was_never_stored_is_asked_for(enter: Enter) -> None:
    made = factories.connection("channeladvisor", secrets="")
    page = words(enter().post(change(made), form(made)))
    assert "This field is required" in page


@pytest.mark.parametrize("name", ["hub_connection", "hub_flow", "mappings_mapping", "mappings_lookuptable"])
def test_a_short_name_says_what_it_is_for(enter: Enter, name: str) -> None:
    page = words(enter().get(reverse(f"admin:{name}_add")))
    assert "Short name" in page
    assert "Used in addresses and commands" in page


def test_an_address_without_a_scheme_is_refused(enter: Enter) -> None:
    made = factories.connection("channeladvisor")
    assert "An address begins with https://" in words(enter().post(change(made), form(made, setting_base_url="api.example.test")))


def test_whoever_points_a_connection_elsewhere_must_enter_its_secrets_again(enter: Enter) -> None:
    made = factories.connection("channeladvisor")
    page = words(enter().post(change(made), form(made, setting_base_url="https://elsewhere.example")))
    assert "enter this again" in page
    made.refresh_from_db()
    assert "elsewhere" not in str(made.settings)


@pytest.mark.parametrize("stored", ["https://api.amazon.com/auth/o2/token", ""])
def test_whoever_has_tokens_fetched_elsewhere_must_enter_the_secrets_again(enter: Enter, stored: str) -> None:
    made = factories.connection("amazon")
    made.settings = {**made.settings, **({"token_url": stored} if stored else {})}
    made.save()
    page = words(enter().post(change(made), form(made, setting_token_url="https://elsewhere.example/token")))
    assert "changed from api.amazon.com: enter this again" in page


def test_an_auditor_sees_a_connection_without_buttons_secrets_or_the_webhook_address(enter: Enter) -> None:
    made, client = factories.connection("channeladvisor"), enter("Auditor")
    page = words(client.get(change(made)))
    assert made.webhook_token not in page
    assert "Test connection</button>" not in page
    assert client.post(reverse("admin:hub_connection_act", args=[made.pk]), {"act": "pause"}).status_code == 403


def test_testing_a_connection_stores_what_was_found_in_words(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    made = factories.connection("channeladvisor", status="refused")
    factories.error(None, cause=f"credentials:{made.slug}")
    works = (
        [Finding(what="Address", ok=True, words="It answers."), Finding(what="Webhooks", ok=False, vital=False, words="No subscription.")],
        "production",
    )
    monkeypatch.setattr("hub.engine.check._ask", lambda connection: works)
    enter().post(reverse("admin:hub_connection_act", args=[made.pk]), {"act": "test"})
    made.refresh_from_db()
    assert (made.status, made.environment, made.status_words) == ("working", "production", "No subscription.")
    assert factories.ErrorRecord.objects.get().state == "healed"


def test_a_connection_that_cannot_be_reached_says_so(enter: Enter) -> None:
    made = factories.connection("channeladvisor")
    page = words(enter().post(reverse("admin:hub_connection_act", args=[made.pk]), {"act": "test"}, follow=True))
    made.refresh_from_db()
    assert made.status == "failing"
    assert "could not be reached" in page


def test_refused_credentials_stop_the_connection(enter: Enter, monkeypatch: pytest.MonkeyPatch) -> None:
    made = factories.connection("channeladvisor")
    monkeypatch.setattr("hub.engine.check._ask", lambda connection: ([Finding(what="Credentials", ok=False, words="Revoked.")], ""))
    enter().post(reverse("admin:hub_connection_act", args=[made.pk]), {"act": "test"})
    made.refresh_from_db()
    assert made.status == "refused"


def test_resuming_wakes_what_waited(enter: Enter, woken: list[tuple[str, int]]) -> None:
    made = factories.connection("tims", enabled=False)
    enter().post(reverse("admin:hub_connection_act", args=[made.pk]), {"act": "resume"})
    made.refresh_from_db()
    assert made.enabled
    assert ("deliver", made.pk) in woken


def test_a_connection_that_a_flow_uses_cannot_be_deleted(enter: Enter) -> None:
    flow = factories.flow()
    assert enter().get(reverse("admin:hub_connection_delete", args=[flow.source_id])).status_code == 403


def flow_form(flow: Flow, **changes: Any) -> dict[str, Any]:
    given = {
        "name": flow.name, "slug": flow.slug, "enabled": "on", "source": flow.source_id, "stream": flow.stream, "after": "",
        "mapping": flow.mapping_id,
        "target": flow.target_id, "operation": flow.operation, "filter": "", "filter_words": "", "send_changes": "on", "poll_minutes": 20,
        "webhooks": "on", "batch": 100, "priority": 0, **changes,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stream": "items"}, "does not offer these records"),
        ({"operation": "acknowledge_order"}, "does not offer this operation"),
        ({"stream": ""}, "Choose a source and its records"),
        ({"operation": ""}, "Choose what the target is asked to do"),
        ({"target": ""}, "Choose where this operation is carried out"),
        ({"filter": "Totals.Grand >"}, "errorlist"),
        ({"stream": "customers"}, "reads other records than the flow"),
    ],
)
def test_a_flow_that_does_not_fit_together_is_refused_in_words(changes: dict[str, str], said: str, enter: Enter) -> None:
    flow = factories.flow()
    answer = enter().post(reverse("admin:hub_flow_change", args=[flow.pk]), flow_form(flow, **changes))
    assert answer.status_code == 200
    assert said in words(answer) or answer.context["errors"]


def test_saving_a_flow_changes_its_schedule(enter: Enter) -> None:
    flow = factories.flow()
    answer = enter().post(reverse("admin:hub_flow_change", args=[flow.pk]), flow_form(flow))
    assert answer.status_code == 302
    assert Schedule.objects.get(func="hub.tasks.poll").minutes == 20


def test_an_operator_runs_a_flow_and_is_named_in_the_run(enter: Enter) -> None:
    flow = factories.flow()
    enter("Operator").post(reverse("admin:hub_flow_act", args=[flow.pk]), {"act": "run"})
    run = SyncRun.objects.get()
    assert (run.flow, run.trigger) == (flow, "person")
    assert run.asked_by is not None


@pytest.mark.parametrize("what", ["run", "pause"])
def test_an_auditor_can_neither_run_nor_pause_a_flow(what: str, enter: Enter) -> None:
    flow = factories.flow()
    assert enter("Auditor").post(reverse("admin:hub_flow_act", args=[flow.pk]), {"act": what}).status_code == 403


def test_a_resync_shows_what_would_happen_before_anything_is_started(enter: Enter) -> None:
    flow, client = factories.flow(), enter("Operator")
    made = factories.failed(flow)
    address = reverse("admin:hub_flow_resync", args=[flow.pk])
    page = words(client.post(address, {"keys": f"{made.key}, 777", "since_0": "", "since_1": "", "act": "preview"}))
    assert "replaces the delivery that has not got through" in page
    assert "for the first time" in page
    assert not SyncRun.objects.exists()
    client.post(address, {"keys": f"{made.key}, 777", "since_0": "", "since_1": "", "act": "start"})
    assert SyncRun.objects.get().keys == [made.key, "777"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"keys": ""}, "Enter either records or a time"),
        ({"keys": "1", "since_0": "2026-01-01", "since_1": "00:00"}, "Enter either records or a time"),
        ({"since_0": "2999-01-01", "since_1": "00:00"}, "has not come yet"),
        ({"since_0": "yesterday", "since_1": "noon"}, "valid"),
        ({"keys": "\n".join(str(number) for number in range(1001))}, "At most 1000"),
    ],
)
def test_a_senseless_resync_is_refused_in_words(given: dict[str, str], said: str, enter: Enter) -> None:
    address = reverse("admin:hub_flow_resync", args=[factories.flow().pk])
    assert said in words(enter("Operator").post(address, {"keys": "", "since_0": "", "since_1": "", "act": "start", **given}))
    assert not SyncRun.objects.exists()


def test_the_progress_of_a_run_is_told_as_numbers(enter: Enter) -> None:
    run = SyncRun.objects.create(flow=factories.flow(), trigger="person", state="running", wanted=200, read=50, accepted=40)
    told = enter("Auditor").get(reverse("admin:hub_syncrun_progress", args=[run.pk])).json()
    assert (told["active"], told["share"], told["accepted"]) == (True, 25, 40)


def test_a_running_run_is_asked_to_stop_and_a_waiting_one_ends_at_once(enter: Enter) -> None:
    flow, client = factories.flow(), enter("Operator")
    running = SyncRun.objects.create(flow=flow, trigger="person", state="running")
    waiting = SyncRun.objects.create(flow=flow, trigger="person", state="waiting")
    for run in (running, waiting):
        client.post(reverse("admin:hub_syncrun_stop", args=[run.pk]), {"confirmed": "yes"})
        run.refresh_from_db()
    assert (running.state, running.stop_asked) == ("running", True)
    assert waiting.state == "stopped"


def test_roles_are_shipped_once_and_what_was_added_by_hand_stays() -> None:
    first = ship_roles()
    Group.objects.get(name="Auditor").permissions.add(Permission.objects.get(codename="reveal_delivery"))
    assert ship_roles()["Auditor"] == first["Auditor"] + 1


def test_no_role_but_the_administrator_may_read_personal_data() -> None:
    ship_roles()
    assert list(Group.objects.filter(permissions__codename="reveal_delivery").values_list("name", flat=True)) == ["Administrator"]


def test_pausing_and_stopping_ask_first(enter: Enter) -> None:
    flow, client = factories.flow(), enter()
    run = SyncRun.objects.create(flow=flow, trigger="person", state="running")
    pages = (("hub_flow_act", flow), ("hub_connection_act", flow.target), ("hub_syncrun_stop", run))
    asked = [words(client.post(reverse(f"admin:{name}", args=[row.pk]), {"act": "pause"})) for name, row in pages]
    assert all('name="confirmed"' in page for page in asked)
    for row in (flow, flow.target, run):
        row.refresh_from_db()
    assert (flow.enabled, flow.target.enabled, run.stop_asked) == (True, True, False)


def test_what_was_confirmed_is_paused(enter: Enter) -> None:
    flow, client = factories.flow(), enter()
    for name, row in (("hub_flow_act", flow), ("hub_connection_act", flow.target)):
        client.post(reverse(f"admin:{name}", args=[row.pk]), {"act": "pause", "confirmed": "yes"})
        row.refresh_from_db()
    assert (flow.enabled, flow.target.enabled) == (False, False)


def test_completeness_is_checked_after_a_confirmation_and_the_list_states_it(enter: Enter) -> None:
    made, client = factories.flow(), enter("Operator")
    address = reverse("admin:hub_flow_act", args=[made.pk])
    assert "Check completeness" in words(client.get(reverse("admin:hub_flow_change", args=[made.pk])))
    assert "in another list of the source" in words(client.post(address, {"act": "check"}))
    client.post(address, {"act": "check", "confirmed": "yes"})
    check = CompletenessCheck.objects.get()
    CompletenessCheck.objects.update(state="done", listed=1284)
    page = words(client.get(reverse("admin:hub_completenesscheck_changelist")))
    assert "1,284 of 1,284" in page
    assert check.asked_by is not None


def test_a_second_check_of_a_flow_is_refused_in_words_while_one_is_not_over(enter: Enter) -> None:
    made, client = factories.flow(), enter("Operator")
    address = reverse("admin:hub_flow_act", args=[made.pk])
    for _ in range(2):
        page = words(client.post(address, {"act": "check", "confirmed": "yes"}, follow=True))
    assert "A check of this flow is not over yet." in page
    assert CompletenessCheck.objects.count() == 1


def test_who_only_looks_may_not_start_a_check(enter: Enter) -> None:
    made = factories.flow()
    assert enter("Auditor").post(reverse("admin:hub_flow_act", args=[made.pk]), {"act": "check", "confirmed": "yes"}).status_code == 403


def test_subscribing_says_what_to_enter_first(enter: Enter) -> None:
    made = factories.connection("amazon")
    wish = {"act": "subscribe", "confirmed": "yes"}
    page = words(enter().post(reverse("admin:hub_connection_act", args=[made.pk]), wish, follow=True))
    assert "did not take the subscription: Enter the queue" in page
