"""The page on which settlement files are uploaded: kept first, then read while the person waits, or by a worker when they are large."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import datetime
from typing import Any, BinaryIO, cast

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_q.tasks import async_task

from hub.admin.base import PageAdmin, page, person
from reconciliation.engine import files
from reconciliation.engine.intake import ALREADY, QUARANTINED, REISSUED
from reconciliation.engine.road import bring
from reconciliation.models import Books, StatementFile

MOST_FILES = 30
MOST_BYTES = 1024 * 1024 * 1024
AT_ONCE = 20 * 1024 * 1024
"""More than this is read by a worker."""
TONES = {QUARANTINED: "bad", REISSUED: "warn", ALREADY: "mute"}


class TooLargeError(Exception):
    """An upload unpacks to more than any settlement report has."""


class ManyFilesInput(forms.ClearableFileInput):
    """Chooses several files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """All files that were chosen, each checked like one."""

    widget = ManyFilesInput(attrs={"class": "hub-input", "multiple": True})

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any]]:
        """Raises ValidationError for too many, and for one that is empty."""
        chosen = (data if isinstance(data, (list, tuple)) else [data]) or [None]
        if len(chosen) > MOST_FILES:
            raise forms.ValidationError(f"At most {MOST_FILES} files at once, please.")
        return [super(ManyFilesField, self).clean(one, initial) for one in chosen]


class UploadForm(forms.Form):
    """Whose files they are, and the files."""

    books = forms.ModelChoiceField(
        label="Selling account", queryset=Books.objects.select_related("source", "target", "orders", "rules"),
        widget=forms.Select(attrs={"class": "hub-input"}),
    )  # fmt: skip
    chosen = ManyFilesField(
        label="Files", max_length=200,
        help_text="Settlement reports (flat file V2 or V1, or CSV) as they were downloaded, also gzipped; several at once.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast("forms.ModelChoiceField[Any]", self.fields["books"])
        choice.label_from_instance = _words  # type: ignore[method-assign]
        only = list(Books.objects.values_list("pk", flat=True)[:2])
        if len(only) == 1:
            choice.initial = only[0]


def _words(obj: Books) -> str:
    return f"{obj.source} (posted to {obj.target})"


def upload_page(admin: PageAdmin, request: HttpRequest) -> HttpResponse:
    """Asks for files; then says of each what became of it."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        found = _taken(form.cleaned_data["books"], form.cleaned_data["chosen"], by=person(request), now=timezone.now())
        for one in found:
            if one["file"] is not None:
                admin.log_change(request, one["file"], f"Uploaded: {one['outcome']}")
        return page(admin, request, "reconciliation/uploaded.html", "What became of the files", found=found)
    answer = page(admin, request, "reconciliation/upload.html", "Upload settlement files", form=form, none=not Books.objects.exists())
    answer.status_code = 422 if form.errors else 200
    return answer


def _taken(books: Books, chosen: list[UploadedFile[Any]], *, by: User, now: datetime) -> list[dict[str, Any]]:
    kept = [(one.name or "file", _kept(books, one, by=by, now=now)) for one in chosen]
    small = sum(row.size for _, row in kept if row and row.state != StatementFile.State.IMPORTED) <= AT_ONCE
    found = [_read(name, row, books, by=by, now=now, at_once=small) for name, row in kept]
    if not small:
        async_task("reconciliation.tasks.read_files", books.pk, group="reconciliation")
    return found


def _kept(books: Books, file: UploadedFile[Any], *, by: User, now: datetime) -> StatementFile | None:
    """None for a file that unpacks to too much, or not at all."""
    try:
        return files.keep(_chunks(file), connection=books.source, name=file.name or "file", now=now, by=by)
    except (TooLargeError, EOFError, gzip.BadGzipFile):
        return None


def _chunks(file: UploadedFile[Any]) -> Iterator[bytes]:
    start = file.read(2)
    file.seek(0)
    source = cast(BinaryIO, gzip.GzipFile(fileobj=cast(BinaryIO, file))) if start == b"\x1f\x8b" else cast(BinaryIO, file)
    read = 0
    while chunk := source.read(files.CHUNK):
        read += len(chunk)
        if read > MOST_BYTES:
            raise TooLargeError
        yield chunk


def _read(name: str, row: StatementFile | None, books: Books, *, by: User, now: datetime, at_once: bool) -> dict[str, Any]:
    if row is None:
        words = "It unpacks to more than any settlement report has, or is damaged. Nothing of it was kept; download it again."
        return {"name": name, "file": None, "outcome": "refused", "words": words, "tone": "bad"}
    if row.connection_id != books.source_id:
        words = f"These bytes came in before, for {row.connection}. A report belongs to one account; nothing was done."
        return {"name": name, "file": row, "outcome": "refused", "words": words, "tone": "bad"}
    if not at_once and row.state != StatementFile.State.IMPORTED:
        return {
            "name": name,
            "file": row,
            "outcome": "kept",
            "words": "It is large: a worker reads it now. Look at its page.",
            "tone": "info",
        }
    brought = bring(row, books, now=now, by=by)
    return {
        "name": name, "file": brought.taken.file, "outcome": brought.taken.outcome, "words": brought.taken.words, "stops": brought.stops,
        "settlement": brought.settlement, "tone": TONES.get(brought.taken.outcome, "warn" if brought.stops else "ok"),
    }  # fmt: skip
