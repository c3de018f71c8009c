"""Tells ChannelAdvisor that an order was taken: our order number and the export flag, safe to repeat by nature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors.base import Operation, Outcome, Payload, Receipt, Reference
from connectors.bulk import alone
from connectors.errors import ConnectorError, CredentialsError, MissingError, RejectedError, ThrottledError, TransientError
from connectors.http import JsonClient

BATCH = 100
ORDER_MOVED_ON = "state_conflict"
_WHOLE_CALL = (CredentialsError, ThrottledError, TransientError)


def send_many(client: JsonClient, entries: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    """Marks up to 100 orders as taken: one bulk call in v2, two calls per order in the published API."""
    payloads = _merged([payload for payload, _ in entries])
    if client.settings.get("dialect") == "rest-v1":
        return _one_by_one(client, payloads)
    outcomes = _put(client, payloads, status="Acknowledged")
    again = [place for place, outcome in enumerate(outcomes) if isinstance(outcome, ConnectorError) and outcome.code == ORDER_MOVED_ON]
    if again:
        # An order that was shipped or cancelled meanwhile refuses the status, but not the flag (ChannelAdvisor API reference, A5.3).
        for place, outcome in zip(again, _put(client, [payloads[place] for place in again], status=""), strict=True):
            outcomes[place] = outcome
    return outcomes


def _merged(payloads: Sequence[Payload]) -> list[Payload]:
    """Of two entries of one order in a batch only the last counts there (ChannelAdvisor API reference, A2.6), so each says everything."""
    whole: dict[Any, Payload] = {}
    for payload in payloads:
        whole[payload["ChannelAdvisorOrderID"]] = {**whole.get(payload["ChannelAdvisorOrderID"], {}), **payload}
    return [whole[payload["ChannelAdvisorOrderID"]] for payload in payloads]


def _put(client: JsonClient, payloads: Sequence[Payload], *, status: str) -> list[Outcome]:
    entries = [{**payload, "Exported": True, **({"OrderStatus": status} if status else {})} for payload in payloads]
    try:
        # Every entry of a batch counts like a call (ChannelAdvisor API reference, A2.4).
        answer = client.call("PUT", "v2/orders", body={"Items": entries}, cost=1 + len(entries), safe=True)
    except RejectedError as error:
        if error.code == "payload_too_large" and len(payloads) > 1:
            half = len(payloads) // 2
            return [*_put(client, payloads[:half], status=status), *_put(client, payloads[half:], status=status)]
        if error.code != "batch_refused":
            raise
        found = {problem.path: {"Code": problem.code, "Message": problem.message} for problem in error.problems}
        return [_outcome(payload, {"Error": found.get(f"Items[{place}]", {})}) for place, payload in enumerate(payloads)]
    results = answer.body.get("Results") if isinstance(answer.body, dict) else None
    return [_outcome(payload, _entry(results, place)) for place, payload in enumerate(payloads)]


def _entry(results: Any, place: int) -> dict[str, Any]:
    found = results[place] if isinstance(results, list) and place < len(results) else None
    return found if isinstance(found, dict) else {}


def _outcome(payload: Payload, result: dict[str, Any]) -> Outcome:
    key = str(payload["ChannelAdvisorOrderID"])
    error = result.get("Error")
    if isinstance(error, dict):
        return _failure(key, str(error.get("Code") or ""), str(error.get("Message") or ""))
    if not result.get("Result"):
        return TransientError(f"ChannelAdvisor did not say whether order {key} was marked as taken; it will be marked again.")
    return Receipt(key=key, version=str(result.get("Version") or ""), outcome="changed")


def _failure(key: str, code: str, message: str) -> ConnectorError:
    if code == "not_found":
        return MissingError(f"ChannelAdvisor does not know order {key} (any more).", status=404, code=code)
    if code in ("internal", "unavailable", "request_in_progress"):
        return TransientError(f"ChannelAdvisor could not mark order {key} as taken at the moment.", code=code)
    words = f"ChannelAdvisor did not mark order {key} as taken: {message or code or 'no reason given'}"
    return RejectedError(words, status=422, code=code)


def _one_by_one(client: JsonClient, payloads: Sequence[Payload]) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for payload in payloads:
        try:
            outcomes.append(_export(client, payload))
        except _WHOLE_CALL as error:
            # What stops this order stops the others as well: none of them is tried against a closed door.
            return [*outcomes, *([error] * (len(payloads) - len(outcomes)))]
        except ConnectorError as error:
            outcomes.append(error)
    return outcomes


def _export(client: JsonClient, payload: Payload) -> Receipt:
    """SellerOrderID first, then the flag: an order out of the export list always carries our number."""
    key = str(payload["ChannelAdvisorOrderID"])
    if "SellerOrderID" in payload:
        client.call("PATCH", f"v1/Orders({key})", body={"SellerOrderID": payload["SellerOrderID"]}, safe=True)
    client.call("POST", f"v1/Orders({key})/Export", safe=True)
    return Receipt(key=key, outcome="changed")


ACKNOWLEDGE_ORDER = Operation(
    id="acknowledge_order",
    label="Mark order as taken",
    schema="acknowledge_order",
    send=alone(send_many),
    send_many=send_many,
    batch=BATCH,
    repeatable=True,
)
