"""A page that asks before something is done, mostly for a reason; everything else that was posted is posted again."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from hub.admin.base import page

LONGEST = 200
_OURS = {"csrfmiddlewaretoken", "confirmed", "reason"}


def reason(
    admin: ModelAdmin, request: HttpRequest, *, title: str, words: str, label: str, button: str, danger: bool = False, back: str = ""
) -> str | HttpResponse:
    """The reason that the person gave, or the page that asks for it."""
    given = request.POST.get("reason", "").strip()
    confirmed = "confirmed" in request.POST
    if confirmed and 0 < len(given) <= LONGEST:
        return given
    problem = _problem(given) if confirmed else ""
    return page(
        admin, request, "hub/confirm.html", title,
        words=words, label=label, button=button, danger=danger, problem=problem, given=given, longest=LONGEST,
        back=back or request.get_full_path(), again=_again(request),
    )  # fmt: skip


def agreed(
    admin: ModelAdmin, request: HttpRequest, *, title: str, words: str, button: str, danger: bool = True, back: str = ""
) -> HttpResponse | None:
    """None once the person has confirmed, before that the page that asks; no reason is wanted."""
    if "confirmed" in request.POST:
        return None
    return page(
        admin, request, "hub/confirm.html", title,
        words=words, button=button, danger=danger, back=back or request.get_full_path(), again=_again(request),
    )  # fmt: skip


def _problem(given: str) -> str:
    return f"At most {LONGEST} characters, please." if given else "Please say why; it is kept with the record."


def _again(request: HttpRequest) -> list[tuple[str, Any]]:
    """Of a selection across all pages one row is enough to carry it."""
    pairs = [(name, value) for name, values in request.POST.lists() if name not in _OURS for value in values]
    if request.POST.get("select_across") == "1":
        first = request.POST.get(ACTION_CHECKBOX_NAME, "")
        pairs = [(name, value) for name, value in pairs if name != ACTION_CHECKBOX_NAME] + [(ACTION_CHECKBOX_NAME, first)]
    return pairs
