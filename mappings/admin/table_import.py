"""Lookup tables as files: out as CSV or XLSX, in with a preview first."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.admin import ModelAdmin

from mappings.admin.pages import page
from mappings.forms import UploadForm
from mappings.models import LookupTable, LookupUpload
from mappings.table_files import MOST_BYTES, FileRows, read_file, safe_cell
from mappings.uploads import ChangedMeanwhileError, keep, preview, take_over
from mappings.workbooks import FileError, workbook

SHOWN = 50
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def export(table: LookupTable, kind: str) -> HttpResponse:
    """All rows of a table; no cell can run as a formula."""
    rows = [("key", "value", "note"), *table.entries.order_by("key").values_list("key", "value", "note")]
    safe = [[safe_cell(text) for text in row] for row in rows]
    if kind == "xlsx":
        content, content_type = workbook(table.slug, safe), XLSX
    elif kind == "csv":
        text = io.StringIO(newline="")
        csv.writer(text).writerows(safe)
        content, content_type = text.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8"
    else:
        raise Http404
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": f'attachment; filename="{table.slug}.{kind}"'})


def upload_page(admin: ModelAdmin, request: HttpRequest, table: LookupTable) -> HttpResponse:
    """Reads a file; a good one goes on to its preview, a bad one is explained. Nothing is changed yet."""
    form = UploadForm(request.POST or None, request.FILES or None)
    replace = request.POST.get("mode") == "replace"
    found = FileRows()
    if request.method == "POST" and form.is_valid():
        _may_replace(request, replace=replace)
        file = form.cleaned_data["file"]
        try:
            found = _read(table, file)
        except FileError as wrong:
            form.add_error("file", str(wrong))
        else:
            if not found.problems:
                kept = keep(table, found.rows, by=request.user, file_name=file.name, replace=replace, now=timezone.now())
                _say(request, found)
                return redirect("admin:mappings_lookuptable_preview", table.pk, kept.pk)
    answer = page(
        admin, request, "mappings/table_import.html", f"Import rows of {table.name}", table=table, form=form, found=found, replace=replace
    )
    answer.status_code = 422 if form.errors or found.problems else 200
    return answer


def _read(table: LookupTable, file: Any) -> FileRows:
    if file.size > MOST_BYTES:
        raise FileError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Split it and import the parts one after the other.")
    found = read_file(file.name, file.read(), key_label=table.key_label, value_label=table.value_label)
    if not found.rows and not found.problems:
        raise FileError("The file has a heading but no rows.")
    return found


def _say(request: HttpRequest, found: FileRows) -> None:
    if found.ignored:
        messages.warning(request, f"These columns are ignored: {', '.join(found.ignored)}.")
    if found.repeated:
        messages.info(request, f"{found.repeated} rows stand in the file twice with the same value; each is taken once.")


def preview_page(admin: ModelAdmin, request: HttpRequest, table: LookupTable, upload_id: int) -> HttpResponse:
    """What a file would change; on request, the change."""
    upload = LookupUpload.objects.filter(pk=upload_id, table=table, by_id=request.user.pk).select_related("table").first()
    if upload is None:
        messages.error(request, "This file was taken over already, or it is older than a day. Import it again.")
        return redirect("admin:mappings_lookuptable_change", table.pk)
    _may_replace(request, replace=upload.replace)
    if request.method == "POST":
        revision = request.POST.get("revision", "")
        try:
            done = take_over(upload, by=request.user, revision=int(revision) if revision.isdecimal() else -1)
        except ChangedMeanwhileError:
            messages.warning(request, "Somebody changed the table meanwhile. Nothing was imported yet; look at the preview again.")
            return redirect("admin:mappings_lookuptable_preview", table.pk, upload.pk)
        messages.success(request, f"{upload.file_name}: {done}. Deliveries use it from now on.")
        return redirect("admin:mappings_lookuptable_change", table.pk)
    changes = preview(upload)
    return page(
        admin, request, "mappings/table_preview.html", f"Preview of {upload.file_name}",
        table=table, upload=upload, changes=changes, most=SHOWN,
        added=changes.added[:SHOWN], changed=changes.changed[:SHOWN], removed=changes.removed[:SHOWN],
    )  # fmt: skip


def _may_replace(request: HttpRequest, *, replace: bool) -> None:
    if replace and not request.user.has_perm("mappings.delete_lookupentry"):
        raise PermissionDenied
