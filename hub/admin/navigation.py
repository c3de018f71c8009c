"""The sidebar: what a person may see, with the numbers that need somebody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from hub.models import Delivery, ErrorRecord

MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the sidebar. `model` decides who sees it and where it leads; `page` leads elsewhere."""

    title: str
    icon: str
    model: str = ""
    page: str = ""
    badge: str = ""


GROUPS: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    ("", (Entry(title="Dashboard", icon="dashboard", page="admin:index"),)),
    (
        "Work",
        (
            Entry(title="Errors", icon="error", model="hub.ErrorRecord", page="admin:hub_errorrecord_causes", badge="errors"),
            Entry(title="Held", icon="hourglass_top", model="hub.ErrorRecord", page="admin:hub_errorrecord_held", badge="held"),
            Entry(title="Deliveries", icon="local_shipping", model="hub.Delivery"),
            Entry(title="Runs", icon="sync", model="hub.SyncRun"),
            Entry(title="Completeness", icon="fact_check", model="hub.CompletenessCheck"),
        ),
    ),
    (
        "Money",
        (
            Entry(title="Settlements", icon="payments", model="reconciliation.Settlement"),
            Entry(title="Journals", icon="menu_book", model="reconciliation.JournalEntry"),
            Entry(title="Files", icon="description", model="reconciliation.StatementFile"),
            Entry(title="Bank", icon="account_balance", model="reconciliation.BankLine"),
            Entry(
                title="Sold, not settled",
                icon="hourglass",
                model="reconciliation.FinanceTransaction",
                page="admin:reconciliation_unsettled",
            ),
            Entry(title="Clearing", icon="swap_vert", model="reconciliation.Settlement", page="admin:reconciliation_clearing"),
            Entry(title="Close packet", icon="folder_zip", model="reconciliation.Settlement", page="admin:reconciliation_packet"),
            Entry(title="Passport", icon="travel_explore", model="reconciliation.Settlement", page="admin:reconciliation_passport"),
            Entry(title="Posting rules", icon="rule_settings", model="reconciliation.PostingRuleSet"),
            Entry(title="Books", icon="auto_stories", model="reconciliation.Books"),
        ),
    ),
    (
        "Set up",
        (
            Entry(title="Flows", icon="route", model="hub.Flow"),
            Entry(title="Connections", icon="hub", model="hub.Connection"),
            Entry(title="Mappings", icon="schema", model="mappings.Mapping"),
            Entry(title="Lookup tables", icon="table", model="mappings.LookupTable"),
        ),
    ),
    (
        "Look up",
        (
            Entry(title="Cross references", icon="link", model="hub.CrossReference"),
            Entry(title="Known records", icon="inventory_2", model="hub.KnownRecord"),
            Entry(title="Inbound events", icon="webhook", model="hub.InboundEvent"),
            Entry(title="Rate limits", icon="speed", model="hub.RateLimit"),
        ),
    ),
    (
        "Audit",
        (
            Entry(title="Activity", icon="history", model="admin.LogEntry"),
            Entry(title="Personal data read", icon="visibility", model="hub.Reveal"),
            Entry(title="Purge receipts", icon="delete_forever", model="hub.PurgeReceipt"),
            Entry(title="Refused logins", icon="lock", model="axes.AccessAttempt"),
            Entry(title="People", icon="person", model="auth.User"),
            Entry(title="Roles", icon="group", model="auth.Group"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The groups of the sidebar for this person; at most two small queries."""
    numbers = _numbers(request)
    seen = {title: [_line(one, request, numbers) for one in lines if _may_see(one, request)] for title, lines in GROUPS}
    _mark_the_nearest(seen.values())
    return [{"title": title, "items": lines} for title, lines in seen.items() if lines]


def _mark_the_nearest(groups: Iterable[list[dict[str, Any]]]) -> None:
    """A page under another one's address is marked alone."""
    active = [line for lines in groups for line in lines if line["active"]]
    longest = max((len(line["link"]) for line in active), default=0)
    for line in active:
        line["active"] = len(line["link"]) == longest


def _line(entry: Entry, request: HttpRequest, numbers: dict[str, str]) -> dict[str, Any]:
    link = _address(entry)
    line = {"title": entry.title, "icon": entry.icon, "link": link, "active": _is_here(link, request.path)}
    number = numbers.get(entry.badge, "")
    return {**line, "badge": number, "badge_variant": "danger" if entry.badge == "errors" else "warning"} if number else line


def _is_here(link: str, path: str) -> bool:
    if link == reverse("admin:index"):
        return path == link
    errors = reverse("admin:hub_errorrecord_changelist")
    if link == reverse("admin:hub_errorrecord_causes"):
        return path.startswith(errors) and not path.startswith(reverse("admin:hub_errorrecord_held"))
    return path.startswith(link)


def _may_see(entry: Entry, request: HttpRequest) -> bool:
    if not entry.model:
        return True
    try:
        model = apps.get_model(entry.model)
    except LookupError:
        return False
    registered = admin.site.get_model_admin(model) if admin.site.is_registered(model) else None
    return registered is not None and registered.has_view_permission(request)


def _address(entry: Entry) -> str:
    try:
        return reverse(entry.page or f"admin:{entry.model.lower().replace('.', '_')}_changelist")
    except NoReverseMatch:
        return reverse("admin:index")


def _numbers(request: HttpRequest) -> dict[str, str]:
    user = request.user
    counts = {}
    if user.has_perm("hub.view_errorrecord"):
        counts["errors"] = ErrorRecord.objects.filter(state=ErrorRecord.State.OPEN).order_by().values("pk")[:MOST].count()
    if user.has_perm("hub.view_delivery"):
        counts["held"] = Delivery.objects.filter(state=Delivery.State.HELD).order_by().values("pk")[:MOST].count()
    return {name: f"{MOST}+" if count == MOST else str(count) for name, count in counts.items() if count}
