"""What a demonstration sets up, and the processes that it starts."""

from __future__ import annotations

import socket
import time
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User

from connectors.amazon.standin.orders import generate
from hub.demo.day import hasten
from hub.demo.flows import PLANS, install_flows
from hub.demo.processes import Processes
from hub.demo.setup import install, rates
from hub.demo.stage import admin_password, prepare
from hub.demo.standins import any_port, free_port, open_standins
from hub.demo.trickle import Trickle
from hub.engine.rows import Skipped
from hub.engine.sift import sift
from hub.models import Connection, Flow, RateLimit
from mappings.models import LookupTable
from mappings.starting import load_starters
from tests import factories


@pytest.mark.django_db
def test_a_second_start_keeps_what_people_changed_and_follows_the_address() -> None:
    with open_standins(None, fixed_ports=False) as opened:
        prepare(opened.settings())
        made = Flow.objects.count()
        Flow.objects.filter(slug="ca-orders").update(enabled=False, name="Ours")
        moved = {name: {**fields, "base_url": "http://127.0.0.1:9"} for name, fields in opened.settings().items()}
        install(moved)
    assert Flow.objects.filter(slug="ca-orders", enabled=False, name="Ours").exists()
    assert Flow.objects.count() == made
    assert {one.settings["base_url"] for one in Connection.objects.all()} == {"http://127.0.0.1:9"}
    assert Connection.objects.get(slug="amazon").settings["token_url"].startswith("http://127.0.0.1:9/")
    for _ in range(2):
        hasten(Connection.objects.get(slug="amazon"), 60)
    assert RateLimit.objects.get(connection__slug="amazon", name="getOrder").per_second == 30


@pytest.mark.django_db
def test_the_days_of_the_stand_ins_orders_have_exchange_rates_and_those_of_people_stay() -> None:
    load_starters()
    table = LookupTable.objects.get(slug="rates")
    table.entries.create(key="EUR|2030-01-09", value="1.5")
    rates(date(2030, 1, 10))
    found = dict(table.entries.filter(key__contains="|2030").values_list("key", "value"))
    assert (found["EUR|2030-01-09"], found["GBP|2030-01-04"]) == ("1.5", "1.2700")


@pytest.mark.django_db
def test_no_secret_of_a_connection_is_stored_in_the_clear() -> None:
    with open_standins(None, fixed_ports=False) as opened:
        prepare(opened.settings())
        secrets = {opened.settings()["tims"]["client_secret"], opened.settings()["channeladvisor"]["refresh_token"]}
    for connection in Connection.objects.all():
        stored = f"{connection.settings} {connection.secrets}"
        assert not any(secret in stored for secret in secrets)


@pytest.mark.django_db
def test_the_administrators_password_is_told_again_until_somebody_changes_it(tmp_path: Path) -> None:
    note = tmp_path / "note"
    first = admin_password(note)
    assert first
    assert admin_password(note) == first
    user = User.objects.get(username="admin")
    user.set_password("somebody's own")
    user.save()
    assert admin_password(note) == ""


def test_a_taken_port_is_left_to_whoever_has_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        assert free_port(other.getsockname()[1]) == 0
    assert free_port(port := any_port()) == port


def test_a_process_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    with Processes(tmp_path, {"DATABASE_URL": "nonsense://", "HUB_VAR_DIR": str(tmp_path)}) as processes:
        with pytest.raises(RuntimeError, match="web process did not start") as told:
            processes.web(any_port())
        assert "nonsense" in str(told.value)
    assert processes.running == {}


def test_orders_trickle_in_and_the_books_survive_a_restart(tmp_path: Path) -> None:
    with open_standins(tmp_path, fixed_ports=False) as opened:
        trickle = Trickle(opened, pace=(0.0, 0.01))
        trickle.start()
        while opened.channeladvisor.book.count("order") < 30 or opened.amazon.book.count("orders") < 5:
            time.sleep(0.01)
        trickle.ended.set()
        trickle.join(timeout=60)
        held = opened.channeladvisor.orders(), opened.amazon.orders()
    with open_standins(tmp_path, fixed_ports=False) as again:
        assert (again.channeladvisor.orders(), again.amazon.orders()) == held


def test_amazons_orders_are_there_after_a_restart(tmp_path: Path) -> None:
    with open_standins(tmp_path, fixed_ports=False) as opened:
        made = generate(seed=1, count=1, now=opened.amazon.now(), skus=["TK-1001"])
        placed = opened.amazon.place_many(one.order for one in made)
    with open_standins(tmp_path, fixed_ports=False) as again:
        assert [order["orderId"] for order in again.amazon.orders()] == placed


@pytest.mark.django_db
def test_every_filter_of_the_shipped_flows_and_its_reason_can_be_worked_out() -> None:
    made = {connector: factories.connection(connector) for connector in ("channeladvisor", "tims", "amazon")}
    load_starters()
    install_flows(made, poll_minutes=5)
    assert Flow.objects.count() == len(PLANS)
    for flow in Flow.objects.exclude(filter="").select_related("source", "target"):
        row = SimpleNamespace(source={}, payload={}, flow=flow, target_key="", result=None)
        sift(flow, [row])  # type: ignore[list-item]
        assert isinstance(row.result, Skipped), flow.slug
        assert row.result.reason.endswith((".", ").", "(setting).")), flow.slug
