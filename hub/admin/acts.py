"""What buttons and list actions do with the engine's help, and what they tell the person afterwards."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from hub.admin import confirm
from hub.admin.base import ReadOnlyAdmin, person
from hub.engine import triage
from hub.models import Delivery, ErrorRecord


def retry_errors(admin: ReadOnlyAdmin, request: HttpRequest, errors: QuerySet[ErrorRecord]) -> None:
    """Retries and says how many, and why others were left alone."""
    retry_deliveries(admin, request, triage.stopped_by(errors))


def close_errors(admin: ReadOnlyAdmin, request: HttpRequest, errors: QuerySet[ErrorRecord], *, how: str) -> HttpResponse | None:
    """Asks for the note or reason, then closes; None when it is done."""
    count = errors.filter(state=ErrorRecord.State.OPEN).count()
    wording = {
        "resolve": (
            "Resolve with a note",
            "You have put these records right by hand. They are not sent by the hub any more.",
            "What was done",
        ),
        "ignore": ("Ignore with a reason", "These records need not reach the target. They are not sent by the hub any more.", "Reason"),
    }
    title, words, label = wording[how]
    given = confirm.reason(
        admin, request, title=title, words=f"{count} open error {'record' if count == 1 else 'records'}. {words}", label=label,
        button=title, danger=how == "ignore",
    )  # fmt: skip
    if not isinstance(given, str):
        return given
    by = person(request)
    done = triage.resolve(errors, note=given, by=by) if how == "resolve" else triage.ignore(errors, reason=given, by=by)
    admin.message_user(request, f"{done} error {'record was' if done == 1 else 'records were'} closed.", messages.SUCCESS)
    return None


def retry_deliveries(admin: ReadOnlyAdmin, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
    """Retries and says how many, and why others were left alone."""
    left, asked = triage.refusal(deliveries, triage.RETRYABLE), deliveries.filter(state=triage.State.WAITING).exclude(ticket="").count()
    done = triage.retry(deliveries, by=person(request))
    _say(admin, request, done - asked, "tried again, from the source on", left, quiet=bool(asked))
    if asked:
        words = f"Of {asked} {'delivery' if asked == 1 else 'deliveries'} that the target has taken, it is asked now what became of them."
        admin.message_user(request, words, messages.SUCCESS)


def decide_deliveries(admin: ReadOnlyAdmin, request: HttpRequest, deliveries: QuerySet[Delivery], *, decision: str) -> None:
    """Tries what failed with a conflict again as the person decided, and says how many."""
    left = triage.refusal(deliveries, (triage.State.FAILED,))
    done = triage.decide(deliveries, decision=decision, by=person(request))
    _say(admin, request, done, "tried again as you decided", left)


def release_deliveries(admin: ReadOnlyAdmin, request: HttpRequest, deliveries: QuerySet[Delivery]) -> None:
    """Lets held ones go on and says how many."""
    left = triage.refusal(deliveries, (triage.State.HELD,))
    done = triage.release(deliveries, by=person(request))
    _say(admin, request, done, "released", left)


def stop_deliveries(
    admin: ReadOnlyAdmin, request: HttpRequest, deliveries: QuerySet[Delivery], *, how: str, back: str = ""
) -> HttpResponse | None:
    """Asks for the reason, then holds or skips; None when it is done."""
    holding = how == "hold"
    left = triage.refusal(deliveries, triage.HOLDABLE if holding else Delivery.OPEN)
    count = deliveries.filter(state__in=triage.HOLDABLE if holding else Delivery.OPEN, ticket="").count()
    words = (
        "They stay where they are until somebody releases them." if holding else "They are never sent, and their open errors are closed."
    )
    verb = "Hold" if holding else "Skip"
    given = confirm.reason(
        admin, request, title=verb, label="Reason", button=verb, danger=not holding, back=back,
        words=f"{count} {'delivery' if count == 1 else 'deliveries'}. {words} {left}",
    )  # fmt: skip
    if not isinstance(given, str):
        return given
    act = triage.hold if holding else triage.skip
    _say(admin, request, act(deliveries, reason=given, by=person(request)), "held" if holding else "skipped", left)
    return None


def _say(admin: ReadOnlyAdmin, request: HttpRequest, done: int, what: str, left: str, *, quiet: bool = False) -> None:
    """`quiet`: nothing is said of none."""
    words = f"{done} {'delivery is' if done == 1 else 'deliveries are'} {what}."
    if done or not quiet:
        admin.message_user(request, words, messages.SUCCESS if done else messages.WARNING)
    if left:
        admin.message_user(request, left, messages.WARNING)
