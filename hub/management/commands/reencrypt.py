"""`reencrypt`: brings every stored secret under the newest of HUB_ENCRYPTION_KEYS, so that an old key can be taken out."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model, QuerySet

from hub import vault
from hub.models import AccessToken, Connection, Seal


class Command(BaseCommand):
    """Safe to repeat, and safe while workers run: old and new keys both open what is stored."""

    help = "Re-encrypts secrets, tokens and record keys under the first key of HUB_ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            secrets = renew(Connection.objects.exclude(secrets=""), "secrets")
            tokens = renew(AccessToken.objects.exclude(sealed=""), "sealed")
            seals = renew(Seal.objects.exclude(wrapped=""), "wrapped")
        except vault.WrongKeyError as error:
            raise CommandError(f"{error} Nothing else was changed; run the command again afterwards.") from None
        self.stdout.write(f"Under the newest key now: {secrets} connections, {tokens} access tokens, {seals} record keys.")


def renew(rows: QuerySet[Any], column: str) -> int:
    """Rewrites one encrypted column, a thousand rows at a time; a row that changed meanwhile keeps its change. Answers how many."""
    count = 0
    for row in rows.only("pk", column).order_by("pk").iterator(chunk_size=1000):
        before = getattr(row, column)
        count += _swap(type(row), row.pk, column, before, vault.relock_text(before))
    return count


def _swap(model: type[Model], pk: int, column: str, before: str, after: str) -> int:
    return model._default_manager.filter(pk=pk, **{column: before}).update(**{column: after})
