"""Books: where the settlements of an account are posted and how, what may differ, and up to when nothing more is posted."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminSelectWidget

from connectors.registry import connectors
from hub.admin import confirm
from hub.admin.base import HubAdmin, person
from hub.models import Connection
from reconciliation.engine import flows, locks
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, PeriodLock, ToleranceRule

LOCKS = 10
SET_UP = "reconciliation.add_books"
STANDING = ("source", "target", "second_person")
EDITED = (
    "source", "target", "orders", "model", "zone", "rules", "second_person", "post_suspense", "orders_block", "window_days",
)  # fmt: skip


class BooksForm(forms.ModelForm):  # type: ignore[type-arg]
    """The zone is one that exists; the ledger is a system that has one; the orders come from the account."""

    zone = forms.ChoiceField(
        label="Time zone of the ledger", widget=UnfoldAdminSelectWidget(), help_text="Decides to which day and month a line belongs."
    )

    class Meta:
        model = Books
        fields = EDITED

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "zone" in self.fields:
            self.fields["zone"].choices = [(one, one) for one in sorted(available_timezones())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Says what does not fit together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        source = cleaned.get("source") or getattr(self.instance, "source", None)
        target, orders = cleaned.get("target"), cleaned.get("orders")
        if target and not _has_ledger(target):
            self.add_error("target", f"{target} takes no journals. Choose the ERP's connection.")
        if orders and source and orders.source_id != source.pk:
            self.add_error("orders", f"This flow does not read from {source}. Choose the one that brings this account's orders.")
        return cleaned


def _has_ledger(target: Connection) -> bool:
    declared = connectors().get(target.connector)
    return declared is not None and any(one.id == flows.ENTRIES for one in declared.operations)


class ToleranceInline(TabularInline):  # type: ignore[misc]
    """How much an order may differ without a person."""

    model = ToleranceRule
    extra = 0
    fields = ("currency", "marketplace", "per_order", "per_settlement")
    verbose_name_plural = "tolerances: how much an order may differ without a person (nothing here: 0.02 per order, 5.00 in all)"


@admin.register(Books)
class BooksAdmin(SimpleHistoryAdmin, HubAdmin):  # type: ignore[misc]
    """Editable configuration with the locked periods above the form."""

    form = BooksForm
    inlines = (ToleranceInline,)
    list_display = ("source", "target", "model", "zone", "rules", "second_person", "locked")
    list_select_related = ("source", "target", "rules")
    list_filter = ("target", "model")
    autocomplete_fields = ("source", "target", "orders")
    change_form_outer_before_template = "reconciliation/books_above.html"
    empty_words = "Books say which ERP an account's settlements are posted to, and how. Add connections for both first, then the books."
    fieldsets = (
        (None, {"fields": (("source", "target"), "orders")}),
        ("How it is posted", {"fields": ("model", "zone", "rules", "second_person", "post_suspense")}),
        ("Orders", {"fields": ("window_days", "orders_block")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With the locks, asked for once."""
        return super().get_queryset(request).prefetch_related("locks")

    def get_readonly_fields(self, request: HttpRequest, obj: Books | None = None) -> tuple[str, ...]:
        """Whoever does not set up books cannot switch off the second person either; an account with settlements keeps its books."""
        standing = STANDING if not request.user.has_perm(SET_UP) else ()
        settled = ("source",) if obj and obj.source.settlements.exists() else ()
        return tuple(dict.fromkeys((*standing, *settled)))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Books of an account with settlements stay."""
        used = obj is not None and obj.source.settlements.exists()
        return not used and bool(super().has_delete_permission(request, obj))

    def save_model(self, request: HttpRequest, obj: Books, form: BooksForm, change: bool) -> None:
        """Where reading goes on is written by workers meanwhile, hence not by the form."""
        if change:
            obj.save(update_fields=EDITED)
        else:
            super().save_model(request, obj, form, change)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("<int:pk>/lock/", view(self.lock_view), name="reconciliation_books_lock"),
            path("<int:pk>/locks/<int:lock>/lift/", view(self.lift_view), name="reconciliation_books_lift"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """With the locks above the form."""
        books = Books.objects.select_related("source", "target").filter(pk=object_id).first() if object_id.isdecimal() else None
        extra = {
            "books": books, "locks": list(books.locks.select_related("by", "lifted_by")[:LOCKS]), "today": timezone.localdate(),
            "may_lock": request.user.has_perm("reconciliation.add_periodlock"),
            "may_lift": request.user.has_perm("reconciliation.change_periodlock"),
        } if books else {}  # fmt: skip
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **extra})  # type: ignore[no-any-return]

    def lock_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Locks all days up to one, after a question."""
        books = self._wanted(request, pk, "reconciliation.add_periodlock")
        here = reverse("admin:reconciliation_books_change", args=[pk])
        until = _day(request.POST.get("until", ""))
        if until is None:
            self.message_user(request, "Enter the last day to be locked, such as 2026-10-31.", messages.ERROR)
            return redirect(here)
        words = f"Nothing more is posted for {books.source} into periods that end up to and with {until}. A person can lift the lock again."
        given = confirm.reason(self, request, title=f"Lock up to {until}?", words=words, label="Why", button="Lock", back=here)
        if isinstance(given, HttpResponse):
            return given
        try:
            locks.lock(books, until=until, reason=given, by=person(request), today=timezone.localdate())
        except RefusedError as wrong:
            self.message_user(request, str(wrong), messages.ERROR)
        else:
            self.log_change(request, books, f"Locked up to {until}: {given}")
            self.message_user(request, f"Locked up to and with {until}.", messages.SUCCESS)
        return redirect(here)

    def lift_view(self, request: HttpRequest, pk: int, lock: int) -> HttpResponse:
        """Lifts a lock, with a reason."""
        books = self._wanted(request, pk, "reconciliation.change_periodlock")
        row = get_object_or_404(PeriodLock, pk=lock, books=books)
        here = reverse("admin:reconciliation_books_change", args=[pk])
        words = f"The days up to {row.until} can be posted into again."
        given = confirm.reason(
            self, request, title="Lift the lock?", words=words, label="Why (kept with your name)", button="Lift", danger=True, back=here
        )
        if isinstance(given, HttpResponse):
            return given
        try:
            locks.lift(row, reason=given, by=person(request), now=timezone.now())
        except RefusedError as wrong:
            self.message_user(request, str(wrong), messages.ERROR)
        else:
            self.log_change(request, books, f"Lifted the lock up to {row.until}: {given}")
            self.message_user(request, "The lock is lifted.", messages.SUCCESS)
        return redirect(here)

    def _wanted(self, request: HttpRequest, pk: int, right: str) -> Books:
        if request.method != "POST" or not request.user.has_perm(right):
            raise PermissionDenied
        return get_object_or_404(Books.objects.select_related("source"), pk=pk)

    @admin.display(description="Locked up to")
    def locked(self, row: Books) -> str:
        """The day that the furthest lock reaches."""
        return str(max((one.until for one in row.locks.all() if one.lifted_at is None), default="–"))


def _day(text: str) -> Any:
    try:
        return parse_date(text)
    except ValueError:
        return None
