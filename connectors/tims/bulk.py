"""Many new documents in one call; each part has its own idempotency key and its own outcome (TIMS contract 1.6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from connectors.base import Outcome, Payload, Receipt, Reference
from connectors.errors import ConnectorError, OutcomeUnknownError, RejectedError
from connectors.http import JsonClient
from connectors.tims.client import DuplicateError, ReplayedError, part_error

MOST = 100


def sent(
    client: JsonClient,
    path: str,
    parts: Sequence[tuple[Payload, Reference]],
    *,
    new: Callable[[Payload, Reference], bool],
    alone: Callable[[Payload, Reference], Receipt],
) -> list[Outcome]:
    """New documents in one call, all others one by one; one Outcome each, in order. Raises ConnectorError when the only call failed.

    `alone` sends one part; it also decides about a document that is there already, and about a refusal that may be an old one.
    """
    fresh = [at for at, (document, reference) in enumerate(parts) if new(document, reference)]
    outcomes: dict[int, Outcome] = {}
    if len(fresh) > 1:
        made = create(client, path, [parts[at] for at in fresh], alone=len(fresh) == len(parts))
        outcomes = dict(zip(fresh, made, strict=True))
    for at, (document, reference) in enumerate(parts):
        first = outcomes.get(at)
        if first is None or _worth_alone(first):
            outcomes[at] = _caught(alone, document, reference)
    return [outcomes[at] for at in range(len(parts))]


def _worth_alone(outcome: Outcome) -> bool:
    """Already there: to be compared. Refused: a bulk answer does not say whether the refusal is an old one."""
    return isinstance(outcome, DuplicateError | ReplayedError) or (isinstance(outcome, RejectedError) and outcome.status == 422)


def _caught(alone: Callable[[Payload, Reference], Receipt], document: Payload, reference: Reference) -> Outcome:
    try:
        return alone(document, reference)
    except ConnectorError as error:
        return error


def create(client: JsonClient, path: str, parts: Sequence[tuple[Payload, Reference]], *, alone: bool) -> list[Outcome]:
    """One Outcome per part. A call that is too large is halved. `alone`: a failure of the whole call is raised, else it is every part's."""
    if len(parts) > MOST:
        return [one for start in range(0, len(parts), MOST) for one in create(client, path, parts[start : start + MOST], alone=False)]
    try:
        results = _call(client, path, parts)
    except RejectedError as error:
        if error.status != 413 or len(parts) == 1:
            return [error] * len(parts)
        half = len(parts) // 2
        return create(client, path, parts[:half], alone=False) + create(client, path, parts[half:], alone=False)
    except ConnectorError as error:
        if alone:
            raise
        return [error] * len(parts)
    return [_outcome(results.get(str(at))) for at in range(len(parts))]


def _call(client: JsonClient, path: str, parts: Sequence[tuple[Payload, Reference]]) -> dict[str, Any]:
    operations = [
        {"Ref": str(at), "Method": "POST", "IdempotencyKey": reference.token, "Body": body} for at, (body, reference) in enumerate(parts)
    ]
    wish = {"Mode": "partial", "Operations": operations}
    body = client.call("POST", f"api/v1/{path}/bulk", body=wish, cost=1 + math.ceil(len(parts) / 10)).body
    results = body.get("Results") if isinstance(body, dict) else None
    return {str(one.get("Ref")): one for one in results or () if isinstance(one, dict)}


def _outcome(result: Any) -> Outcome:
    if not isinstance(result, dict) or not isinstance(result.get("Status"), int):
        return OutcomeUnknownError("TIMS's answer to several records says nothing about this one; it will be asked.")
    status, key, version = result["Status"], result.get("ID"), result.get("Version")
    if 200 <= status < 300 and key:
        return Receipt(key=str(key), version=str(version or ""), outcome="created", answer={"ID": key, "Version": version})
    return part_error(status, result.get("Error"))
