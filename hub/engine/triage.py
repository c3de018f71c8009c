"""What a person decides about deliveries and errors: retry, hold, release, skip, resolve, ignore. Who did it is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Greatest
from django.utils import timezone

from hub.core.lanes import AT_HAND, STEP
from hub.engine import listeners
from hub.models import Delivery, ErrorRecord
from hub.wake import wake

State = Delivery.State
RETRYABLE = (State.FAILED, State.HELD, State.WAITING)
HOLDABLE = (State.PENDING, State.WAITING, State.FAILED)
_ENDED = (State.DELIVERED, State.SKIPPED, State.SUPERSEDED)
_AT_ONCE = 5000

Chosen = list[tuple[int, str]]
"""Primary key and name of each locked delivery."""


def retry(deliveries: QuerySet[Delivery], *, by: User | None) -> int:
    """Queues failed, held and waiting ones again, from the source on; others are left alone. Answers how many.

    What a target has taken and not decided is not sent again: the target is asked at once what became of it.

    A few that somebody waits for go before everything else. Their error records stay open until the delivery succeeds, which heals them.
    """
    return _queue(deliveries, RETRYABLE, by=by, words="Retried.")


def decide(deliveries: QuerySet[Delivery], *, decision: str, by: User | None) -> int:
    """A person says who is right after a conflict; those that failed with one are tried again like that. Answers how many."""
    words = f"Decided: {Delivery.Decision(decision).label}."
    return _queue(deliveries.filter(reason_code="conflict"), (State.FAILED,), by=by, words=words, decision=decision)


def release(deliveries: QuerySet[Delivery], *, by: User | None) -> int:
    """Lets held ones go on, from the source on. Answers how many."""
    return _queue(deliveries, (State.HELD,), by=by, words="Released.")


def hold(deliveries: QuerySet[Delivery], *, reason: str, by: User | None) -> int:
    """Keeps back what is not on its way yet, nor taken by its target, until a person releases it. Answers how many."""
    with transaction.atomic():
        chosen = _locked(deliveries, HOLDABLE)
        _change(chosen, state=State.HELD, reason=reason[:400], reason_code="held_by_person", waits_for="")
        _log(chosen, by=by, words=f"Held: {reason}")
    return len(chosen)


def skip(deliveries: QuerySet[Delivery], *, reason: str, by: User | None) -> int:
    """Decides that these are never sent, as far as no target has taken them; their open errors are closed as ignored. Answers how many."""
    with transaction.atomic():
        chosen = _locked(deliveries, Delivery.OPEN)
        _skip(chosen, reason=reason, code="skipped_by_person")
        _close_errors_of(chosen, state=ErrorRecord.State.IGNORED, note=reason, by=by)
        _log(chosen, by=by, words=f"Skipped: {reason}")
    return len(chosen)


def resolve(errors: QuerySet[ErrorRecord], *, note: str, by: User | None) -> int:
    """The person has done it by hand: errors closed with the note, their deliveries skipped. Answers how many errors."""
    return _close(errors, state=ErrorRecord.State.RESOLVED, note=note, code="resolved_by_person", verb="Resolved", by=by)


def ignore(errors: QuerySet[ErrorRecord], *, reason: str, by: User | None) -> int:
    """It need not be done: errors closed with the reason, their deliveries skipped. Answers how many errors."""
    return _close(errors, state=ErrorRecord.State.IGNORED, note=reason, code="ignored_by_person", verb="Ignored", by=by)


def stopped_by(errors: QuerySet[ErrorRecord]) -> QuerySet[Delivery]:
    """The deliveries that have an open error among these."""
    open_ones = errors.filter(state=ErrorRecord.State.OPEN, delivery__isnull=False)
    return Delivery.objects.filter(pk__in=open_ones.order_by().values("delivery_id"))


def refusal(deliveries: QuerySet[Delivery], allowed: Sequence[str]) -> str:
    """Why some of these cannot be changed now, in words; "" when all can."""
    found = set(deliveries.exclude(state__in=allowed).order_by().values_list("state", flat=True).distinct())
    told = [words for state, words in _WHY.items() if state in found]
    if tuple(allowed) != RETRYABLE and deliveries.filter(state__in=allowed).exclude(ticket="").exists():
        told.append(_TAKEN)
    return " ".join(told)


_TAKEN = "What its target has taken can neither be held nor skipped before that has decided; Ask now asks it what became of it."


_WHY: dict[str, str] = {
    State.SENDING: "A delivery that is being sent right now cannot be changed; wait until its attempt has ended.",
    State.DELIVERED: "What was delivered stays delivered; use Resync to read and send the record anew.",
    State.SUPERSEDED: "What a newer version replaced stays replaced; act on the newer version.",
    State.SKIPPED: "What was skipped stays skipped; use Resync to read and send the record anew.",
    State.PENDING: "What already waits to be sent needs no retry.",
    State.HELD: "What is held already stays held.",
    State.WAITING: "What will be tried again by itself is not held.",
    State.FAILED: "What needs a person is not held.",
}


def _queue(deliveries: QuerySet[Delivery], states: Sequence[str], *, by: User | None, words: str, decision: str = "") -> int:
    with transaction.atomic():
        targets = list(deliveries.filter(state__in=states).order_by().values_list("flow__target_id", flat=True).distinct())
        asked = _ask(deliveries) if State.WAITING in states else []
        chosen = _locked(deliveries, states)
        lifted = Case(When(sequence="", then=Greatest(F("priority"), Value(STEP))), default=F("priority"))
        first = {"priority": lifted} if len(chosen) <= AT_HAND else {}
        _change(
            chosen, state=State.PENDING, due_at=timezone.now(), fresh=True, attempts=0, deaths=0, waits_for="", reason="", reason_code="",
            decision=decision, **first,
        )  # fmt: skip
        _log(chosen, by=by, words=words)
        _log(asked, by=by, words="Asked what became of it.")
        for target in targets:
            if target is not None:
                transaction.on_commit(lambda pk=target: wake("deliver", pk))  # type: ignore[misc]
    return len(chosen) + len(asked)


def _ask(deliveries: QuerySet[Delivery]) -> Chosen:
    """What has been taken keeps its receipt; the question is due now."""
    chosen = _locked(deliveries, (State.WAITING,), taken=True)
    _change(chosen, due_at=timezone.now())
    return chosen


def _close(errors: QuerySet[ErrorRecord], *, state: str, note: str, code: str, verb: str, by: User | None) -> int:
    """A delivery that is being sent, and its errors, are left alone: its attempt may be about to succeed."""
    with transaction.atomic():
        chosen = _locked(stopped_by(errors), Delivery.OPEN)
        _skip(chosen, reason=note, code=code)
        _log(chosen, by=by, words=f"{verb}: {note}")
        done = _close_errors_of(chosen, state=state, note=note, by=by)
        idle = errors.filter(Q(delivery=None) | Q(delivery__state__in=_ENDED), state=ErrorRecord.State.OPEN)
        rows = ErrorRecord.objects.filter(pk__in=idle.order_by().values("pk"), state=ErrorRecord.State.OPEN)
        return done + rows.update(**_closed(state, note, by))


def _close_errors_of(chosen: Chosen, *, state: str, note: str, by: User | None) -> int:
    rows = (ErrorRecord.objects.filter(delivery__in=keys, state=ErrorRecord.State.OPEN) for keys in _portions(chosen))
    return sum(some.update(**_closed(state, note, by)) for some in rows)


def _closed(state: str, note: str, by: User | None) -> dict[str, object]:
    return {"state": state, "note": note[:400], "closed_at": timezone.now(), "closed_by": by}


def _locked(deliveries: QuerySet[Delivery], states: Sequence[str], *, taken: bool = False) -> Chosen:
    """Those in one of the states, locked until the transaction ends; `taken`: that their target has taken and not decided."""
    wanted = Delivery.objects.filter(pk__in=deliveries.order_by().values("pk"), state__in=states)
    rows = (wanted.exclude(ticket="") if taken else wanted.filter(ticket="")).order_by("pk").select_for_update()
    return [(pk, title or key) for pk, title, key in rows.values_list("pk", "title", "key")]


def _skip(chosen: Chosen, *, reason: str, code: str) -> None:
    _change(chosen, state=State.SKIPPED, reason=reason[:400], reason_code=code, waits_for="")


def _change(chosen: Chosen, **values: object) -> None:
    for keys in _portions(chosen):
        Delivery.objects.filter(pk__in=keys).update(changed_at=timezone.now(), **values)
        listeners.tell(keys)


def _portions(chosen: Chosen) -> Iterator[list[int]]:
    for start in range(0, len(chosen), _AT_ONCE):
        yield [pk for pk, _ in chosen[start : start + _AT_ONCE]]


def _log(chosen: Chosen, *, by: User | None, words: str) -> None:
    if by is None:
        return
    kind = ContentType.objects.get_for_model(Delivery)
    entries = (
        LogEntry(user=by, content_type=kind, object_id=str(pk), object_repr=name[:200], action_flag=CHANGE, change_message=words)
        for pk, name in chosen
    )
    LogEntry.objects.bulk_create(entries, batch_size=1000)
