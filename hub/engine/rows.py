"""A claimed delivery on its way through one batch, and the four things that can become of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.base import Payload, Receipt, Reference
from connectors.errors import ConnectorError, Problem
from hub.core.lanes import Lane
from hub.engine.records import system_name
from hub.engine.statements import update
from hub.models import Delivery, Flow, Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The target holds it."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The target has taken it and decides later; it is asked `again` what became of the receipt's ticket."""

    receipt: Receipt
    again: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Nothing is to be sent, and that is right."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """It waits: for the record named by `mark`, or (mark empty) for a person. `again`: when it is tried again by itself anyway."""

    code: str
    reason: str
    mark: str = ""
    problems: tuple[Problem, ...] = ()
    again: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """It did not work. `at_source`: it was the source system that failed us.

    `undecided`: the target has taken it before and could only not be asked what became of it.
    """

    error: ConnectorError
    at_source: bool = False
    undecided: bool = False
    category: str = ""


Result = Done | Taken | Skipped | Held | Failed


@dataclass(slots=True, kw_only=True)
class Row:
    """What the engine carries of a delivery; a plain object, since models are slow in hot loops."""

    pk: int
    flow: Flow
    key: str
    attempts: int
    unknown: bool
    fresh: bool
    before: str
    """The reason code that it had when it was claimed: "" for one that was never tried or held."""
    fingerprint: str
    version: str
    masked: str
    sealed: bytes | None
    seal: Seal | None
    sequence: str
    due_at: datetime
    created_at: datetime
    started: datetime
    decision: str = ""
    ticket: str = ""
    """The receipt of a target that has taken it: such a row is only asked about, and carries no payload."""
    taken_at: datetime | None = None
    lane: Lane = Lane.NORMAL
    source: Payload = field(default_factory=dict)
    refreshed: bool = False
    target_key: str = ""
    target_hash: str = ""
    payload: Payload | None = None
    payload_hash: str = ""
    mapping_version: int | None = None
    warnings: tuple[str, ...] = ()
    result: Result | None = None

    @property
    def reference(self) -> Reference:
        """The name of this delivery at its target; the scope changes with the mapping, since another payload needs another key."""
        return Reference(
            system=system_name(self.flow),
            key=self.key,
            version=self.fingerprint,
            target=self.target_key,
            scope=f"{self.flow.slug}/{self.mapping_version or 0}",
            decision=self.decision,
        )


Pool = Callable[[Callable[[Row], None], Sequence[Row]], None]
"""Runs a function for many rows at once in threads that use the network only."""


def write_back(lease: str, changes: Sequence[dict[str, Any]]) -> set[int]:
    """Writes the new state of many deliveries in one statement for each set of columns; answers the ids still under this lease.

    Each change has "id" and columns by their field names. Whoever lost the lease changes nothing.
    """
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for change in changes:
        alike.setdefault(tuple(name for name in change if name != "id"), []).append(change)
    return {
        pk
        for names, some in alike.items()
        for pk in update(
            Delivery, names, [[change["id"], *(change[name] for name in names)] for change in some],
            also="lease = '', lease_until = NULL", where="lease = %s AND state = 'sending'", params=[lease],
        )
    }  # fmt: skip
