"""A ledger that takes orders at once and decides later, when the test says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from connectors.base import Operation, Outcome, Payload, Receipt, Reference
from connectors.errors import ConnectorError, RejectedError
from connectors.http import JsonClient
from tests.hub.engine import toy
from tests.hub.engine.toy import WORLD, Submission

AFTER = 30.0


def submit(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Taken, under a receipt."""
    WORLD.calls.append(("send", reference.key))
    if WORLD.before and (error := WORLD.before.pop(0)):
        raise error
    ticket = f"T{len(WORLD.submissions) + 1}/{reference.key}"
    WORLD.submissions.append(Submission(ticket=ticket, key=reference.key, payload=payload))
    if WORLD.after and (error := WORLD.after.pop(0)):
        raise error
    return Receipt(key=f"D-{reference.key}", outcome="changed", answer={"Taken": ticket}, ticket=ticket)


def submit_many(client: JsonClient, batch: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    """All of them in one call."""
    WORLD.calls.append(("bulk", str(len(batch))))
    return [submit(client, payload, reference) for payload, reference in batch]


def follow(client: JsonClient, pending: Sequence[tuple[str, Reference]]) -> list[Outcome]:
    """What became of them."""
    WORLD.calls.append(("follow", ",".join(ticket for ticket, _ in pending)))
    if WORLD.unasked:
        raise WORLD.unasked
    return [_outcome(ticket, reference) for ticket, reference in pending]


def _outcome(ticket: str, reference: Reference) -> Outcome:
    verdict = next(one.verdict for one in WORLD.submissions if one.ticket == ticket)
    if isinstance(verdict, ConnectorError):
        return verdict
    return Receipt(key=f"D-{reference.key}", outcome="created", version="1", ticket="" if verdict else ticket)


def decide(key: str, verdict: str | ConnectorError = "done", *, acted: bool = True) -> None:
    """The ledger decides about everything of that key, in the order in which it came. `acted`: it did so, unless it refuses."""
    for one in WORLD.submissions:
        if one.key == key and not one.verdict:
            one.verdict = verdict
            if acted and not isinstance(verdict, RejectedError):
                WORLD.documents[f"D-{key}"] = {**one.payload, "Ref": key}


SLOW = Operation(id="orders", label="Orders", schema="document", send=submit, find=toy._asked, follow=follow, follow_after=AFTER, batch=1)
_OTHERS = tuple(one for one in toy.LEDGER.operations if one.id != SLOW.id)
LEDGER = replace(toy.LEDGER, operations=(SLOW, *_OTHERS))
