"""Statement files: what came in, what became of it, and the bytes themselves; upload and fetching of new ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django_q.tasks import async_task

from hub.admin.base import PageAdmin, page, person
from hub.admin.words import when
from reconciliation.admin import upload
from reconciliation.admin.words import label, money
from reconciliation.engine import files
from reconciliation.engine.road import bring
from reconciliation.models import Books, Settlement, StatementFile

DOWNLOAD, IMPORT = "reconciliation.download_statementfile", "reconciliation.import_settlement"
State = StatementFile.State


@admin.register(StatementFile)
class StatementFileAdmin(PageAdmin):
    """Every file that ever came, the latest first; none is ever deleted."""

    list_display = ("name", "account", "state_badge", "what_became", "size_words", "received", "by")
    list_filter = ("state", "connection", "received_at")
    list_select_related = ("connection", "by")
    search_fields = ("name", "report", "sha256__startswith", "settlements__settlement_id")
    list_before_template = "reconciliation/files_above.html"
    empty_words = "Press Fetch now to read the reports that the marketplace lists, or upload files that you downloaded there."

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("upload/", view(self.upload_view), name="reconciliation_statementfile_upload"),
            path("fetch/", view(self.fetch_view), name="reconciliation_statementfile_fetch"),
            path("<int:pk>/download/", view(self.download_view), name="reconciliation_statementfile_download"),
            path("<int:pk>/again/", view(self.again_view), name="reconciliation_statementfile_again"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[StatementFile]:
        """With the settlements, asked for once."""
        found: QuerySet[StatementFile] = super().get_queryset(request)
        return found.prefetch_related("settlements")

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """One file with what became of it."""
        row = get_object_or_404(StatementFile.objects.select_related("connection", "by"), pk=pk)
        settlements = Settlement.objects.filter(file=row)
        return page(
            self, request, "reconciliation/file.html", row.name, file=row, badge=label(row.state, row.get_state_display()),
            settlements=[(one, label(one.state, one.get_state_display()), money(one.total, one.currency)) for one in settlements],
            may_download=request.user.has_perm(DOWNLOAD), may_import=request.user.has_perm(IMPORT) and row.state != State.IMPORTED,
        )  # fmt: skip

    def upload_view(self, request: HttpRequest) -> HttpResponse:
        """One or several files of an account."""
        if not request.user.has_perm(IMPORT):
            raise PermissionDenied
        return upload.upload_page(self, request)

    def fetch_view(self, request: HttpRequest) -> HttpResponse:
        """Asks a worker to look for new reports at every account."""
        if request.method != "POST" or not request.user.has_perm(IMPORT):
            raise PermissionDenied
        if Books.objects.filter(source__enabled=True).exists():
            async_task("reconciliation.tasks.fetch", group="reconciliation")
            self.message_user(
                request, "New reports are being looked for; they appear here as they come. Look again in a minute.", messages.SUCCESS
            )
        else:
            self.message_user(request, "No account that is switched on has books yet. Add them under Books.", messages.WARNING)
        return redirect("admin:reconciliation_statementfile_changelist")

    def again_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Reads a kept file again: after a crash, or when the parser has learned its layout."""
        if request.method != "POST" or not request.user.has_perm(IMPORT):
            raise PermissionDenied
        row = get_object_or_404(StatementFile, pk=pk)
        books = Books.objects.select_related("source", "target", "orders", "rules").filter(source=row.connection_id).first()
        here = reverse("admin:reconciliation_statementfile_change", args=[pk])
        if books is None:
            self.message_user(
                request, f"{row.connection} has no books yet. Add them under Books, then read the file again.", messages.ERROR
            )
            return redirect(here)
        try:
            brought = bring(row, books, now=timezone.now(), by=person(request))
        except FileNotFoundError:
            self.message_user(request, GONE, messages.ERROR)
            return redirect(here)
        self.log_change(request, row, f"Read again: {brought.taken.outcome}")
        level = messages.WARNING if brought.needs_a_person else messages.SUCCESS
        self.message_user(request, " ".join([brought.taken.words, *brought.stops]), level)
        return redirect(here)

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The bytes as they came; who took them is kept."""
        if request.method != "POST" or not request.user.has_perm(DOWNLOAD):
            raise PermissionDenied
        row = get_object_or_404(StatementFile, pk=pk)
        chunks = _chunks(row)
        try:
            first = next(chunks, b"")
        except FileNotFoundError:
            self.message_user(request, GONE, messages.ERROR)
            return redirect("admin:reconciliation_statementfile_change", pk)
        self.log_change(request, row, "The file was downloaded.")
        answer = StreamingHttpResponse(_after(first, chunks), content_type="application/octet-stream")
        answer["Content-Disposition"] = content_disposition_header(True, row.name) or "attachment"
        answer["Content-Length"] = str(row.size)
        return answer

    @admin.display(description="Account", ordering="connection__name")
    def account(self, row: StatementFile) -> str:
        """The selling account."""
        return row.connection.name

    @admin.display(description="State", ordering="state")
    def state_badge(self, row: StatementFile) -> SafeString:
        """The state as a label."""
        return label(row.state, row.get_state_display())

    @admin.display(description="What became of it")
    def what_became(self, row: StatementFile) -> SafeString | str:
        """Its settlement, or what is wrong with it."""
        if row.state == State.QUARANTINED:
            return format_html('<span class="hub-clamp">{}</span>', row.problem)
        return ", ".join(str(one) for one in row.settlements.all()) or "–"

    @admin.display(description="Size", ordering="size")
    def size_words(self, row: StatementFile) -> str:
        """`10.7 MB`."""
        return str(filesizeformat(row.size))

    @admin.display(description="Received", ordering="received_at")
    def received(self, row: StatementFile) -> SafeString | str:
        """When it came."""
        return when(row.received_at)


GONE = "The bytes of this file are not where they were kept. Ask whoever runs the hub to restore them from the backup."


def _chunks(row: StatementFile) -> Iterator[bytes]:
    with files.opened(row) as source:
        while chunk := source.read(files.CHUNK):
            yield chunk


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
