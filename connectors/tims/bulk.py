"""Many new documents in one call; each part has its own idempotency key and its own outcome (TIMS contract 1.6)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from connectors.base import Outcome, Payload, Receipt, Reference
from connectors.errors import ConnectorError, OutcomeUnknownError, RejectedError
from connectors.http import JsonClient
from connectors.tims.client import part_error

MOST = 100


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
        return OutcomeUnknownError("TIMS's answer to several orders says nothing about this one; it will be asked.")
    status, key, version = result["Status"], result.get("ID"), result.get("Version")
    if 200 <= status < 300 and key:
        return Receipt(key=str(key), version=str(version or ""), outcome="created", answer={"ID": key, "Version": version})
    return part_error(status, result.get("Error"))
