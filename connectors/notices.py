"""How a system tells of changes by itself: events, by webhook or on a queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.errors import BadEventError
from connectors.http import JsonClient
from connectors.wire import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a webhook says has happened: a hint to read `stream`'s record `key` again, never the truth itself.

    `stream` is empty for an event that needs no reading (a test event, an unknown type). `ticket`: it says that everything is decided whose
    ticket begins like this (`50123/`), so that it is asked for at once.
    """

    id: str
    type: str
    stream: str = ""
    key: str = ""
    occurred_at: str = ""
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """How a system's webhooks are verified and read.

    `verify(settings, headers, body, now)` raises `BadSignatureError` when the signature or its time is wrong; header names arrive in
    lower case. `parse(settings, headers, body)` raises `BadEventError` for a body that is not an event.
    `challenge(settings, query)` answers a handshake (TIMS `validation_token`) or None.
    """

    verify: Callable[[Mapping[str, str], Mapping[str, str], bytes, datetime], None]
    parse: Callable[[Mapping[str, str], Mapping[str, str], bytes], Event]
    challenge: Callable[[Mapping[str, str], Mapping[str, str]], str | None] | None = None
    subscribe: Callable[[JsonClient, str, str], str] | None = None
    """`subscribe(client, url, secret)` creates or renews the subscription at the system; answers its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of a queue: its body, and the handle by which it is taken off."""

    handle: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """A queue on which a system leaves notifications.

    `receive(client)` answers the next messages ([] when there are none or no queue is set up); they stay until `forget(client, messages)`,
    which is called after they were stored. `parse(settings, body)` is as in Webhook.
    `setting` names the connection setting without which there is no queue; empty = there always is one.
    """

    receive: Callable[[JsonClient], list[Message]]
    forget: Callable[[JsonClient, Sequence[Message]], None]
    parse: Callable[[Mapping[str, str], bytes], Event]
    setting: str = ""
    subscribe: Callable[[JsonClient], str] | None = None
    """`subscribe(client)` asks the system to send its notifications to the queue; answers in words what it announces now. Repeatable."""


def content_of(body: bytes) -> dict[str, Any]:
    """The JSON object that a body holds. Raises BadEventError."""
    try:
        content = decode(body)
    except UnicodeDecodeError:
        raise BadEventError("The body is not UTF-8 text.") from None
    except ValueError:
        raise BadEventError("The body is not JSON.") from None
    except RecursionError:
        raise BadEventError("The body is nested too deeply.") from None
    if not isinstance(content, dict):
        raise BadEventError("The body is not a JSON object.")
    return content
