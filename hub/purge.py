"""Personal data ends: the keys of records whose time is over are destroyed, with a receipt."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from hub import vault
from hub.models import Delivery, InboundEvent, PurgeReceipt, Seal

BATCH = 500


def purge_personal_data(*, now: datetime, by: AbstractBaseUser | None = None) -> PurgeReceipt:
    """Destroys every seal whose time is over and removes what it closed. Copies elsewhere, backups too, can no longer be read.

    A seal's time is extended when its record changes and ends some days after shipment. The receipt grows with every batch, in the
    same transaction: what was destroyed is on it whatever happens in between. Its digest is a chain of SHA-256 over the record ids.
    """
    receipt = PurgeReceipt.objects.create(up_to=now, seals=0, bodies=0, digest="", by_id=by.pk if by else None)
    while batch := list(_over(now)[:BATCH]):
        with transaction.atomic():
            _destroy([pk for pk, _, _ in batch], receipt, now)
            names = "".join(f"{stream}/{key}\n" for _, stream, key in batch)
            receipt.digest = hashlib.sha256((receipt.digest + names).encode()).hexdigest()
            receipt.save(update_fields=["seals", "bodies", "digest"])
    vault.forget_keys()
    return receipt


def _destroy(ids: list[int], receipt: PurgeReceipt, now: datetime) -> None:
    receipt.seals += Seal.objects.filter(pk__in=ids, keep_until__lte=now).exclude(wrapped="").update(wrapped="", destroyed_at=now)
    gone = Seal.objects.filter(pk__in=ids, wrapped="").values("pk")
    receipt.bodies += Delivery.objects.filter(seal__in=gone, sealed__isnull=False).update(sealed=None)
    receipt.bodies += InboundEvent.objects.filter(seal__in=gone, sealed__isnull=False).update(sealed=None)


def _over(now: datetime) -> QuerySet[Seal, tuple[int, str, str]]:
    return Seal.objects.filter(keep_until__lte=now).exclude(wrapped="").order_by("pk").values_list("pk", "stream", "key")
