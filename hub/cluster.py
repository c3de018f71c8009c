"""The task cluster as the supervisor starts it: `python -m hub.cluster`. None of its processes outlives another that it needs."""

from __future__ import annotations

import os

import django
from django.core.management import call_command

from hub.process_group import die_with, forks_die_with_us

SUPERVISOR = "HUB_SUPERVISOR"
"""The environment variable that carries the supervisor's process id."""


def main() -> None:
    """Runs until told to stop by SIGTERM."""
    die_with(int(os.environ[SUPERVISOR]))
    forks_die_with_us()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from django_q.signals import pre_execute

    from hub.heartbeat import beat_sometimes

    pre_execute.connect(beat_sometimes, dispatch_uid="hub.heartbeat")
    call_command("qcluster")


if __name__ == "__main__":
    main()
