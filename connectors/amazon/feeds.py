"""Feeds: many changes in one document, decided upon later (Amazon SP-API reference, 9).

A feed has three calls that may lose their answer. A lost document or upload changes nothing and is simply made again. After a lost
`createFeed` the feed may run: `getFeeds` shows neither the document it was made from nor any mark of ours, and a feed of another program of
the same seller looks the same, so it cannot be found again. Therefore only what may be done twice travels in feeds: quantities and prices,
where the later feed holds the same or a newer wish and feeds of one type are processed in turn, and cancellations, where the order is read
first and a line that is cancelled stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

from connectors.amazon import documents
from connectors.base import Outcome, Receipt, Reference
from connectors.errors import (
    ConnectorError,
    MissingError,
    OutcomeUnknownError,
    Problem,
    RejectedError,
    ThrottledError,
    TransientError,
)
from connectors.http import JsonClient

PATH = "feeds/2021-06-30"
DONE, CANCELLED, FATAL = "DONE", "CANCELLED", "FATAL"
FOLLOW_AFTER = 60.0
"""Seconds between two questions: Amazon needs minutes for a feed."""
KEPT = 16
"""Feeds whose result a client remembers; a result may be fetched once in 45 seconds only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a feed: problems by the number of the message or row, and those of the feed as a whole."""

    status: str = DONE
    problems: Mapping[int, tuple[Problem, ...]] = field(default_factory=dict)
    warnings: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    whole: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`<feed>/<first message>[-<last>]/<key of the target>`."""

    feed: str
    first: int
    last: int
    key: str

    def __str__(self) -> str:
        places = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return f"{self.feed}/{places}/{self.key}"


Read = Callable[[documents.Document], Verdict]
Decide = Callable[[JsonClient, Ticket, Verdict], Outcome]
_known: WeakKeyDictionary[JsonClient, dict[str, Verdict]] = WeakKeyDictionary()


def ticket(text: str) -> Ticket:
    """A ticket as `str` wrote it. Raises ValueError."""
    feed, places, key = text.split("/", 2)
    first, _, last = places.partition("-")
    return Ticket(feed=feed, first=int(first), last=int(last or first), key=key)


def submit(client: JsonClient, kind: str, marketplaces: Sequence[str], content: bytes, *, content_type: str, limit: str = "") -> str:
    """Uploads a document and makes it a feed; answers the feed's id. `limit`: a plan that counts beside that of createFeed.

    Raises ConnectorError; OutcomeUnknownError only where the feed may run although its answer was lost.
    """
    announced = client.call(
        "POST", f"{PATH}/documents", body={"contentType": content_type}, limit="createFeedDocument", safe=True
    ).body  # fmt: skip
    document, url = _text(announced, "feedDocumentId"), _text(announced, "url")
    if not document or not url:
        raise TransientError("Amazon did not name an address for the document of the feed; it is asked again.")
    documents.put(client, url, content, content_type=content_type)
    if limit:
        client.hooks.throttle(limit, 1)
    wish = {"feedType": kind, "marketplaceIds": list(marketplaces), "inputFeedDocumentId": document}
    feed = _text(client.call("POST", f"{PATH}/feeds", body=wish, limit="createFeed").body, "feedId")
    if not feed:
        raise OutcomeUnknownError("Amazon took the feed but did not say under which number; it is sent again.")
    return feed


def follow(
    client: JsonClient,
    pending: Sequence[tuple[str, Reference]],
    *,
    read: Read,
    decide: Decide,
    named: Callable[[Ticket], str] = lambda one: one.key,
) -> list[Outcome]:
    """One Outcome for every ticket: that of `decide` once its feed is processed, until then a Receipt with the same ticket.

    `named`: the target's key of a ticket. Raises ConnectorError where nothing could be learned about any of them.
    """
    tickets = [ticket(text) for text, _ in pending]
    verdicts: dict[str, Verdict | ConnectorError | None] = {}
    for feed in dict.fromkeys(one.feed for one in tickets):
        verdicts[feed] = _asked(client, feed, read)
    failures = [one for one in verdicts.values() if isinstance(one, ConnectorError) and _asked_again(one)]
    if failures and len(failures) == len(verdicts):
        raise failures[0]
    return [_outcome(client, one, verdicts[one.feed], decide, named) for one in tickets]


