"""Copies, and files out and in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import ModelAdmin

from mappings.admin.pages import ADD, CHANGE, page, to_mapping, version_of
from mappings.documents import MOST_BYTES, Document, DocumentError, MappingDocument, TableDocument, as_json, read_document
from mappings.forms import CopyForm, UploadForm
from mappings.lookups import EntryError
from mappings.models import LookupTable, Mapping
from mappings.portable import import_document, mapping_document
from mappings.versions import VersionError, copy_mapping

EDIT_TABLES = ("mappings.add_lookuptable", "mappings.add_lookupentry")


def copy(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, **kwargs: Any) -> HttpResponse:
    """A new mapping with the same rules as a draft."""
    given = {"name": f"{mapping.name} (copy)"[:120], "slug": f"{mapping.slug[:75]}-copy"}
    form = CopyForm(request.POST or None, initial=given)
    if request.method == "POST" and form.is_valid():
        try:
            copied = copy_mapping(mapping, slug=form.cleaned_data["slug"], name=form.cleaned_data["name"], by=request.user)
        except VersionError as wrong:
            form.add_error("slug", str(wrong))
        else:
            messages.success(request, f"{copied.name} holds a copy of the rules as a draft. Flows go on using {mapping.name}.")
            return to_mapping(copied)
    words = f"The copy gets the rules of {mapping.name} as a draft. Flows go on using {mapping.name} until you change them."
    return page(admin, request, "mappings/form.html", f"Copy {mapping.name}", mapping=mapping, form=form, words=words, button="Copy")


def export(admin: ModelAdmin, request: HttpRequest, mapping: Mapping, *, number: int, **kwargs: Any) -> HttpResponse:
    """One version as a file, with the lookup tables it uses."""
    text = as_json(mapping_document(version_of(mapping, number)))
    headers = {"Content-Disposition": f'attachment; filename="{mapping.slug}-v{number}.json"'}
    return HttpResponse(text, content_type="application/json", headers=headers)


def import_page(admin: ModelAdmin, request: HttpRequest) -> HttpResponse:
    """A file into a draft; what is live never changes."""
    if not (request.user.has_perm(ADD) and request.user.has_perm(CHANGE)):
        raise PermissionDenied
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _imported(request, _document(form.cleaned_data["file"]))
        except (DocumentError, EntryError, VersionError) as wrong:
            form.add_error("file", str(wrong))
    words = "Choose a file that was exported here, by button or command. Rules become a draft; what is live stays live until you publish."
    answer = page(
        admin, request, "mappings/form.html", "Import a mapping", form=form, words=words, button="Import", upload=True, replace=True
    )
    answer.status_code = 422 if form.errors else 200
    return answer


def _document(file: Any) -> Document:
    if file.size > MOST_BYTES:
        raise DocumentError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB; a mapping never is. Choose another file.")
    return read_document(file.read())


def _imported(request: HttpRequest, document: Document) -> HttpResponse:
    if (isinstance(document, TableDocument) or document.tables) and not all(request.user.has_perm(one) for one in EDIT_TABLES):
        raise VersionError("The file holds lookup tables, which you may not change. Ask somebody who may.")
    for sentence in import_document(document, by=request.user, replace_draft="replace" in request.POST):
        messages.success(request, sentence)
    if isinstance(document, MappingDocument):
        return to_mapping(Mapping.objects.get(slug=document.slug))
    return redirect("admin:mappings_lookuptable_change", LookupTable.objects.get(slug=document.slug).pk)
