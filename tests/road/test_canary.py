"""Marked personal data of a thousand orders is nowhere but under seal, and after its time not even there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from connectors.channeladvisor.standin.orders import generate
from hub import vault
from hub.demo.inventing import goods_of
from hub.engine import triage
from hub.engine.read import start_run
from hub.models import Connection, Delivery, ErrorRecord, Flow, InboundEvent, PurgeReceipt, Seal, SyncRun
from hub.purge import purge_personal_data
from hub.tasks import tick
from tests.road import canary
from tests.road.canary import MARK
from tests.road.conftest import Road

pytestmark = [pytest.mark.road, pytest.mark.django_db(transaction=True)]
ORDERS = 1000


@pytest.fixture(autouse=True)
def _talkative(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything is logged, and nothing waits for long."""
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("HUB_PACE", "0.02")


def spoil(order: dict[str, Any], number: int) -> None:
    """Some orders that fields, mappings and TIMS must refuse because of what their buyers wrote."""
    order["Notes"] = {"Public": f"For {MARK}", "Private": "", "Buyer": f"Ring {MARK} twice"}
    order["OrderItem"][0]["GiftMessage"] = f"Love, {MARK}"
    kinds: list[dict[str, Any]] = [
        {"LastName": MARK * 4},
        {"AddressLine1": f"{MARK} " * 5, "AddressLine2": f"{MARK} " * 5},
        {"StateOrProvince": "QQ", "City": MARK, "PostalCode": "0", "Country": "US"},
        {"PostalCode": MARK},
        {"Phone": f"ask {MARK}"},
    ]
    order["ShippingAddress"].update(kinds[number % len(kinds)])
    if number % 7 == 0:
        order["CustomerInfo"]["Email"] = f"{MARK} at nowhere"


def orders(road: Road) -> list[dict[str, Any]]:
    skus, bundles = goods_of(road)  # type: ignore[arg-type]
    made = generate(seed=3, count=ORDERS, now=road.channeladvisor.now(), skus=skus, bundles=bundles, failing=0.05, marks=MARK)
    found = [one.order for one in made]
    for number, order in enumerate(found[:60]):
        spoil(order, number)
    return found


def misbehave(road: Road) -> None:
    """Answers are lost, cut and replaced by web pages, so that deliveries fail, are asked about and are tried again."""
    for kind in ("drop_after", "truncate", "html_after", "503"):
        road.tims.faults.add(kind, "/api/v1/*", method="POST", count=25, probability=0.05)
        road.channeladvisor.faults.add(kind, "/v2/orders*", count=8, probability=0.05)


def strange_events(road: Road) -> None:
    """A forged event, and a signed one that cannot be read; both speak of the marked buyer."""
    (row,) = road.channeladvisor.book.rows("subscription")
    forged = requests.post(row["Url"], json={"Buyer": MARK}, headers={"X-ChannelAdvisor-Signature": f"t=1,v1={MARK}"}, timeout=10)
    assert forged.status_code == 401
    road.channeladvisor.webhooks.announce(row["Url"], f'{{"Buyer": "{MARK}"}}'.encode(), id="strange", Subscription=row["ID"], Event="x")


def moving(road: Road) -> dict[str, list[Any]]:
    """What is on its way; the event that nobody can read stays with its sender."""
    found: dict[str, list[Any]] = {
        "deliveries": list(
            Delivery.objects.filter(state__in=("pending", "sending", "waiting")).values_list("flow__slug", "state", "reason", "attempts")
        ),
        "events": list(InboundEvent.objects.filter(state="received").values_list("key", "reason", "attempts")),
        "runs": list(SyncRun.objects.filter(state__in=("waiting", "running")).values_list("flow__slug", "state", "trigger")),
        "webhooks": [row["ID"] for row in road.channeladvisor.book.rows("__webhook__") if row["ID"] != "strange"],
    }
    return {what: rows for what, rows in found.items() if rows}


def time_passes() -> None:
    """What waits to be tried again is due."""
    for waiting in (Delivery.objects.filter(state="waiting"), InboundEvent.objects.filter(state="received")):
        waiting.filter(due_at__gt=timezone.now()).update(due_at=timezone.now())


def until_quiet(road: Road, what: Callable[[], bool] = lambda: True, *, seconds: float = 180) -> None:
    """Waits, with the minute round going on all the time, until that is true and nothing moves any more."""
    looks = count(1)

    def over() -> bool:
        tick()
        if next(looks) % 20 == 0:
            time_passes()
        left = moving(road)
        if set(left) == {"webhooks"}:
            road.channeladvisor.webhooks.flush(timeout=2)
        return what() and not left

    try:
        road.until(over, seconds)
    except AssertionError as error:
        raise AssertionError(f"Still moving: { {name: rows[:3] for name, rows in moving(road).items()} }") from error


