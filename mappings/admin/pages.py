"""What all pages of mappings share: the frame, the mapping they are about, who may do what."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from mappings.lookups import EntryError
from mappings.models import Mapping, MappingVersion
from mappings.versions import VersionError

VIEW, CHANGE, PUBLISH, ADD = "mappings.view_mapping", "mappings.change_mapping", "mappings.publish_mapping", "mappings.add_mapping"


View = Callable[..., HttpResponse]
"""A page about one mapping: `view(admin, request, mapping, **parts of the address)`."""


def page(admin: ModelAdmin, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    """A page of ours inside the admin's frame."""
    frame = admin.admin_site.each_context(request)
    return TemplateResponse(request, template, {**frame, "opts": admin.opts, "title": title, **context})


def about_mapping(admin: ModelAdmin, view: View, *, needs: str, post_only: bool = False) -> Callable[..., HttpResponse]:
    """The view for one mapping, for people who have the permission; what cannot be done now is said on the mapping's page."""

    @wraps(view)
    def inner(request: HttpRequest, pk: int, **kwargs: Any) -> HttpResponse:
        if not allowed(request, needs):
            raise PermissionDenied
        mapping = get_object_or_404(Mapping.objects.select_related("live"), pk=pk)
        if post_only and request.method != "POST":
            return to_mapping(mapping)
        try:
            return view(admin, request, mapping, **kwargs)
        except (VersionError, EntryError) as wrong:
            messages.error(request, str(wrong))
            return to_mapping(mapping)

    return inner


def route(admin: ModelAdmin, tail: str, view: View, name: str, *, needs: str, post_only: bool = False) -> URLPattern:
    """The address of a page about one mapping, `admin:mappings_mapping_<name>`."""
    wrapped: Callable[..., HttpResponse] = admin.admin_site.admin_view(about_mapping(admin, view, needs=needs, post_only=post_only))
    return path(f"<int:pk>/{tail}", wrapped, name=f"mappings_mapping_{name}")


def allowed(request: HttpRequest, permission: str) -> bool:
    """Has the person this permission? Whoever may change may also look."""
    if permission == VIEW and request.user.has_perm(CHANGE):
        return True
    return request.user.has_perm(permission)


def to_mapping(mapping: Mapping) -> HttpResponseRedirect:
    """Back to the mapping's page."""
    return redirect("admin:mappings_mapping_change", mapping.pk)


def version_of(mapping: Mapping, number: Any) -> MappingVersion:
    """The version with this number. VersionError when the mapping has none."""
    found = mapping.versions.select_related("mapping", "published_by", "created_by").filter(number=number).first()
    if found is None:
        raise VersionError(f"{mapping.name} has no version {number} (any more).")
    return found


def draft_of_page(mapping: Mapping) -> MappingVersion:
    """The draft that a page is about. VersionError when it was published or discarded."""
    found = mapping.versions.select_related("mapping").filter(state=MappingVersion.State.DRAFT).first()
    if found is None:
        raise VersionError(f"{mapping.name} has no draft. Start a new one.")
    return found
