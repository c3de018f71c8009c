"""Finds the processes of a running worker and kills one of them, or all."""

from __future__ import annotations

import json
import os
import random
import signal
from collections import Counter
from pathlib import Path

from hub.process_group import members

WEIGHTS = {"child": 16, "sentinel": 3, "cluster": 3, "group": 4, "supervisor": 2, "web": 2}
"""How often what is killed. A child of the sentinel runs tasks, brings them or takes their results."""


def parent(pid: int) -> int:
    """The parent's process id; 0 when there is no such process."""
    try:
        return int((Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def cluster_group(var: Path) -> int:
    """The process group of the cluster that the supervisor noted; 0 when there is none."""
    for note in var.glob("worker-*.json"):
        try:
            return int(json.loads(note.read_text())["group"])
        except (ValueError, KeyError, OSError):
            continue
    return 0


def roles(group: int) -> dict[str, list[int]]:
    """The living processes of a cluster by what they are."""
    above = {pid: parent(pid) for pid in members(group)}
    sentinels = [pid for pid, over in above.items() if over == group]
    return {
        "cluster": [pid for pid in above if pid == group],
        "sentinel": sentinels,
        "child": [pid for pid, over in above.items() if over in sentinels],
    }


class Killer:
    """SIGKILLs something at a time; `counts` tell what."""

    def __init__(self, var: Path, chance: random.Random) -> None:
        self.var, self.chance, self.counts = var, chance, Counter[str]()

    def strike(self, *, supervisor: int, web: int) -> str:
        """Kills once; answers what, or "" while the cluster does not run. A supervisor must be started anew by the caller."""
        group = cluster_group(self.var)
        victims = {**(roles(group) if group else {}), "web": [pid for pid in members(web) if pid != web], "supervisor": [supervisor]}
        if not victims.get("child") or not victims["web"]:
            return ""
        kind = self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        if kind == "group":
            os.killpg(group, signal.SIGKILL)
        else:
            os.kill(self.chance.choice(victims[kind]), signal.SIGKILL)
        self.counts[kind] += 1
        return kind