def all_read(flow: Flow) -> bool:
    """Whether every order has become a delivery; until then readings begin one after the other, since some meet a fault."""
    known = Delivery.objects.filter(flow=flow).values("key").distinct().count()
    if known < ORDERS and not SyncRun.objects.filter(flow=flow, state__in=("waiting", "running")).exists():
        start_run(flow, trigger=SyncRun.Trigger.SCHEDULE)
    return known >= ORDERS


def run_everything(road: Road) -> None:
    """Success, failure, retry, webhook, reading, resync, and what people do about it."""
    (row,) = road.channeladvisor.book.rows("subscription")
    misbehave(road)
    strange_events(road)
    made = orders(road)
    road.channeladvisor.place_many(made[:700])
    road.channeladvisor.book.put("subscription", row["ID"], {**row, "Status": "Disabled"})
    road.channeladvisor.place_many(made[700:])
    road.channeladvisor.book.put("subscription", row["ID"], row)
    flow = Flow.objects.get(slug="ca-orders")
    until_quiet(road, lambda: all_read(flow))
    person = User.objects.create_superuser("canary", password="not-a-mark")
    triage.retry(Delivery.objects.all(), by=person)
    start_run(flow, trigger=SyncRun.Trigger.PERSON, keys=[str(one["ChannelAdvisorOrderID"]) for one in made[:80]], asked_by=person)
    until_quiet(road)
    triage.resolve(ErrorRecord.objects.filter(category="mapping"), note="Done by hand.", by=person)
    triage.hold(Delivery.objects.filter(state="failed"), reason="Ask first.", by=person)


def looked_at() -> Client:
    """A logged-in person who has read one record's clear text."""
    client = Client()
    client.force_login(User.objects.get(username="canary"), backend="django.contrib.auth.backends.ModelBackend")
    delivery = Delivery.objects.filter(flow__slug="ca-orders", sealed__isnull=False).latest("pk")
    shown = client.post(f"/admin/hub/delivery/{delivery.pk}/reveal/", {"reason": "To prove that it can be read.", "confirmed": "1"})
    assert canary.marks_in(shown.content)
    return client


def blobs() -> list[tuple[int, bytes]]:
    """Every sealed text with its seal's id, as a backup would hold it."""
    rows = [*Delivery.objects.values_list("seal", "sealed"), *InboundEvent.objects.values_list("seal", "sealed")]
    return [(seal, bytes(sealed)) for seal, sealed in rows if seal and sealed]


def opened(kept: list[tuple[int, bytes]]) -> list[bytes]:
    """What can still be read of a backup with the present seals and keys."""
    seals, found = Seal.objects.in_bulk({seal for seal, _ in kept}), []
    for seal, blob in kept:
        with suppress(vault.DestroyedError):
            found.append(vault.unseal(seals[seal], blob))
        for key in settings.HUB_ENCRYPTION_KEYS:
            with suppress(InvalidToken):
                found.append(Fernet(key).decrypt(blob))
    return found


def ship_some(road: Road) -> set[str]:
    """Some orders are shipped, and the hub has heard of it."""
    numbers = [int(key) for key in Delivery.objects.filter(flow__slug="ca-orders", state="delivered").values_list("key", flat=True)[:20]]
    for number in numbers:
        road.channeladvisor.ship(number)
    start_run(Flow.objects.get(slug="ca-orders"), trigger=SyncRun.Trigger.SCHEDULE)
    keys = {str(number) for number in numbers}
    soon = timezone.now() + timedelta(days=settings.HUB_PERSONAL_DATA_DAYS + 2)
    until_quiet(road, lambda: Seal.objects.filter(stream="orders", key__in=keys, keep_until__lt=soon).count() == len(keys))
    return keys


def test_marked_people_are_nowhere_but_under_seal_and_after_their_time_not_even_there(
    road: Road, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_everything(road)
    states = set(Delivery.objects.values_list("state", flat=True))
    assert {"delivered", "held", "skipped"} <= states
    assert ErrorRecord.objects.count() > 20
    client = looked_at()

    assert canary.leaks_in_pages(client) == []
    assert canary.leaks_in_database() == []
    assert canary.leaks_in_files(canary.database_files()) == []
    assert canary.leaks_in_files((tmp_path / "logs").glob("*.log")) == []
    assert not canary.marks_in("".join(capfd.readouterr()))

    shipped = ship_some(road)
    road.processes.stop()
    kept = blobs()
    assert sum(bool(canary.marks_in(clear)) for clear in opened(kept)) > ORDERS

    purge_personal_data(now=timezone.now() + timedelta(days=settings.HUB_PERSONAL_DATA_DAYS + 2))
    left = set(Seal.objects.filter(stream="orders").exclude(wrapped="").values_list("key", flat=True))
    assert left
    assert not left & shipped

    purge_personal_data(now=timezone.now() + timedelta(days=settings.HUB_PERSONAL_DATA_MAX_DAYS + 1))
    assert opened(kept) == []
    assert blobs() == []
    assert not Seal.objects.exclude(wrapped="").exists()
    assert sum(receipt.seals for receipt in PurgeReceipt.objects.all()) == Seal.objects.count()
    assert Connection.objects.count() == 3
