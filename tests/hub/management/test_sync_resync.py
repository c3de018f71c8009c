"""The commands sync, resync and check_connections against the stand-ins, carried out by the command itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.utils import timezone

from connectors.channeladvisor.standin import failing
from hub.demo.day import HIGHER_QUOTA, widen
from hub.demo.inventing import invented
from hub.demo.stage import prepare
from hub.demo.standins import StandIns, open_standins
from hub.models import Connection, Delivery, SyncRun
from mappings.lookups import set_entry

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIns]:
    """Both stand-ins with the flows between them, and TIMS's items already known; the tables are there without migrating."""
    monkeypatch.setattr("hub.demo.stage.call_command", lambda *about, **options: None)
    with open_standins(None, fixed_ports=False, rate=HIGHER_QUOTA) as standins:
        widen(prepare(standins.settings())["tims"], HIGHER_QUOTA)
        call_command("sync", "tims-items")
        yield standins


def place(opened: StandIns, count: int, *, spoiled: str = "") -> list[str]:
    made = invented(opened, count, seed=3, failing=0)
    if spoiled:
        failing.spoil(made[0].order, spoiled)
    return [str(number) for number in opened.channeladvisor.place_many(one.order for one in made)]


def test_sync_brings_orders_their_customers_and_the_acknowledgement(opened: StandIns) -> None:
    numbers = place(opened, 5)
    call_command("sync", "ca-orders")
    assert all(opened.tims.order("ChannelAdvisor", number) for number in numbers)
    assert all(opened.channeladvisor.taken(int(number)) for number in numbers)


def test_sync_ends_with_one_and_says_what_to_do_when_an_order_fails(opened: StandIns, capsys: pytest.CaptureFixture[str]) -> None:
    place(opened, 2, spoiled=failing.UNMAPPED_CARRIER)
    with pytest.raises(SystemExit) as ended:
        call_command("sync", "ca-orders")
    assert ended.value.code == 1
    assert "DRONE|ROOFTOP" in capsys.readouterr().out


def test_resync_failed_sends_what_a_new_lookup_row_heals(opened: StandIns) -> None:
    numbers = place(opened, 2, spoiled=failing.UNMAPPED_CARRIER)
    with pytest.raises(SystemExit):
        call_command("sync", "ca-orders")
    set_entry("ca_ship", "DRONE|ROOFTOP", "UPS-2DA", by=None)
    call_command("resync", "ca-orders", "--failed")
    assert opened.tims.order("ChannelAdvisor", numbers[0]) is not None


def test_resync_of_a_key_reads_it_again_and_makes_no_second_order(opened: StandIns) -> None:
    (number,) = place(opened, 1)
    call_command("sync", "ca-orders")
    call_command("resync", "ca-orders", "--key", number)
    assert opened.tims.book.count("sales_orders") == 1
    assert SyncRun.objects.filter(keys=[number], state="done", read=1).exists()


def test_a_dry_run_changes_nothing(opened: StandIns, capsys: pytest.CaptureFixture[str]) -> None:
    (number,) = place(opened, 1)
    before = SyncRun.objects.count()
    call_command("resync", "ca-orders", "--key", number, "--key", "404", "--dry-run")
    said = capsys.readouterr().out
    assert "missing" in said
    assert "1 would be sent again" in said
    assert (SyncRun.objects.count(), Delivery.objects.filter(key=number).count()) == (before, 0)


def test_a_dry_run_since_a_time_names_every_record_once(opened: StandIns, capsys: pytest.CaptureFixture[str]) -> None:
    place(opened, 3)
    call_command("resync", "ca-orders", "--since", "2026-01-01", "--dry-run")
    assert "3 would be sent again" in capsys.readouterr().out


def test_working_connections_end_with_zero(opened: StandIns, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_connections", "tims")
    assert "TIMS" in capsys.readouterr().out


def test_wrong_credentials_end_with_one_and_never_show_the_secret(opened: StandIns, capsys: pytest.CaptureFixture[str]) -> None:
    opened.tims.credentials.clear()
    opened.tims.tokens.expire_all()
    with pytest.raises(SystemExit) as ended:
        call_command("check_connections")
    assert ended.value.code == 1
    assert "tims-sandbox-secret" not in capsys.readouterr().out
    assert Connection.objects.get(slug="tims").status != Connection.Status.WORKING


def test_completeness_fetches_what_the_lists_hid_and_states_it(opened: StandIns, capsys: pytest.CaptureFixture[str]) -> None:
    place(opened, 20)
    opened.channeladvisor.hidden_share = 0.3
    call_command("sync", "ca-orders")
    before = Delivery.objects.filter(flow__slug="ca-orders").count()
    call_command("completeness", "ca-orders", "--since", "2026-01-01", "--until", timezone.now().isoformat())
    assert before < 20
    assert "20 of 20" in capsys.readouterr().out
