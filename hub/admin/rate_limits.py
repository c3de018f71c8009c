"""Rate limits: how many calls each connection has left."""

from __future__ import annotations

from django.contrib import admin
from django.utils import timezone
from django.utils.safestring import SafeString

from hub.admin.base import ReadOnlyAdmin
from hub.admin.words import badge
from hub.models import RateLimit


@admin.register(RateLimit)
class RateLimitAdmin(ReadOnlyAdmin):
    """Token buckets that all workers share."""

    list_display = ("name", "connection", "left", "at_once", "a_second", "blocked")
    list_filter = ("connection",)
    list_select_related = ("connection",)
    empty_words = "They appear with the first call to a connection; nothing needs to be set up."

    @admin.display(description="Calls left at the last use")
    def left(self, limit: RateLimit) -> str:
        """Below zero after a burst that was taken on credit."""
        return f"{limit.tokens:,.0f}"

    @admin.display(description="At once", ordering="burst")
    def at_once(self, limit: RateLimit) -> str:
        """So many calls may go out together."""
        return f"{limit.burst:,.0f}"

    @admin.display(description="A second", ordering="per_second")
    def a_second(self, limit: RateLimit) -> str:
        """How fast the bucket fills again."""
        return f"{limit.per_second:,.2f}"

    @admin.display(description="State")
    def blocked(self, limit: RateLimit) -> SafeString:
        """Blocked while a Retry-After of the system lasts."""
        waits = limit.blocked_until > timezone.now().timestamp()
        return badge("waiting", "The system asked to wait") if waits else badge("working", "Free")
