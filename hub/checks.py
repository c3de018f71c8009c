"""Start-up checks: a hub with an unusable key, or with settings that could run a task twice, does not start."""

from __future__ import annotations

import math
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register()
def encryption_keys_are_usable(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every entry of HUB_ENCRYPTION_KEYS is a Fernet key."""
    for position, key in enumerate(settings.HUB_ENCRYPTION_KEYS, start=1):
        try:
            Fernet(key)
        except ValueError:
            return [Error(f"Key number {position} of HUB_ENCRYPTION_KEYS is not a Fernet key (32 bytes, base64).", id="hub.E001")]
    return []


@register()
def no_task_runs_twice(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The queue hands a task out again only after every wait and run it may take."""
    q = settings.Q_CLUSTER
    longest = q["timeout"] * (1 + math.ceil((q["queue_limit"] + q["bulk"]) / q["workers"]))
    if q["retry"] <= longest:
        return [Error(f"Q_CLUSTER['retry'] must be more than {longest} s, or a waiting task runs twice.", id="hub.E002")]
    return []
