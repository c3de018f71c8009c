"""What every list of the hub shares: page size, no full counts, read-only history, who asks."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin

MOST = 10_000
"""A list counts and pages no further than this; filters reach the rest."""


class CappedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts at most MOST rows, so that a list of millions opens as fast as a short one."""

    @cached_property
    def count(self) -> int:
        """The number of rows, MOST when there are more."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by().values("pk")[:MOST].count()


class HubAdmin(ModelAdmin):  # type: ignore[misc]
    """Lists of fifty without a full count."""

    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = False
    list_filter_sheet = True
    compressed_fields = True
    paginator = CappedPaginator
    empty_value_display = "–"
    empty_words = ""
    """What an empty list says: how rows come into it, or what to do next."""


class ReadOnlyAdmin(HubAdmin):
    """What has happened is looked at, never edited."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class PageAdmin(ReadOnlyAdmin):
    """Each row has a page of ours instead of a form."""

    def row_page(self, request: HttpRequest, pk: str) -> HttpResponse:
        """The page of one row."""
        raise NotImplementedError

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The row's page, for those who may look."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if not object_id.isdecimal():
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[no-any-return]
        return self.row_page(request, object_id)


def person(request: HttpRequest) -> User:
    """Who asks; the admin lets nobody in who is not logged in."""
    return cast(User, request.user)


def page(admin: ModelAdmin, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    """A page of ours inside the admin's frame."""
    frame = admin.admin_site.each_context(request)
    return TemplateResponse(request, template, {**frame, "opts": admin.opts, "title": title, "media": admin.media, **context})
