"""The hub's waits in real time: HUB_PACE below 1 shortens them all, for tests and rehearsals."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings


def paced(wait: timedelta) -> timedelta:
    """A wait as it is kept here."""
    pace: float = settings.HUB_PACE
    return wait * pace
