"""Street lines of at most 60 characters, three of them, without losing a character."""

from __future__ import annotations

LONGEST, MOST = 60, 3


def fitted(lines: list[str]) -> list[str] | None:
    """The lines, longer ones broken at a comma or space into the next; None when three lines do not hold them."""
    placed: list[str] = []
    for line in lines:
        broken = _broken(line)
        if broken is None:
            return None
        placed.extend(broken)
    if len(placed) > MOST:
        placed = _packed(lines)
    return placed if len(placed) <= MOST and all(len(line) <= LONGEST for line in placed) else None


def _broken(line: str) -> list[str] | None:
    parts: list[str] = []
    while len(line) > LONGEST:
        comma, space = line.rfind(", ", 0, LONGEST), line.rfind(" ", 0, LONGEST + 1)
        end = comma + 1 if comma > LONGEST // 2 else space
        if end <= 0:
            return None
        parts.append(line[:end].rstrip())
        line = line[end:].lstrip()
    return [*parts, line]


def _packed(lines: list[str]) -> list[str]:
    """All lines as one text, filled greedily."""
    packed = _broken(", ".join(lines))
    return packed if packed is not None else [*lines, ""]
