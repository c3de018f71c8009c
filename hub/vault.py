"""Encryption at rest: connection secrets under the installation's keys, and each record's clear text under a key of its own."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from connectors.wire import decode, encode
from hub.models import Connection, Seal

_NONCE = 12


class WrongKeyError(Exception):
    """None of HUB_ENCRYPTION_KEYS opens this value; the key it was stored under is missing."""


class DestroyedError(Exception):
    """The clear text is gone for good: its key was destroyed when the personal data had to be removed."""


@lru_cache(maxsize=4)
def _keys(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _fernet() -> MultiFernet:
    return _keys(tuple(settings.HUB_ENCRYPTION_KEYS))


def lock_text(clear: str) -> str:
    """A short text encrypted under the newest of HUB_ENCRYPTION_KEYS."""
    return _fernet().encrypt(clear.encode()).decode()


def unlock_text(locked: str) -> str:
    """The clear text. Raises WrongKeyError."""
    try:
        return _fernet().decrypt(locked.encode()).decode()
    except InvalidToken:
        raise _cannot_be_opened() from None


def relock_text(locked: str) -> str:
    """The same content, text or key, under the newest key. Raises WrongKeyError."""
    try:
        return _fernet().rotate(locked.encode()).decode()
    except InvalidToken:
        raise _cannot_be_opened() from None


def _cannot_be_opened() -> WrongKeyError:
    return WrongKeyError(
        "A stored secret cannot be opened with the present HUB_ENCRYPTION_KEYS. Add the key it was stored with, or enter the secret again."
    )


def seal_secrets(secrets: dict[str, str]) -> str:
    """A connection's secret settings as one encrypted text."""
    return lock_text(encode(secrets).decode()) if secrets else ""


def open_secrets(sealed: str) -> dict[str, str]:
    """The secret settings. Raises WrongKeyError."""
    opened: dict[str, str] = decode(unlock_text(sealed)) if sealed else {}
    return opened


def connection_settings(connection: Connection) -> dict[str, str]:
    """All settings of a connection, secrets in clear: for a connector, never for a page. Raises WrongKeyError."""
    return {**{name: str(value) for name, value in connection.settings.items()}, **open_secrets(connection.secrets)}


def new_seals(connection_id: int, stream: str, keys: Iterable[str], keep_until: datetime) -> dict[str, Seal]:
    """The seal of each record, made where there is none yet. Two statements, whatever the number of keys.

    A record whose seal was destroyed and that comes again gets a fresh key; what was sealed before stays unreadable.
    """
    wanted = dict.fromkeys(keys)
    found = {seal.key: seal for seal in Seal.objects.filter(connection_id=connection_id, stream=stream, key__in=wanted)}
    missing = [key for key in wanted if key not in found]
    if missing:
        Seal.objects.bulk_create(
            [Seal(connection_id=connection_id, stream=stream, key=key, wrapped=new_key(), keep_until=keep_until) for key in missing],
            ignore_conflicts=True,
        )
        found |= {seal.key: seal for seal in Seal.objects.filter(connection_id=connection_id, stream=stream, key__in=missing)}
    destroyed = [seal.pk for seal in found.values() if not seal.wrapped]
    for pk in destroyed:
        # Another worker may do the same at this moment: the first key counts.
        Seal.objects.filter(pk=pk, wrapped="").update(wrapped=new_key(), keep_until=keep_until, destroyed_at=None)
    return found | {seal.key: seal for seal in Seal.objects.filter(pk__in=destroyed)} if destroyed else found


def new_key() -> str:
    """A fresh key for one record, wrapped under the newest of HUB_ENCRYPTION_KEYS."""
    return _fernet().encrypt(AESGCM.generate_key(128)).decode()


def forget_keys() -> None:
    """Drops every opened record key of this process, so that a destroyed one is nowhere left."""
    _unwrapped.cache_clear()


@lru_cache(maxsize=2048)
def _unwrapped(wrapped: str, keys: tuple[str, ...]) -> AESGCM:
    try:
        return AESGCM(_keys(keys).decrypt(wrapped.encode()))
    except InvalidToken:
        raise WrongKeyError(
            "A sealed record cannot be opened with the present HUB_ENCRYPTION_KEYS. Add the key it was sealed with."
        ) from None


def _cipher(seal: Seal) -> AESGCM:
    if not seal.wrapped:
        raise DestroyedError("The personal data of this record was removed; its clear text no longer exists.")
    return _unwrapped(seal.wrapped, tuple(settings.HUB_ENCRYPTION_KEYS))


def seal(row: Seal, clear: bytes) -> bytes:
    """Compressed and encrypted under the record's own key. Raises DestroyedError, WrongKeyError."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher(row).encrypt(nonce, zlib.compress(clear, 1), row.key.encode())


def unseal(row: Seal | None, sealed: bytes | memoryview | None) -> bytes:
    """The clear text. Raises DestroyedError, WrongKeyError."""
    if row is None or sealed is None:
        raise DestroyedError("The personal data of this record was removed; its clear text no longer exists.")
    raw = bytes(sealed)
    try:
        return zlib.decompress(_cipher(row).decrypt(raw[:_NONCE], raw[_NONCE:], row.key.encode()))
    except (InvalidTag, ValueError):
        raise DestroyedError("This copy was sealed under a key that has since been destroyed.") from None
