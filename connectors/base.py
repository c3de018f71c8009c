"""The vocabulary of the hub: frozen values that declare a system and what passes through it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from connectors.errors import ConnectorError
from connectors.hooks import Hooks
from connectors.http import JsonClient
from connectors.notices import Inbox, Webhook

Declared = TypeVar("Declared")
Payload = dict[str, Any]
"""JSON as Python values: dict, list, str, int, bool, None, and Decimal for every number with a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One field of the connection form. A secret one is encrypted at rest and never shown again."""

    name: str
    label: str
    secret: bool = False
    required: bool = True
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A rate limit as the system publishes it: `burst` calls at once, `per_second` refilled.

    `reserved`: so many calls of the burst are left to urgent work (a webhook's record, a delivery of high priority).
    """

    name: str
    label: str
    burst: int
    per_second: float
    reserved: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One version of one thing of a source system.

    `cursor` sorts as text in time order; empty means that accepting this record does not move the flow's cursor.
    `version` sorts as text; of two versions of a key the greater is the newer, empty means unknown.
    `aliases` are other names of the same fact, such as `Amazon US:112-4455667-7788990`; no personal data in them.
    `problem` says in a person's words why the record cannot be read; such a record fails alone.
    `summary` is what lists show of a record that comes from no stream, which would tell it otherwise.
    `part_of`: the key under which the system knows the whole, where the connector makes several records of one thing.
    """

    key: str
    payload: Payload
    cursor: str = ""
    version: str = ""
    aliases: tuple[str, ...] = ()
    problem: str = ""
    summary: Summary | None = None
    part_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The name of one delivery at its target, the same on every attempt.

    `system` and `key` name the source record ("ChannelAdvisor", "19918546"); `version` is the fingerprint of its
    content; `target` is the target's own id where an earlier delivery made it (the operation then changes that document).
    """

    system: str
    key: str
    version: str = ""
    target: str = ""
    scope: str = ""
    """Which flow asks; two flows never share an idempotency key."""
    decision: str = ""
    """What a person decided after a ConflictError: "source" (the channel is right), "target" (what stands there stays), "merge" (what the
    target takes is brought over, the rest stays), or "" for nobody has decided."""

    @property
    def token(self) -> str:
        """64 hex characters for idempotency headers: sha256 of scope, system, key, version and target."""
        parts = (self.scope, self.system, self.key, self.version, self.target)
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the target system says it now holds.

    `outcome`: "created", "changed", "unchanged" (it already held exactly this) or "cancelled".
    `ticket` is set where the system took the call but has not yet decided: `Operation.follow` asks what became of it.
    `warnings` are sentences for a person about a delivery that nevertheless succeeded; no personal data in them.
    """

    key: str
    version: str = ""
    outcome: str = "created"
    answer: Payload | None = None
    warnings: tuple[str, ...] = ()
    ticket: str = ""


Outcome = Receipt | ConnectorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Records that a system offers, oldest change first.

    `schema` names a file in the connector's `schemas/` folder (without `.json`).
    `read(client, cursor)` yields what changed since the cursor ("" = from the beginning).
    `read_many(client, keys)` leaves out what no longer exists; it is given at most `keys_at_once`: few where every key is a call of its
    own, so that what was read is kept when the others must wait.
    `link` is a path with `{key}` on the system's own web site or API for a person to open, relative to the base address.
    `derived_from`: this stream's records are made from the payloads of that stream (`derive`), not read on their own.
    """

    id: str
    label: str
    schema: str
    read: Callable[[JsonClient, str], Iterator[Record]]
    read_one: Callable[[JsonClient, str], Record | None] | None = None
    read_many: Callable[[JsonClient, Sequence[str]], list[Record]] | None = None
    keys_at_once: int = 100
    system: str = ""
    """How the target writes the source system's name (`SourceSystem` in TIMS); empty = the connector's label."""
    derived_from: str = ""
    derive: Callable[[Payload], Record | None] | None = None
    compare: Callable[[Payload], Payload] | None = None
    """The payload as it counts when two versions are compared: what our own calls change there is no news to us."""
    settled_at: Callable[[Payload], str] | None = None
    """When personal data of this record is no longer needed for shipping: an RFC 3339 time, or "" when still needed."""
    removed_at: Callable[[Payload], str] | None = None
    """When the system removes this record's personal data, so that nobody keeps it longer: an RFC 3339 time, or "" when it says nothing."""
    summary: Callable[[Payload], Summary] | None = None
    sequence: Callable[[Payload], str] | None = None
    """Whose records are sent one after another, such as a buyer's orders; no personal data, at most 100 characters, "" = nobody."""
    link: str = ""
    limit: str = ""
    """The rate limit that reading uses; empty = the connector's first."""
    keys_limit: str = ""
    """The rate limit that reading named records uses; empty = `limit`."""
    dated_events: bool = False
    """The `occurred_at` of its events is written like the `version` of its records: one at least as new holds what was announced, and
    `read` finds whatever is announced."""
    document: Callable[[JsonClient, str], Iterator[bytes]] | None = None
    """`document(client, key)`: the file that a record stands for, byte for byte and in chunks, of any size. Raises ConnectorError."""
    census: Callable[[JsonClient, str, str], Iterator[str]] | None = None
    """`census(client, since, until)`: the keys of every record of that closed time (RFC 3339), from a source other than `read`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What a list shows of a record without opening it; no personal data."""

    title: str = ""
    amount: str = ""
    """A decimal number as text, empty where the record has no money."""
    currency: str = ""
    placed_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something a system can be asked to do, safe to repeat with the same reference.

    `send_many` answers one Outcome per item, in order; at most `batch` items a call; it raises only when the
    whole call failed. `find` asks the system for what earlier calls made of this record, in whatever version; None = nothing.
    `repeatable`: calling twice has the same effect as once by its nature, so `find` is not needed.
    `follow(client, pending)` asks for the outcome of (ticket, reference) pairs, one Outcome each, in order; a Receipt that still holds a
    ticket is asked for again, one whose outcome is unknown is sent again, and an error that time heals, raised or answered, decides
    nothing. `follow_after`: seconds between two questions.
    `limit`: the rate limit that sending uses; empty = the connector's first.
    `decides`: it obeys `Reference.decision`, so that people are offered the choice after a conflict.
    """

    id: str
    label: str
    schema: str
    send: Callable[[JsonClient, Payload, Reference], Receipt]
    send_many: Callable[[JsonClient, Sequence[tuple[Payload, Reference]]], list[Outcome]] | None = None
    find: Callable[[JsonClient, Reference], Receipt | None] | None = None
    batch: int = 1
    repeatable: bool = False
    link: str = ""
    follow: Callable[[JsonClient, Sequence[tuple[str, Reference]]], list[Outcome]] | None = None
    follow_after: float = 30.0
    limit: str = ""
    decides: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of a connection test: what was tried, whether it works, and what to do when it does not.

    `vital` is False where records flow nevertheless: worth knowing, but no reason to call the connection broken.
    """

    what: str
    ok: bool
    words: str = ""
    vital: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """A system, declared. Forms, pickers, the connection test and the contract tests follow from it.

    `check(client)` answers findings in words. `environment(client)` answers "production", "qa" or "dev".
    `parallel`: how many calls the system allows at once for one credential. `derived(settings)`: what formulas may read besides the
    settings, worked out from them.
    """

    id: str
    label: str
    settings: tuple[Setting, ...]
    connect: Callable[[Mapping[str, str], Hooks], JsonClient]
    check: Callable[[JsonClient], list[Finding]]
    streams: tuple[Stream, ...] = ()
    operations: tuple[Operation, ...] = ()
    limits: tuple[Limit, ...] = ()
    parallel: int = 4
    environment: Callable[[JsonClient], str] | None = None
    derived: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    webhook: Webhook | None = None
    inbox: Inbox | None = None
    package: str = field(default="")
    """The Python package that holds `schemas/`, such as `connectors.tims`."""

    def stream(self, stream_id: str) -> Stream:
        """The stream of that id. KeyError when the system has none."""
        return _named({one.id: one for one in self.streams}, stream_id, self.label)

    def operation(self, operation_id: str) -> Operation:
        """The operation of that id. KeyError when the system has none."""
        return _named({one.id: one for one in self.operations}, operation_id, self.label)


def _named(declared: Mapping[str, Declared], wanted: str, label: str) -> Declared:
    if wanted not in declared:
        raise KeyError(f"{label} has no {wanted!r}")
    return declared[wanted]
