"""What is sealed opens with the right key only, and never again once its key was destroyed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import SettingsWrapper

from hub import vault
from hub.models import AccessToken, Connection, Seal

OLD, NEW, STRANGE = (Fernet.generate_key().decode() for _ in range(3))
UNTIL = datetime(2027, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(settings: SettingsWrapper) -> Connection:
    settings.HUB_ENCRYPTION_KEYS = [OLD]
    secrets = vault.seal_secrets({"key": "s3cret"})
    return Connection.objects.create(slug="shop", name="Shop", connector="channeladvisor", settings={"profile_id": 7}, secrets=secrets)


def sealed(shop: Connection, key: str = "1", clear: bytes = b'{"Name": "Dana"}') -> tuple[Seal, bytes]:
    row = vault.new_seals(shop.pk, "orders", [key], UNTIL)[key]
    return row, vault.seal(row, clear)


def test_secrets_are_stored_unreadable_and_given_to_connectors_in_clear(shop: Connection) -> None:
    assert "s3cret" not in shop.secrets
    assert vault.connection_settings(shop) == {"profile_id": "7", "key": "s3cret"}


def test_no_secrets_are_no_text() -> None:
    assert vault.seal_secrets({}) == ""
    assert vault.open_secrets("") == {}


def test_a_key_that_does_not_fit_says_so_and_shows_no_ciphertext(shop: Connection, settings: SettingsWrapper) -> None:
    row, blob = sealed(shop)
    settings.HUB_ENCRYPTION_KEYS = [STRANGE]
    with pytest.raises(vault.WrongKeyError, match="HUB_ENCRYPTION_KEYS") as secrets:
        vault.open_secrets(shop.secrets)
    with pytest.raises(vault.WrongKeyError, match="HUB_ENCRYPTION_KEYS") as record:
        vault.unseal(row, blob)
    assert shop.secrets[:20] not in str(secrets.value)
    assert row.wrapped[:20] not in str(record.value)


@pytest.mark.parametrize("locked", ["", "no token at all", "gAAAAAB"])
def test_a_damaged_secret_is_a_wrong_key_and_not_a_crash(locked: str) -> None:
    with pytest.raises(vault.WrongKeyError):
        vault.unlock_text(locked)


def test_a_new_key_in_front_opens_what_the_old_one_closed(shop: Connection, settings: SettingsWrapper) -> None:
    row, blob = sealed(shop)
    settings.HUB_ENCRYPTION_KEYS = [NEW, OLD]
    assert vault.open_secrets(shop.secrets) == {"key": "s3cret"}
    assert vault.unseal(row, blob) == b'{"Name": "Dana"}'


def test_after_the_rotation_the_old_key_is_needed_no_more(shop: Connection, settings: SettingsWrapper) -> None:
    row, blob = sealed(shop)
    AccessToken.objects.create(connection=shop, name="access", sealed=vault.lock_text("token"))
    settings.HUB_ENCRYPTION_KEYS = [NEW, OLD]
    call_command("reencrypt", verbosity=0)
    settings.HUB_ENCRYPTION_KEYS = [NEW]
    shop.refresh_from_db()
    row.refresh_from_db()
    assert vault.open_secrets(shop.secrets) == {"key": "s3cret"}
    assert vault.unseal(row, blob) == b'{"Name": "Dana"}'
    assert vault.unlock_text(AccessToken.objects.get().sealed) == "token"


@given(clear=st.binary(max_size=2000))
def test_anything_sealed_comes_back_byte_by_byte(clear: bytes) -> None:
    row = Seal(key="1", wrapped=vault.new_key())
    blob = vault.seal(row, clear)
    assert vault.unseal(row, blob) == clear
    assert len(clear) < 8 or clear not in blob


def test_one_record_s_seal_does_not_open_another_s_text(shop: Connection) -> None:
    _, blob = sealed(shop, "1")
    other, _ = sealed(shop, "2")
    with pytest.raises(vault.DestroyedError):
        vault.unseal(other, blob)


def test_the_same_text_is_never_sealed_the_same_way_twice(shop: Connection) -> None:
    row, blob = sealed(shop)
    assert vault.seal(row, b'{"Name": "Dana"}') != blob


@pytest.mark.parametrize("blob", [None, b"", b"short", b"x" * 200])
def test_a_missing_or_damaged_copy_counts_as_destroyed(shop: Connection, blob: bytes | None) -> None:
    row, _ = sealed(shop)
    with pytest.raises(vault.DestroyedError):
        vault.unseal(row, blob)


def test_a_destroyed_seal_opens_nothing_and_seals_nothing(shop: Connection) -> None:
    row, blob = sealed(shop)
    row.wrapped = ""
    for attempt in (lambda: vault.unseal(row, blob), lambda: vault.unseal(None, blob), lambda: vault.seal(row, b"more")):
        with pytest.raises(vault.DestroyedError, match="removed"):
            attempt()


def test_a_record_that_comes_again_after_its_end_gets_a_key_that_opens_no_old_copy(shop: Connection) -> None:
    row, blob = sealed(shop)
    Seal.objects.update(wrapped="", destroyed_at=UNTIL, keep_until=UNTIL - timedelta(days=9))
    again = vault.new_seals(shop.pk, "orders", ["1"], UNTIL)["1"]
    assert (again.pk, again.destroyed_at, again.keep_until) == (row.pk, None, UNTIL)
    with pytest.raises(vault.DestroyedError):
        vault.unseal(again, blob)


def test_seals_are_made_once_per_record_whatever_the_number_of_callers(shop: Connection, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(3):
        first = vault.new_seals(shop.pk, "orders", [str(n) for n in range(200)], UNTIL)
    with django_assert_max_num_queries(1):
        again = vault.new_seals(shop.pk, "orders", ["5", "5", "7"], UNTIL)
    assert again["5"].wrapped == first["5"].wrapped
    assert Seal.objects.count() == 200
