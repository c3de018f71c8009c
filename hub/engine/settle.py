"""Fourth stop: what became of each delivery is written down in one transaction, with everything that follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection as database
from django.db import transaction
from django.db.models import Q

from connectors.wire import encode
from hub import vault
from hub.core import policy
from hub.core.masking import scrub
from hub.engine import aliases, known, listeners, notes, taken
from hub.engine.followers import followers_of, start
from hub.engine.health import judge
from hub.engine.records import operation_of, stream_of
from hub.engine.rows import Done, Failed, Held, Row, Skipped, Taken, write_back
from hub.engine.statements import insert
from hub.models import Attempt, Connection, CrossReference, Delivery, ErrorRecord, Flow, Seal
from hub.pace import paced

State = Delivery.State


def settle(connection: Connection, rows: Sequence[Row], *, lease: str, now: datetime) -> None:
    """Writes results, cross references, attempts and error records; releases who waited; starts what follows; judges the connection."""
    changes = {row.pk: _change(row, now) for row in rows}
    attempts = {row.pk: attempt for row in rows if (attempt := notes.attempt(row, changes[row.pk], now))}
    with transaction.atomic():
        followers = followers_of(rows)
        _lock(rows, changes, followers)
        _yield_to_newer(rows, changes, now)
        mine = write_back(lease, list(changes.values()))
        _cross_references([row for row in rows if row.pk in mine], now)
        _cross_references([row for row in rows if row.pk not in mine], now, late=True)
        owned = [row for row in rows if row.pk in mine]
        insert(Attempt, [attempts[row.pk] for row in owned if row.pk in attempts])
        _errors(owned, changes, now)
        _release(owned, now)
        aliases.give_up(owned, now)
        start(owned, followers, now=now)
        _shorten_seals(owned, now)
        listeners.tell([row.pk for row in owned if row.flow.source_id is None and row.flow.after_id is None])
    judge(connection, rows, now=now)


def _change(row: Row, now: datetime) -> dict[str, Any]:
    """The new column values of one delivery."""
    change: dict[str, Any] = {
        "id": row.pk, "state": State.DELIVERED, "reason": "", "reason_code": "", "due_at": now, "attempts": row.attempts, "unknown": False,
        "waits_for": "", "target_key": row.target_key, "target_version": "", "outcome": "", "mapping_version": row.mapping_version,
        "delivered_at": None, "changed_at": now, "fresh": False,
    }  # fmt: skip
    if row.refreshed:
        change |= {"fingerprint": row.fingerprint, "version": row.version, "masked": row.masked, "sealed": _resealed(row)}
    result = row.result
    if isinstance(result, Done):
        receipt = result.receipt
        change |= {"target_key": receipt.key, "target_version": receipt.version, "outcome": receipt.outcome, "delivered_at": now}
    elif isinstance(result, Taken):
        change |= {"reason": taken.still_deciding(row), "reason_code": policy.NOT_DECIDED, "due_at": result.again, **_waiting(row)}
    elif isinstance(result, Skipped):
        change |= {"state": State.SKIPPED, "reason": result.reason, "reason_code": result.code}
    elif isinstance(result, Held):
        change |= {
            "state": State.WAITING if result.again else State.HELD, "reason": result.reason, "reason_code": result.code,
            "waits_for": result.mark, "due_at": result.again or now,
            "attempts": row.attempts - 1, "unknown": row.unknown, "fresh": row.fresh or result.again is not None,
        }  # fmt: skip
    elif isinstance(result, Failed):
        change |= _after(row, result, now)
    elif row.ticket:
        change |= {"reason": taken.still_deciding(row), "reason_code": row.before, "due_at": row.due_at, **_waiting(row)}
    else:
        change |= {
            "state": State.PENDING, "reason_code": row.before, "attempts": row.attempts - 1, "unknown": row.unknown, "fresh": row.fresh,
            "due_at": row.due_at,
        }  # fmt: skip
    return change | taken.columns(row, change["state"], now)


def _waiting(row: Row) -> dict[str, Any]:
    """It has been taken: nothing of the attempt is used up before it is decided."""
    return {"state": State.WAITING, "attempts": row.attempts - 1}


def _resealed(row: Row) -> bytes | None:
    """The clear text that was read anew; a destroyed seal seals nothing."""
    if row.seal is not None and row.seal.wrapped:
        return vault.seal(row.seal, encode(row.source))
    return row.sealed


def decide(row: Row, failed: Failed, now: datetime) -> policy.Retry | policy.GiveUp | policy.Skip:
    """What follows a failed row. Refused credentials stop the connection, not the delivery: it waits without losing an attempt."""
    if failed.error.category == "credentials":
        return policy.Retry(at=now + paced(timedelta(minutes=5)), free=True)
    if failed.category:
        return policy.GiveUp(category=failed.category)
    if failed.undecided:
        after, since = operation_of(row.flow).follow_after, row.taken_at or now
        return policy.while_undecided(since=since, now=now, after=after, error=failed.error, pace=settings.HUB_PACE)
    return policy.after_failure(failed.error, attempts=row.attempts, now=now, spread=(row.pk % 97) / 97, pace=settings.HUB_PACE)


def _after(row: Row, failed: Failed, now: datetime) -> dict[str, Any]:
    next_step = decide(row, failed, now)
    words = scrub(failed.error.message, notes.personal(row))[:400]
    if failed.undecided:
        words = f"{taken.still_deciding(row)} It could not be asked: {words}"[:400]
    if isinstance(next_step, policy.Skip):
        return {"state": State.SKIPPED, "reason": words, "reason_code": next_step.code}
    if isinstance(next_step, policy.GiveUp):
        return {
            "state": State.FAILED,
            "reason": words,
            "reason_code": next_step.category,
            "unknown": row.unknown or failed.undecided or failed.error.acted is None,
        }
    return {
        "state": State.WAITING,
        "reason": words,
        "reason_code": policy.NOT_DECIDED if failed.undecided else failed.error.category,
        "due_at": next_step.at,
        "attempts": row.attempts - 1 if next_step.free else row.attempts,
        "unknown": row.unknown or next_step.unknown,
        "fresh": row.fresh,
    }


def _open_again(change: dict[str, Any]) -> bool:
    """It goes back to those that a newer version replaces; what the target has taken does not."""
    return change["state"] in Delivery.OPEN and not change.get("ticket")


def _lock(rows: Sequence[Row], changes: dict[int, dict[str, Any]], followers: Sequence[Flow]) -> None:
    """Rows going back to an open state, or over to another road, must not meet a newer version being accepted at this moment."""
    back = {row.flow.pk for row in rows if _open_again(changes[row.pk])}
    ids = sorted(back | {flow.pk for flow in followers} | aliases.roads(rows))
    if ids and database.features.has_select_for_update:
        list(Flow.objects.select_for_update().filter(pk__in=ids).order_by("pk").values_list("pk"))


def _yield_to_newer(rows: Sequence[Row], changes: dict[int, dict[str, Any]], now: datetime) -> None:
    """A delivery that did not get through gives way to a newer version of its record, and tells it when the target must be asked."""
    back = {(row.flow.pk, row.key): row for row in rows if _open_again(changes[row.pk])}
    if not back:
        return
    same = Delivery.objects.filter(flow__in={flow for flow, _ in back}, key__in={key for _, key in back})
    newer = same.filter(state__in=Delivery.OPEN, ticket="")
    unsure = []
    for pk, flow, key in newer.values_list("pk", "flow_id", "key"):
        row = back.get((flow, key))
        if row is None:
            continue
        change = changes[row.pk]
        if change["unknown"]:
            unsure.append(pk)
        change |= {
            "state": State.SUPERSEDED,
            "reason": "A newer version of the record arrived.",
            "reason_code": "superseded",
            "waits_for": "",
        }
    if unsure:
        Delivery.objects.filter(pk__in=unsure).update(unknown=True, changed_at=now)


_KNOWN_ALREADY = """
    ON CONFLICT (source_id, stream, source_key, target_id, operation) DO UPDATE SET source_version = excluded.source_version,
        target_key = excluded.target_key, target_version = excluded.target_version, payload_hash = excluded.payload_hash,
        mapping_version_id = excluded.mapping_version_id, changed_at = excluded.changed_at
