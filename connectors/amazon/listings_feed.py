"""Quantities and prices of many listings in one feed (Amazon SP-API reference, 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from connectors.amazon import feeds, issues, listings, offers
from connectors.amazon.documents import Document
from connectors.amazon.feeds import Ticket, Verdict
from connectors.amazon.listing_changes import type_of, unknown_sku
from connectors.amazon.markets import key
from connectors.base import Operation, Outcome, Payload, Receipt, Reference
from connectors.bulk import alone
from connectors.errors import ConnectorError, MissingError, Problem
from connectors.http import JsonClient
from connectors.wire import decode, encode

KIND = "JSON_LISTINGS_FEED"
CONTENT_TYPE = "application/json; charset=UTF-8"
MOST = 25_000
"""Messages in one feed."""
AT_ONCE = 20
"""SKUs that one search looks up."""


def send_many(client: JsonClient, parts: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    """One feed for each marketplace; Receipts with a ticket, or what stops a change before it is sent. Never raises ConnectorError."""
    outcomes: dict[int, Outcome] = {}
    groups: dict[str, dict[int, Payload]] = {}
    for at, (payload, _) in enumerate(parts):
        try:
            groups.setdefault(offers.marketplace_of(client, payload), {})[at] = _message(client, payload)
        except ConnectorError as error:
            outcomes[at] = error
    for marketplace, messages in groups.items():
        outcomes.update(_completed(client, marketplace, messages, {at: parts[at][0] for at in messages}))
        ready = {at: message for at, message in messages.items() if at not in outcomes}
        outcomes.update(_sent(client, marketplace, ready))
    return [outcomes[at] for at in range(len(parts))]


def follow(client: JsonClient, pending: Sequence[tuple[str, Reference]]) -> list[Outcome]:
    """What became of changes in feeds; see `feeds.follow`."""
    return feeds.follow(client, pending, read=read, decide=_decided)


def read(document: Document) -> Verdict:
    """The processing report: a message without an issue of severity ERROR was accepted. Raises OutcomeUnknownError."""
    try:
        report = decode(document.content)
    except (ValueError, RecursionError):
        raise feeds.unreadable("it is not JSON") from None
    if not isinstance(report, dict) or not isinstance(report.get("issues"), list):
        raise feeds.unreadable("it lists no issues")
    problems: dict[int, tuple[Problem, ...]] = {}
    warnings: dict[int, tuple[str, ...]] = {}
    whole: tuple[Problem, ...] = ()
    for one in report["issues"]:
        place = one.get("messageId") if isinstance(one, dict) else None
        if isinstance(place, int):
            problems[place] = problems.get(place, ()) + issues.errors([one])
            warnings[place] = warnings.get(place, ()) + issues.warnings([one])
        else:
            whole += issues.errors([one])
    return Verdict(problems=problems, warnings=warnings, whole=whole or _none_accepted(report, problems))


def _none_accepted(report: Payload, problems: dict[int, tuple[Problem, ...]]) -> tuple[Problem, ...]:
    """A feed of which nothing was accepted refuses also those messages of which it says nothing."""
    summary = report.get("summary")
    if not isinstance(summary, dict) or summary.get("messagesAccepted") != 0:
        return ()
    words = "Amazon accepted none of the changes in this feed."
    return (Problem(path="", code="feed_refused", message=words, cause="feed_refused"),)


def _message(client: JsonClient, payload: Payload) -> Payload:
    sku = offers.sku_of(payload)
    patches = offers.patches(payload, offers.marketplace_of(client, payload))
    return {"sku": sku, "operationType": "PATCH", "productType": str(payload.get("productType") or ""), "patches": patches}


def _completed(client: JsonClient, marketplace: str, messages: dict[int, Payload], payloads: dict[int, Payload]) -> dict[int, Outcome]:
    """Fills in product types and answers what must not be sent: unknown SKUs, quantities of stock that Amazon keeps.

    Where the rate limit ends the looking up, the rest waits with that error, so that what is known goes out.
    """
    wanted = [at for at, payload in payloads.items() if payload.get("quantity") is not None or not payload.get("productType")]
    outcomes: dict[int, Outcome] = {}
    for chunk in _chunks(wanted, [messages[at]["sku"] for at in wanted]):
        try:
            held = _looked_up(client, marketplace, [messages[at]["sku"] for at in chunk])
        except ConnectorError as error:
            return {**outcomes, **dict.fromkeys(wanted[wanted.index(chunk[0]) :], error)}
        for at in chunk:
            found = held.get(messages[at]["sku"])
            if found is None:
                outcomes[at] = unknown_sku(messages[at]["sku"])
            elif payloads[at].get("quantity") is not None and offers.by_amazon(found):
                outcomes[at] = offers.refuse_by_amazon(messages[at]["sku"])
            else:
                messages[at]["productType"] = messages[at]["productType"] or type_of(found, marketplace)
    return outcomes


def _chunks(places: Sequence[int], skus: Sequence[str]) -> Iterable[list[int]]:
    """Up to 20 at once; a SKU with a comma alone, since lists of SKUs are joined with commas."""
    chunk: list[int] = []
    for at, sku in zip(places, skus, strict=True):
        if chunk and ("," in sku or len(chunk) == AT_ONCE):
            yield chunk
            chunk = []
        chunk.append(at)
        if "," in sku:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _looked_up(client: JsonClient, marketplace: str, skus: Sequence[str]) -> dict[str, Payload]:
    if len(skus) == 1:
        try:
            return {skus[0]: listings.fetch(client, marketplace, skus[0])}
        except MissingError:
            return {}
    page = listings.search(client, marketplace, identifiers=",".join(dict.fromkeys(skus)), identifiersType="SKU")
    return {str(one.get("sku")): one for one in page["items"] if isinstance(one, dict)}


def _sent(client: JsonClient, marketplace: str, ready: dict[int, Payload]) -> dict[int, Outcome]:
    if not ready:
        return {}
    numbered = dict(enumerate(ready, start=1))
    header = {"sellerId": client.settings.get("seller_id", ""), "version": "2.0", "issueLocale": "en_US"}
    feed = {"header": header, "messages": [{"messageId": number, **ready[at]} for number, at in numbered.items()]}
    try:
        feed_id = feeds.submit(client, KIND, [marketplace], encode(feed), content_type=CONTENT_TYPE, limit=KIND)
    except ConnectorError as error:
        return dict.fromkeys(ready, error)
    return {at: _waiting(feed_id, number, key(marketplace, ready[at]["sku"])) for number, at in numbered.items()}


def _waiting(feed_id: str, number: int, name: str) -> Receipt:
    ticket = Ticket(feed=feed_id, first=number, last=number, key=name)
    return Receipt(key=name, outcome="changed", answer={"feedId": feed_id, "messageId": number}, ticket=str(ticket))


def _decided(client: JsonClient, one: Ticket, verdict: Verdict) -> Outcome:
    problems = feeds.problems_of(one, verdict) or verdict.whole
    if problems:
        return issues.refusal(one.key.partition("/")[2], tuple(problems), also=f"feed {one.feed}, message {one.first}")
    answer: dict[str, Any] = {"feedId": one.feed, "messageId": one.first, "status": "ACCEPTED"}
    return Receipt(key=one.key, outcome="changed", answer=answer, warnings=feeds.warnings_of(one, verdict))


LISTINGS_FEED = Operation(
    id="listings_feed",
    label="Change quantities and prices of many listings",
    schema="patch_listing",
    send=alone(send_many),
    send_many=send_many,
    batch=MOST,
    repeatable=True,
    follow=follow,
    follow_after=feeds.FOLLOW_AFTER,
    limit=KIND,
)
