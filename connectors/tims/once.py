"""Documents of the ledger and of receivables: made once whatever happens, acted on in the version read (TIMS contract 1.4, 1.5)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from connectors.base import Payload, Receipt, Reference
from connectors.errors import ConflictError, MissingError, OutcomeUnknownError, Problem, StaleError
from connectors.http import Answer, JsonClient
from connectors.tims.client import DuplicateError, ReplayedError
from connectors.tims.streams import fetch

TRIES = 3


def named(payload: Payload, reference: Reference, member: str) -> Payload:
    """The payload under its name, the record's own where the mapping gives none."""
    return {**payload, "SourceSystem": payload.get("SourceSystem") or reference.system, member: payload.get(member) or reference.key}


def create(client: JsonClient, path: str, document: Payload, *, member: str, token: str) -> tuple[Payload, bool]:
    """The document as TIMS holds it, and whether this call made it. Raises ConnectorError."""
    try:
        answer = _sent(client, f"api/v1/{path}", document, member=member, key=token)
    except DuplicateError as duplicate:
        return fetch(client, path, duplicate.existing), False
    if _replayed(answer):
        # TIMS repeats what it said when the document was new; what became of it since is read.
        return fetch(client, path, str(answer.body[member])), False
    return answer.body, True


def entered(
    client: JsonClient, path: str, document: Payload, *, member: str, reference: Reference, agree: Callable[[Payload, Payload], None]
) -> tuple[Payload, str]:
    """The document as TIMS holds it, posted unless its Status says Draft, and what became of it: created, changed (a draft was posted) or
    unchanged. `agree(held, wanted)` raises ConflictError where one that was there already says something else. Raises ConnectorError.
    """
    wanted = {name: value for name, value in document.items() if name != "Status"}
    if reference.target:
        held, made = fetch(client, path, reference.target), False
    else:
        held, made = create(client, path, wanted, member=member, token=reference.token)
    if not made:
        agree(held, wanted)
    posts = (document.get("Status") or "Posted") == "Posted" and held.get("Status") == "Draft"
    if posts:
        held = posted(client, path, held, member=member, reference=reference)
    return held, "created" if made else "changed" if posts else "unchanged"


def act(client: JsonClient, path: str, held: Payload, action: str, wish: Payload, *, member: str, reference: Reference) -> Payload:
    """An action on the version that was read; answers the document that TIMS answers.

    Raises StaleError when the document has changed since, ConflictError when its state does not allow the action, ConnectorError.
    """
    number = str(held[member])
    # The key holds the version: the same action on a newer version is another call.
    key, match = f"{reference.token}-{action}-{held['Version']}", {"If-Match": f'W/"{held["Version"]}"'}
    try:
        answer = _sent(client, f"api/v1/{path}/{quote(number, safe='')}/{action}", wish, member=member, key=key, headers=match)
    except ConflictError as error:
        if error.code != "state_conflict":
            raise
        words = f"TIMS does not {action} {number}, which is {held.get('Status')}. Look there whether another document depends on it."
        raise ConflictError(words, status=error.status, code=error.code) from None
    body: Payload = answer.body
    return body


def by_name(client: JsonClient, path: str, *, member: str, argument: str, system: str, key: str) -> Payload | None:
    """The document of a name, None when TIMS has none."""
    page = client.get(f"api/v1/{path}", **{"source_system": system, argument: key})
    rows = (one for one in page.get("Data") or () if isinstance(one, dict))
    return next((one for one in rows if one.get("SourceSystem") == system and one.get(member) == key), None)


def found(client: JsonClient, path: str, reference: Reference, *, member: str, argument: str) -> Payload | None:
    """What earlier calls made of a record: by the target's own id, else by the record's key."""
    if reference.target:
        with suppress(MissingError):
            return fetch(client, path, reference.target)
    return by_name(client, path, member=member, argument=argument, system=reference.system, key=reference.key)


def until(client: JsonClient, path: str, held: Payload, step: Callable[[Payload], Payload], *, member: str) -> Payload:
    """What a step on a document answers; one that changes meanwhile is read again. Raises StaleError after some tries."""
    for _ in range(TRIES):
        try:
            return step(held)
        except StaleError:
            held = fetch(client, path, str(held[member]))
    raise StaleError(f"{held[member]} is being changed in TIMS all the time; it will be tried again.", status=412)


def posted(client: JsonClient, path: str, held: Payload, *, member: str, reference: Reference) -> Payload:
    """Posts a draft; one that somebody else posted meanwhile stays as it is."""

    def step(current: Payload) -> Payload:
        return current if current.get("Status") != "Draft" else act(client, path, current, "post", {}, member=member, reference=reference)

    return until(client, path, held, step, member=member)


def receipt(document: Payload, outcome: str, *, member: str, kept: Sequence[str], warnings: Sequence[str] = ()) -> Receipt:
    """What TIMS holds: its id, version, and the members named in `kept`."""
    answer = {name: document[name] for name in (member, *kept, "Status", "Version") if name in document}
    return Receipt(
        key=str(document[member]), version=str(document.get("Version", "")), outcome=outcome, answer=answer, warnings=tuple(warnings)
    )


def differs(path: str, ours: Any, theirs: Any) -> Problem:
    """One thing that the hub and TIMS say differently."""
    message = f"{path}: the hub says {_shown(ours)}, TIMS has {_shown(theirs)}."
    return Problem(path=path, code="conflict", message=message, value=_shown(ours), cause="conflict")


def money(value: Any) -> Decimal:
    """An amount, zero where there is none."""
    return Decimal(value) if isinstance(value, int | Decimal) else Decimal(0)


def _shown(value: Any) -> str:
    return "nothing" if value is None or value == "" else f"{value:.2f}" if isinstance(value, Decimal) else str(value)


def _sent(client: JsonClient, path: str, body: Payload, *, member: str, key: str, headers: dict[str, str] | None = None) -> Answer:
    try:
        return _answered(client, path, body, member=member, headers={**(headers or {}), "Idempotency-Key": key})
    except ReplayedError:
        pass
    except ConflictError as error:
        if error.code != "state_conflict":
            raise
    # TIMS keeps refusals under their key, and this one may be out of date: a period opened again, an account activated. The document's
    # own name, or its version, still prevents that anything is done twice.
    return _answered(client, path, body, member=member, headers={**(headers or {}), "Idempotency-Key": f"{key}-{secrets.token_hex(4)}"})


def _answered(client: JsonClient, path: str, body: Payload, *, member: str, headers: dict[str, str]) -> Answer:
    answer = client.call("POST", path, body=body, headers=headers)
    if not isinstance(answer.body, dict) or not answer.body.get(member):
        raise OutcomeUnknownError("TIMS accepted the call but did not say under which number; it will be asked.")
    return answer


def _replayed(answer: Answer) -> bool:
    return answer.headers.get("Idempotency-Replayed", "").lower() == "true"
