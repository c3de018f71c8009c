"""Reading answers of the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client

Enter = Callable[..., Client]


def words(answer: Any) -> str:
    """The page as text, streamed or not."""
    raw = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(raw.decode())