def _outcome(
    client: JsonClient, one: Ticket, verdict: Verdict | ConnectorError | None, decide: Decide, named: Callable[[Ticket], str]
) -> Outcome:
    if isinstance(verdict, Verdict):
        return _ended_early(one, verdict) or decide(client, one, verdict)
    if isinstance(verdict, ConnectorError) and not _asked_again(verdict):
        return verdict
    return Receipt(key=named(one), outcome="changed", ticket=str(one))


def _asked_again(error: ConnectorError) -> bool:
    """Whether the question failed; an unknown outcome is an answer: the change is sent again."""
    return error.retryable and not isinstance(error, OutcomeUnknownError)


def _asked(client: JsonClient, feed: str, read: Read) -> Verdict | ConnectorError | None:
    """What became of a feed; None while it waits or runs; the error where it could not be asked."""
    try:
        return verdict_of(client, feed, read)
    except MissingError as error:
        words = f"Amazon no longer knows feed {feed} or its result, so it cannot tell what became of this change. Send it again."
        return RejectedError(words, status=error.status, code="feed_forgotten")
    except (TransientError, ThrottledError, RejectedError) as error:
        return error


def verdict_of(client: JsonClient, feed: str, read: Read) -> Verdict | None:
    """The verdict on a feed, its result fetched once; None while it waits or runs. Raises ConnectorError."""
    known = _known.setdefault(client, {})
    if feed in known:
        return known[feed]
    about = client.call("GET", f"{PATH}/feeds/{feed}", limit="getFeed").body
    status = _text(about, "processingStatus")
    if status not in (DONE, CANCELLED, FATAL):
        return None
    found = _read(client, feed, status, _text(about, "resultFeedDocumentId"), read)
    while len(known) >= KEPT:
        known.pop(next(iter(known)), None)
    known[feed] = found
    return found


def _read(client: JsonClient, feed: str, status: str, document: str, read: Read) -> Verdict:
    if not document:
        if status == DONE:
            raise OutcomeUnknownError(f"Amazon processed feed {feed} without telling the result; the changes are sent again.")
        return Verdict(status=status)
    told = client.call("GET", f"{PATH}/documents/{document}", limit="getFeedDocument").body
    found = read(documents.download(client, _text(told, "url")))
    return Verdict(status=status, problems=found.problems, warnings=found.warnings, whole=found.whole)


def _ended_early(one: Ticket, verdict: Verdict) -> RejectedError | None:
    if verdict.status == CANCELLED:
        words = f"Feed {one.feed} was cancelled before Amazon processed it; nothing was changed. Send it again if it is still wanted."
        return RejectedError(words, code="feed_cancelled")
    if verdict.status == FATAL:
        mine = problems_of(one, verdict) or verdict.whole
        words = f"Amazon gave feed {one.feed} up; this change may or may not have been made."
        also = " ".join(problem.message for problem in mine[:1])
        return RejectedError(f"{words} {also or 'Look in Seller Central, then send it again.'}", code="feed_fatal", problems=tuple(mine))
    return None


def problems_of(one: Ticket, verdict: Verdict) -> tuple[Problem, ...]:
    """The problems of a ticket's own messages or rows."""
    return tuple(problem for place in range(one.first, one.last + 1) for problem in verdict.problems.get(place, ()))


def warnings_of(one: Ticket, verdict: Verdict) -> tuple[str, ...]:
    """The warnings of a ticket's own messages or rows."""
    return tuple(words for place in range(one.first, one.last + 1) for words in verdict.warnings.get(place, ()))


def _text(body: Any, name: str) -> str:
    return str(body.get(name) or "") if isinstance(body, dict) else ""


def unreadable(reason: str) -> OutcomeUnknownError:
    """The result of a feed does not say what became of the changes."""
    return OutcomeUnknownError(f"Amazon's result of the feed cannot be read ({reason}); the changes are sent again.")
