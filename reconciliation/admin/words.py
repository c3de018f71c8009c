"""How states and results of the money are coloured and worded."""

from __future__ import annotations

from decimal import Decimal

from django.utils.html import format_html
from django.utils.safestring import SafeString

from mappings.core.money import minor_units

TONES: dict[str, str] = {
    "parsed": "info", "matched": "info", "ready": "warn", "posting": "info", "posted": "ok", "deposited": "ok", "closed": "ok",
    "blocked": "bad", "reversed": "mute", "proposed": "warn", "superseded": "mute", "discarded": "mute", "imported": "ok",
    "received": "info", "quarantined": "bad", "draft": "mute", "prepared": "warn", "sent": "info", "open": "bad", "accepted": "ok",
    "gone": "mute", "within_tolerance": "ok", "short_paid": "bad", "over_paid": "bad", "duplicate_payment": "bad", "partly_settled": "warn",
    "currency_mismatch": "bad", "unmatched_order": "bad", "awaited": "mute", "not_settled": "warn", "published": "ok", "retired": "mute",
}  # fmt: skip


STORED = Decimal("0.0001")
"""What the database keeps; sums on SQLite come back with more."""


def label(state: str, words: str) -> SafeString:
    """A coloured label; the word always stands beside the colour."""
    return format_html('<span class="hub-badge hub-{}">{}</span>', TONES.get(state, "mute"), words)


def money(amount: Decimal | None, currency: str = "") -> str:
    """`1,234.50 USD` with the currency's decimals (more only where they are there), a real minus sign; a dash for no amount."""
    if amount is None:
        return "–"
    text = f"{in_units(amount, currency):,f}"
    return f"{text.replace('-', '−')} {currency}".strip()


def in_units(amount: Decimal, currency: str) -> Decimal:
    """The amount with the decimals of its currency, with more only where they are there: `100.0000` → `100.00`."""
    stored = amount.quantize(STORED)
    exact = stored.quantize(Decimal(1).scaleb(-minor_units(currency)))
    return exact if exact == stored else stored.normalize()
