"""What a draft of posting rules would do, publishing it, throwing it away, and going back to an earlier version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from hub.admin import confirm
from hub.admin.base import PageAdmin, page, person
from reconciliation.admin.rule_pages import draft_of_page, log, to_rules, version_of
from reconciliation.admin.words import money
from reconciliation.core.posting.problems import problems
from reconciliation.engine import drafts, rules
from reconciliation.engine.effects import effect, latest
from reconciliation.models import PostingRuleSet, PostingRuleVersion

SHOWN = 200


def effect_page(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """Which lines of the latest settlements would be booked elsewhere."""
    draft = draft_of_page(rule_set)
    return page(
        admin, request, "reconciliation/rules_effect.html", f"What draft {draft.number} would change", rule_set=rule_set, version=draft,
        **_effect(draft),
    )  # fmt: skip


def _effect(draft: PostingRuleVersion) -> dict[str, Any]:
    settlements = latest(draft.rule_set)
    moved = effect(draft, settlements)
    rows = [{"row": one, "words": " / ".join(filter(None, one.kind)), "amount": money(one.amount, one.currency)} for one in moved[:SHOWN]]
    return {"moved": rows, "more": max(len(moved) - SHOWN, 0), "settlements": settlements}


def publish(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """Shows what is published and its effect, and publishes it with a comment."""
    draft = draft_of_page(rule_set)
    comment = request.POST.get("comment", "").strip()
    problem = "" if request.method != "POST" else _wrong(comment)
    if request.method == "POST" and not problem:
        now, by = timezone.now(), person(request)
        drafts.publish(draft, comment=comment, by=by, now=now, expected=request.POST.get("mark", ""))
        log(admin, request, rule_set, f"Version {draft.number} was published: {comment}")
        messages.success(request, f"Version {draft.number} is in force. It counts from the next posting; what is posted stays as it is.")
        return to_rules(rule_set)
    live = drafts.published(rule_set)
    answer = page(
        admin, request, "reconciliation/rules_publish.html", f"Publish draft {draft.number}", rule_set=rule_set, version=draft, live=live,
        problems=problems(*rules.read_version(draft.pk)), differences=drafts.compared(live, draft), mark=drafts.mark(draft),
        problem=problem, comment=comment, longest=confirm.LONGEST, **_effect(draft),
    )  # fmt: skip
    answer.status_code = 422 if problem else 200
    return answer


def _wrong(comment: str) -> str:
    if not comment:
        return "Please say what was changed and why; it is kept with the version."
    return f"At most {confirm.LONGEST} characters, please." if len(comment) > confirm.LONGEST else ""


def discard(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet) -> HttpResponse:
    """Throws the draft away after a question."""
    draft = draft_of_page(rule_set)
    words = f"All changes in draft {draft.number} are thrown away. What is in force stays as it is."
    asked = confirm.agreed(admin, request, title="Discard the draft?", words=words, button="Discard draft", back=_back(rule_set))
    if asked:
        return asked
    number = draft.number
    drafts.discard(draft)
    log(admin, request, rule_set, f"Draft {number} was discarded.")
    messages.success(request, f"Draft {number} was discarded. What is in force did not change.")
    return to_rules(rule_set)


def roll_back(admin: PageAdmin, request: HttpRequest, rule_set: PostingRuleSet, *, number: int) -> HttpResponse:
    """Publishes a copy of an earlier version, after a question with a reason."""
    version = version_of(rule_set, number)
    words = (
        f"The rules and accounts of version {number} are published again as a new version. It counts from the next posting; what is posted "
        "stays as it is."
    )
    given = confirm.reason(
        admin, request, title=f"Go back to version {number}?", words=words, label="Why (kept with the version)", button="Go back",
        back=_back(rule_set),
    )  # fmt: skip
    if isinstance(given, HttpResponse):
        return given
    made = drafts.roll_back(version, comment=f"As version {number}: {given}", by=person(request), now=timezone.now())
    log(admin, request, rule_set, f"Version {made.number} was published, a copy of version {number}: {given}")
    messages.success(request, f"Version {made.number}, a copy of version {number}, is in force.")
    return to_rules(rule_set)


def _back(rule_set: PostingRuleSet) -> str:
    return to_rules(rule_set).url
