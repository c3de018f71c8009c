"""Lanes: who goes first where calls are scarce. Pure, tested with tables."""

from __future__ import annotations

from enum import IntEnum

STEP = 10_000
"""What lifts a delivery into a lane, whatever priority its flow has within it."""
AT_HAND = 100
"""Named records that a person waits for; a longer list is a back-fill."""
ROOM = 0.25
"""Part of what is not reserved that a back-fill leaves to normal work."""


class Lane(IntEnum):
    """A greater lane goes first. Urgent: a webhook's record, what a person asked for. Back-fill: the past, read again."""

    BACKFILL = -1
    NORMAL = 0
    URGENT = 1


def lane_of(priority: int) -> Lane:
    """The lane of a delivery or a flow with that priority."""
    return Lane((priority > 0) - (priority < 0))


def priority_in(lane: Lane, flow_priority: int) -> int:
    """The priority of a delivery that comes by that lane. A flow that was put behind all others stays there."""
    own = max(min(flow_priority, STEP - 1), 1 - STEP)
    return own if lane is Lane.NORMAL or own < 0 else own + lane * STEP


def lane_of_run(trigger: str, *, keys: int, since: str, flow_priority: int) -> Lane:
    """The lane of a reading: by what started it, how many records were named, from when on it reads, and its flow's priority."""
    if trigger == "webhook":
        return Lane.URGENT
    if since or keys > AT_HAND or (keys and trigger == "command"):
        return Lane.BACKFILL
    return Lane.URGENT if keys and trigger in ("person", "api") else lane_of(flow_priority)


def shares(lane: Lane) -> tuple[float, float]:
    """What this lane leaves to those before it: parts of the reserved calls, and of the others."""
    return {Lane.URGENT: (0.0, 0.0), Lane.NORMAL: (1.0, 0.0), Lane.BACKFILL: (1.0, ROOM)}[lane]


def left_to_others(lane: Lane, *, burst: float, reserved: float, n: float = 1) -> float:
    """Calls that must remain after this lane took n. A full bucket always gives what it can hold."""
    of_reserved, of_rest = shares(lane)
    return max(min(of_reserved * reserved + of_rest * (burst - reserved), burst - n), 0.0)
