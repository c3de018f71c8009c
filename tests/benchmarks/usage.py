"""What processes and all their descendants used, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(*roots: int) -> set[int]:
    """The living processes that descend from these, themselves included."""
    parents = {pid: int(fields[1]) for pid, fields in _all().items()}
    found = set(roots) & set(parents)
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found
        found |= more


def cpu_seconds(*roots: int) -> float:
    """User and system time of the family, of those too that have ended and were waited for."""
    known = _all()
    return sum(sum(map(int, known[pid][11:15])) for pid in family(*roots) if pid in known) / TICKS


def memory(*roots: int) -> list[tuple[float, float]]:
    """MB that each of the family has resident now and had at most, the largest first."""
    return sorted((found for pid in family(*roots) if (found := _memory(pid))), key=lambda one: one[1], reverse=True)


def _all() -> dict[int, list[str]]:
    """The fields of /proc/<pid>/stat from the third on (state)."""
    found = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                found[int(place.name)] = (place / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
    return found


def _memory(pid: int) -> tuple[float, float] | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return None
    fields = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    if "VmRSS" not in fields:
        return None
    return int(fields["VmRSS"][0]) / 1024, int(fields["VmHWM"][0]) / 1024
