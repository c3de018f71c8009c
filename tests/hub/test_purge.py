"""Personal data whose time is over is gone for good, and a receipt says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from hub import purge, vault
from hub.models import Connection, Delivery, Flow, InboundEvent, PurgeReceipt, Seal

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def flow() -> Flow:
    shop = Connection.objects.create(slug="shop", name="Shop", connector="channeladvisor")
    return Flow.objects.create(slug="orders", name="Orders", source=shop, stream="orders", target=shop, operation="acknowledge_order")


def sealed(flow: Flow, key: str, keep_until: datetime) -> Delivery:
    """A delivery and an event of one record, both with their clear text sealed."""
    seal = vault.new_seals(flow.source_id or 0, "orders", [key], keep_until)[key]
    InboundEvent.objects.create(
        connection_id=flow.source_id, event_id=f"e-{key}", type="order", seal=seal, sealed=vault.seal(seal, b"Dana"),
        due_at=NOW, received_at=NOW,
    )  # fmt: skip
    return Delivery.objects.create(
        flow=flow, key=key, state="delivered", fingerprint="", seal=seal, sealed=vault.seal(seal, b"Dana"),
        due_at=NOW, created_at=NOW, changed_at=NOW,
    )  # fmt: skip


def test_only_what_is_over_is_destroyed(flow: Flow) -> None:
    over, kept = sealed(flow, "1", NOW), sealed(flow, "2", NOW + timedelta(seconds=1))
    purge.purge_personal_data(now=NOW)
    for delivery in (over, kept):
        delivery.refresh_from_db()
    assert over.sealed is None
    assert kept.sealed is not None
    assert vault.unseal(kept.seal, kept.sealed) == b"Dana"


def test_a_copy_of_the_sealed_text_from_a_backup_opens_no_more(flow: Flow) -> None:
    delivery = sealed(flow, "1", NOW)
    backup = delivery.sealed
    purge.purge_personal_data(now=NOW)
    seal = Seal.objects.get()
    assert (seal.wrapped, seal.destroyed_at) == ("", NOW)
    with pytest.raises(vault.DestroyedError):
        vault.unseal(seal, backup)


def test_the_receipt_counts_what_was_destroyed_and_names_who_asked(flow: Flow) -> None:
    for key in ("1", "2"):
        sealed(flow, key, NOW)
    person = User.objects.create(username="dana")
    receipt = purge.purge_personal_data(now=NOW, by=person)
    assert (receipt.seals, receipt.bodies, receipt.by, receipt.up_to) == (2, 4, person, NOW)
    assert len(receipt.digest) == 64


def test_a_purge_without_work_leaves_a_receipt_as_well_and_repeating_it_changes_nothing(flow: Flow) -> None:
    sealed(flow, "1", NOW)
    purge.purge_personal_data(now=NOW)
    again = purge.purge_personal_data(now=NOW)
    assert (again.seals, again.bodies) == (0, 0)
    assert PurgeReceipt.objects.count() == 2


def test_more_records_than_one_batch_are_all_destroyed(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "BATCH", 3)
    for n in range(8):
        sealed(flow, str(n), NOW)
    assert purge.purge_personal_data(now=NOW).seals == 8
    assert not Seal.objects.exclude(wrapped="").exists()


def test_equal_purges_have_equal_digests(flow: Flow) -> None:
    sealed(flow, "1", NOW)
    first = purge.purge_personal_data(now=NOW).digest
    vault.new_seals(flow.source_id or 0, "orders", ["1"], NOW)
    assert purge.purge_personal_data(now=NOW).digest == first


def test_an_event_that_was_taken_while_the_purge_ran_is_sealed_under_a_fresh_key(flow: Flow) -> None:
    sealed(flow, "1", NOW)
    purge.purge_personal_data(now=NOW)
    seal = vault.new_seals(flow.source_id or 0, "orders", ["1"], timezone.now() + timedelta(days=9))["1"]
    assert vault.unseal(seal, vault.seal(seal, b"Dana")) == b"Dana"
