"""Personal data: who read it, and the receipts of its destruction."""

from __future__ import annotations

from django.contrib import admin

from hub.admin.base import ReadOnlyAdmin
from hub.models import PurgeReceipt, Reveal


@admin.register(Reveal)
class RevealAdmin(ReadOnlyAdmin):
    """Nobody can change or delete these."""

    list_display = ("at", "by", "delivery", "reason")
    list_filter = ("by",)
    list_select_related = ("by", "delivery")
    search_fields = ("reason", "delivery__key")
    empty_words = "Nobody has read personal data. Whoever reveals it on a delivery is listed here with the reason."


@admin.register(PurgeReceipt)
class PurgeReceiptAdmin(ReadOnlyAdmin):
    """Proof of each purge."""

    list_display = ("at", "up_to", "seals", "bodies", "digest", "by")
    list_select_related = ("by",)
    empty_words = "Personal data is destroyed when its time is over; each time leaves a receipt here."
