"""Personal data ends: the keys of records whose time is over are destroyed, with a receipt."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet

from hub.models import Delivery, InboundEvent, PurgeReceipt, Seal

BATCH = 500


def purge_personal_data(*, now: datetime, by: AbstractBaseUser | None = None) -> PurgeReceipt:
    """Destroys every seal whose time is over and removes what it closed. Copies elsewhere, backups too, can no longer be read.

    A record that is still to be sent keeps its seal only until its own longest time, which counts from its last change.
    """
    digest, seals, bodies = hashlib.sha256(), 0, 0
    while batch := list(_over(now)[:BATCH]):
        ids = [pk for pk, _, _ in batch]
        with transaction.atomic():
            seals += Seal.objects.filter(pk__in=ids).exclude(wrapped="").update(wrapped="", destroyed_at=now)
            bodies += Delivery.objects.filter(seal__in=ids, sealed__isnull=False).update(sealed=None)
            bodies += InboundEvent.objects.filter(seal__in=ids, sealed__isnull=False).update(sealed=None)
        for _, stream, key in batch:
            digest.update(f"{stream}/{key}\n".encode())
    return PurgeReceipt.objects.create(up_to=now, seals=seals, bodies=bodies, digest=digest.hexdigest(), by_id=by.pk if by else None)


def _over(now: datetime) -> QuerySet[Seal, tuple[int, str, str]]:
    return Seal.objects.filter(keep_until__lte=now).exclude(wrapped="").order_by("pk").values_list("pk", "stream", "key")
