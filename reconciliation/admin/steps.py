"""The buttons of a settlement's workbench: what can be done now, by whom, and what is asked before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from hub.admin import confirm
from hub.admin.base import PageAdmin, person
from reconciliation.core.periods import local_day
from reconciliation.engine import ledger, match, orders, prepare, reissued
from reconciliation.engine import reverse as taking_back
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, Settlement

State = Settlement.State


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A button: in which states it is offered, the right it needs, what it does (and answers in words), and what is asked first.

    `does` is given the reason; where none is asked for, the mark of the journals that the page showed.
    """

    act: str
    words: str
    states: tuple[str, ...]
    right: str
    does: Callable[[Settlement, Books, User, datetime, str], str]
    asks: str = ""
    wants_reason: bool = False
    first: bool = False
    danger: bool = False
    section: str = "journals"


def _prepare(settlement: Settlement, books: Books, by: User, now: datetime, reason: str) -> str:
    made = prepare.prepare(settlement, books, by=by, now=now)
    return f"{len(made)} journal{'s' if len(made) != 1 else ''} prepared. Look at them, then somebody approves."


def _approve(settlement: Settlement, books: Books, by: User, now: datetime, given: str) -> str:
    sent = ledger.approve(settlement, books, by=by, now=now, seen=given)
    return f"Approved: {len(sent)} journal{'s' if len(sent) != 1 else ''} on the way to {books.target}."


def _discard(settlement: Settlement, books: Books, by: User, now: datetime, reason: str) -> str:
    taking_back.discard(settlement, by=by, now=now, reason=reason)
    return "The journals that no ledger has are discarded; the settlement can be prepared anew."


def _reverse(settlement: Settlement, books: Books, by: User, now: datetime, reason: str) -> str:
    made = taking_back.reverse(settlement, books, by=by, now=now, day=local_day(now, ZoneInfo(settlement.zone)), reason=reason)
    return f"{len(made)} reversal{'s' if len(made) != 1 else ''} on the way to {books.target}; then the settlement can be prepared anew."


def _match(settlement: Settlement, books: Books, by: User, now: datetime, given: str) -> str:
    found = match.match(settlement, books, now=now)
    run = orders.ask(settlement, books, now=now, again=True)
    asked = " Unknown orders are fetched; they are matched when they arrive." if run else ""
    return f"{sum(found.values()):,} orders compared with what the hub delivered.{asked}"


def _take_over(settlement: Settlement, books: Books, by: User, now: datetime, reason: str) -> str:
    reissued.take_over(settlement, by=by, now=now, reason=reason)
    return "This report counts from now on. Match it, then prepare its journals."


def _turn_down(settlement: Settlement, books: Books, by: User, now: datetime, reason: str) -> str:
    reissued.turn_down(settlement, by=by, now=now, reason=reason)
    return "The earlier report stays; this one is kept for the record."


PREPARE, APPROVE = "reconciliation.prepare_journalentry", "reconciliation.approve_journalentry"
REVERSE, DECIDE = "reconciliation.reverse_journalentry", "reconciliation.decide_settlement"
STEPS = (
    Step(act="approve", words="Approve and post…", states=(State.READY,), right=APPROVE, does=_approve, first=True,
         asks="The journals below go to the ledger. What is posted can only be reversed by a journal of its own."),
    Step(act="prepare", words="Prepare journals", states=(State.MATCHED, State.REVERSED), right=PREPARE, does=_prepare, first=True),
    Step(act="prepare", words="Prepare anew", states=(State.READY,), right=PREPARE, does=_prepare),
    Step(act="match", words="Match and fetch unknown orders", states=(State.PARSED, State.MATCHED), right=PREPARE, does=_match,
         section="orders"),
    Step(act="take_over", words="Take this report over…", states=(State.PROPOSED,), right=DECIDE, does=_take_over, wants_reason=True,
         asks="This re-issued report replaces the earlier one, whose journals must be reversed or discarded first.", section="money"),
    Step(act="turn_down", words="Turn it down…", states=(State.PROPOSED,), right=DECIDE, does=_turn_down, wants_reason=True,
         asks="The earlier report stays; this one is kept but counts nowhere.", section="money"),
    Step(act="discard", words="Discard journals…", states=(State.READY, State.BLOCKED), right=PREPARE, does=_discard, wants_reason=True,
         asks="Journals that no ledger has are thrown away; posted ones stay."),
    Step(act="reverse", words="Reverse…", states=(State.POSTED, State.BLOCKED), right=REVERSE, does=_reverse, wants_reason=True,
         asks="Every posted journal of this settlement is reversed in the ledger, dated today. It can then be prepared and posted anew.",
         danger=True),
)  # fmt: skip


def buttons(settlement: Settlement, request: HttpRequest) -> list[Step]:
    """What this person can do now."""
    return [one for one in STEPS if settlement.state in one.states and request.user.has_perm(one.right)]


def act(admin: PageAdmin, request: HttpRequest, settlement: Settlement) -> HttpResponse:
    """Does what a button says, after the question if it has one; a refusal is told in words and nothing has changed."""
    step = next((one for one in buttons(settlement, request) if one.act == request.POST.get("act")), None)
    if request.method != "POST":
        raise PermissionDenied
    back = reverse("admin:reconciliation_settlement_change", args=[settlement.pk])
    if step is None:
        admin.message_user(request, "This cannot be done any more; somebody was faster, or you may not do it.", messages.WARNING)
        return redirect(back)
    reason = _asked(admin, request, step, back)
    if isinstance(reason, HttpResponse):
        return reason
    try:
        books = Books.objects.select_related("source", "target", "rules").get(source=settlement.connection)
        words = step.does(settlement, books, person(request), timezone.now(), reason or request.POST.get("seen", ""))
    except Books.DoesNotExist:
        admin.message_user(request, f"{settlement.connection} has no books yet. Add them under Books, then come back.", messages.ERROR)
    except RefusedError as error:
        admin.message_user(request, str(error), messages.ERROR)
    else:
        admin.log_change(request, settlement, step.words.rstrip("…"))
        admin.message_user(request, words, messages.SUCCESS)
    return redirect(f"{back}?section={step.section}")


def _asked(admin: PageAdmin, request: HttpRequest, step: Step, back: str) -> Any:
    button = step.words.rstrip("…")
    if step.wants_reason:
        label = "Why (kept with your name)"
        return confirm.reason(
            admin, request, title=f"{button}?", words=step.asks, label=label, button=button, danger=step.danger, back=back
        )
    if step.asks:
        return confirm.agreed(admin, request, title=f"{button}?", words=step.asks, button=button, danger=False, back=back) or ""
    return ""
