"""One cause: its records, the missing lookup row filled in right there, and what heals or closes all of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from hub.admin import acts
from hub.admin.base import ReadOnlyAdmin, page, person
from hub.admin.causes import top_causes
from hub.admin.words import money
from hub.models import ErrorRecord
from mappings.lookups import EntryError, set_entry
from mappings.models import LookupTable

PER_PAGE = 50
NAMED = 4
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
LONGEST_VALUE = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A lookup row that is not there: the table and the key that was looked for."""

    table: LookupTable
    key: str


def cause_page(admin: ReadOnlyAdmin, request: HttpRequest) -> HttpResponse:
    """Shows a cause, or does what was posted for all or for the chosen records of it."""
    cause = request.POST.get("cause") or request.GET.get("cause", "")
    if request.method == "POST":
        return _act(admin, request, cause)
    found = top_causes(1, only=cause) if cause else []
    if not found:
        admin.message_user(request, "No open errors have this cause any more.", messages.SUCCESS)
        return redirect("admin:hub_errorrecord_causes")
    records = Paginator(_open(cause).select_related("delivery__flow"), PER_PAGE).get_page(request.GET.get("page"))
    return page(
        admin, request, "hub/cause.html", "Errors",
        cause=found[0], records=records, money=money, missing=_missing(cause),
        may_triage=request.user.has_perm("hub.triage_errorrecord"), may_map=_may_map(request), longest=LONGEST_VALUE,
        whom="" if _may_map(request) else _whom(),
    )  # fmt: skip


def _open(cause: str) -> QuerySet[ErrorRecord]:
    return ErrorRecord.objects.filter(cause=cause, state=ErrorRecord.State.OPEN).order_by("pk")


def _may_map(request: HttpRequest) -> bool:
    return request.user.has_perm("mappings.add_lookupentry") and request.user.has_perm("mappings.change_lookupentry")


def _whom() -> str:
    """The people who may write lookup rows, as far as a sentence holds them."""
    people = User.objects.with_perm("mappings.change_lookupentry", backend=MODEL_BACKEND).order_by("is_superuser", "username")[:NAMED]
    return ", ".join(one.get_full_name() or one.get_username() for one in people)


def _missing(cause: str) -> Missing | None:
    """From `lookup:<table>:<key>`; a long key is cut in the cause, so the error's own value is preferred."""
    kind, _, rest = cause.partition(":")
    slug, _, key = rest.partition(":")
    table = LookupTable.objects.filter(slug=slug).first() if kind == "lookup" else None
    if table is None:
        return None
    whole = _open(cause).exclude(value="").values_list("value", flat=True).first() or ""
    return Missing(table=table, key=whole if whole.startswith(key) else key)


def _act(admin: ReadOnlyAdmin, request: HttpRequest, cause: str) -> HttpResponse:
    if not request.user.has_perm("hub.triage_errorrecord"):
        raise PermissionDenied
    what = request.POST.get("act", "")
    errors = _open(cause)
    if what in ("retry", "resolve", "ignore"):
        errors = errors.filter(pk__in=[pk for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if pk.isdecimal()])
        if not errors.exists():
            admin.message_user(request, "Choose at least one record first.", messages.WARNING)
            return _back(cause)
    answer = None
    if what in ("retry", "retry_all"):
        acts.retry_errors(admin, request, errors)
    elif what == "lookup":
        _heal(admin, request, cause)
    elif what in ("resolve", "ignore", "resolve_all", "ignore_all"):
        answer = acts.close_errors(admin, request, errors, how=what.removesuffix("_all"))
    return answer or _back(cause)


def _heal(admin: ReadOnlyAdmin, request: HttpRequest, cause: str) -> None:
    """Writes the missing row, then retries everything that lacked it."""
    if not _may_map(request):
        raise PermissionDenied
    missing, value = _missing(cause), request.POST.get("value", "").strip()
    if missing is None:
        admin.message_user(request, "The lookup table is not there any more; open the mapping and correct the rule.", messages.ERROR)
    elif not 0 < len(value) <= LONGEST_VALUE:
        admin.message_user(request, f"Please enter a value of at most {LONGEST_VALUE} characters.", messages.ERROR)
    else:
        try:
            set_entry(missing.table.slug, missing.key, value, by=person(request))
        except EntryError as error:
            admin.message_user(request, f"The row was not stored: {error}.", messages.ERROR)
            return
        admin.message_user(request, f'{missing.table}: "{missing.key}" is now "{value}".', messages.SUCCESS)
        acts.retry_errors(admin, request, _open(cause))


def _back(cause: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{reverse('admin:hub_errorrecord_cause')}?{urlencode({'cause': cause})}")