"""


def _cross_references(rows: Sequence[Row], now: datetime, *, late: bool = False) -> None:
    """Both names at once, also for a row whose lease was lost (`late`): the target has acted, but a newer version may be there by now."""
    done = [
        {
            "source_id": row.flow.source_id, "stream": row.flow.stream, "source_key": row.key, "source_version": row.version,
            "target_id": row.flow.target_id or 0, "operation": row.flow.operation,
            "target_key": row.result.receipt.key, "target_version": row.result.receipt.version,
            "payload_hash": row.payload_hash, "mapping_version_id": row.mapping_version, "created_at": now, "changed_at": now,
        }
        for row in rows
        if isinstance(row.result, Done) and row.flow.source_id is not None
    ]  # fmt: skip
    # Two flows may bring the same record to the same target at once; a statement writes a row only once.
    each = {(one["source_id"], one["stream"], one["source_key"], one["operation"]): one for one in done}
    insert(CrossReference, [*each.values()], on_conflict="ON CONFLICT DO NOTHING" if late else _KNOWN_ALREADY)


def _errors(rows: Sequence[Row], changes: dict[int, dict[str, Any]], now: datetime) -> None:
    """Open error records of deliveries that moved on are healed; those of failed ones are written anew."""
    open_errors = ErrorRecord.objects.filter(state=ErrorRecord.State.OPEN, severity=ErrorRecord.Severity.ERROR)
    tried_before = [row.pk for row in rows if row.attempts > 1 or row.fresh or row.before]
    if tried_before:
        healed = [pk for pk in tried_before if changes[pk]["state"] in (State.DELIVERED, State.SKIPPED)]
        open_errors.filter(delivery__in=healed).update(state=ErrorRecord.State.HEALED, closed_at=now)
        given_way = [pk for pk in tried_before if changes[pk]["state"] == State.SUPERSEDED]
        open_errors.filter(delivery__in=given_way).update(state=ErrorRecord.State.SUPERSEDED, closed_at=now)
        again = [pk for pk in tried_before if _open_again(changes[pk])]
        open_errors.filter(delivery__in=again).delete()
    ErrorRecord.objects.bulk_create(notes.error_records(rows, changes, now))


def _release(rows: Sequence[Row], now: datetime) -> None:
    marks = [
        known.reference_mark(row.flow.source_id, row.flow.target_id or 0, row.flow.stream, row.key)
        for row in rows
        if isinstance(row.result, Done) and row.flow.source_id is not None
    ]
    if marks:
        known.release(marks, now=now)


def _shorten_seals(rows: Sequence[Row], now: datetime) -> None:
    """Clear text of a record that no shipment waits for (a customer, say) is kept only so many days after it was delivered."""
    until = now + timedelta(days=settings.HUB_PERSONAL_DATA_DAYS)
    ended = []
    for row in rows:
        stream = stream_of(row.flow)
        if row.seal is not None and isinstance(row.result, Done | Skipped) and stream is not None and stream.settled_at is None:
            ended.append(row.seal.pk)
    if ended:
        Seal.objects.filter(Q(pk__in=ended) & Q(keep_until__gt=until)).update(keep_until=until)
