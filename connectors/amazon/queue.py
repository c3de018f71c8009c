"""The queue (SQS) on which Amazon leaves notifications; boto3 is the optional extra `sqs` (Amazon SP-API reference, 14)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from connectors.amazon import notifications, subscriptions
from connectors.base import Finding
from connectors.errors import (
    ConnectorError,
    CredentialsError,
    MissingError,
    RejectedError,
    ThrottledError,
    TransientError,
    UnsupportedError,
)
from connectors.http import JsonClient
from connectors.notices import Inbox, Message

MOST = 10
WAIT = 2
"""Seconds that one question waits for messages: long enough that all of the queue's servers are asked."""
HIDDEN = 120
"""Seconds in which nobody else is given the messages that were received."""
_NEEDED = {"queue_region": "region", "queue_access_key": "access key", "queue_secret_key": "secret key"}
_REFUSED = frozenset({
    "AccessDenied", "AccessDeniedException", "InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException",
    "ExpiredToken", "InvalidSecurity", "MissingAuthenticationToken",
})  # fmt: skip
_SLOWER = frozenset({"Throttling", "ThrottlingException", "RequestThrottled", "OverLimit", "KmsThrottled"})
_clients: WeakKeyDictionary[JsonClient, Any] = WeakKeyDictionary()
_making = Lock()


def receive(client: JsonClient) -> list[Message]:
    """Up to ten messages. Raises UnsupportedError without boto3, ConnectorError for what the queue refuses."""
    if not client.settings.get("queue_url"):
        return []
    answer = _asked(
        client, "receive_message", MaxNumberOfMessages=MOST, WaitTimeSeconds=min(WAIT, int(client.timeout[1])), VisibilityTimeout=HIDDEN
    )  # fmt: skip
    return [
        Message(handle=one["ReceiptHandle"], body=one.get("Body", "").encode(errors="surrogatepass"))
        for one in answer.get("Messages") or ()
    ]


def forget(client: JsonClient, messages: Sequence[Message]) -> None:
    """Takes messages off the queue. One that cannot be taken off comes again and is known then. Raises as `receive`."""
    for start in range(0, len(messages), MOST):
        entries = [{"Id": str(at), "ReceiptHandle": one.handle} for at, one in enumerate(messages[start : start + MOST])]
        _asked(client, "delete_message_batch", Entries=entries)


def waiting(client: JsonClient) -> int:
    """About how many messages wait: for the connection test. Raises as `receive`."""
    names = ["ApproximateNumberOfMessages"]
    answer = _asked(client, "get_queue_attributes", AttributeNames=names)
    return int((answer.get("Attributes") or {}).get(names[0]) or 0)


def findings(client: JsonClient) -> list[Finding]:
    """Whether the queue answers, and whether Amazon announces orders on it; nothing where the connection has no queue."""
    if not client.settings.get("queue_url"):
        return []
    what = "Notifications"
    try:
        number = waiting(client)
        announced = subscriptions.announces_orders(client)
    except ConnectorError as error:
        return [Finding(what=what, ok=False, vital=False, words=error.message)]
    words = f"The queue answers; about {number} messages wait."
    if not announced:
        words = f"{words} Amazon does not announce orders yet: press Subscribe to webhooks."
    return [Finding(what=what, ok=announced, vital=False, words=words)]


def _asked(client: JsonClient, call: str, **more: Any) -> Mapping[str, Any]:
    sqs = _sqs(client)
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: Mapping[str, Any] = getattr(sqs, call)(QueueUrl=client.settings["queue_url"], **more)
    except ClientError as error:
        raise _named(error.response) from None
    except (BotoCoreError, ValueError) as error:
        raise TransientError(f"The queue of notifications could not be reached ({type(error).__name__}).") from None
    return answer


def _sqs(client: JsonClient) -> Any:
    with _making:
        known = _clients.get(client)
        if known is None:
            known = _clients[client] = _connect(client.settings)
        return known


def _connect(settings: Mapping[str, str]) -> Any:
    """Only the connection's own settings count: neither the environment, nor files of the host, nor its role."""
    try:
        import boto3
        import botocore.session
        from botocore.config import Config
        from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES as VARIABLES
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise UnsupportedError("Queues need the optional package boto3: install Throughline with its extra “sqs”.") from None
    missing = [words for name, words in _NEEDED.items() if not settings.get(name)]
    if missing:
        raise RejectedError(f"The connection names a queue, but not its {', '.join(missing)}.", code="queue_settings")
    plain = {name: (None, None, default, convert) for name, (_, _, default, convert) in VARIABLES.items()}
    nowhere = dict.fromkeys(("config_file", "credentials_file"), (None, None, "", None))
    config = Config(
        connect_timeout=5, read_timeout=WAIT + 10, retries={"total_max_attempts": 2, "mode": "standard"}, proxies={},
        ignore_configured_endpoint_urls=True, max_pool_connections=4,
    )  # fmt: skip
    endpoint = _endpoint(settings)
    session = boto3.Session(
        aws_access_key_id=settings["queue_access_key"], aws_secret_access_key=settings["queue_secret_key"],
        region_name=settings["queue_region"], botocore_session=botocore.session.Session(session_vars=plain | nowhere),
    )  # fmt: skip
    try:
        return session.client("sqs", endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError):
        raise RejectedError(
            "The region or the endpoint of the queue is not one. Correct it in the connection.", code="queue_settings"
        ) from None


def _endpoint(settings: Mapping[str, str]) -> str | None:
    given = settings.get("queue_endpoint", "").strip()
    parts = urlsplit(given)
    if given and parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise RejectedError("The endpoint of the queue must begin with https://.", code="queue_settings")
    return given or None


def _named(answer: Mapping[str, Any]) -> ConnectorError:
    """Amazon's refusal by what must happen next; its own text may name accounts and is not passed on."""
    code = str((answer.get("Error") or {}).get("Code") or "").rpartition("#")[2]
    status = int((answer.get("ResponseMetadata") or {}).get("HTTPStatusCode") or 0)
    if code in _REFUSED or status in (401, 403):
        words = f"The queue does not accept the access key of the connection, or the key may not read this queue ({code or status})."
        return CredentialsError(f"{words} It needs sqs:ReceiveMessage and sqs:DeleteMessage.", status=status, code=code)
    if "NonExistentQueue" in code or "QueueDoesNotExist" in code:
        return MissingError("There is no queue at this address in this region.", status=status, code=code)
    if code in _SLOWER or status == 429:
        return ThrottledError("The queue asks to slow down.", status=status, code=code)
    if status >= 500:
        return TransientError(f"The queue answered {status}.", status=status, code=code)
    return RejectedError(f"The queue refused the call ({code or status}).", status=status, code=code)


INBOX = Inbox(receive=receive, forget=forget, parse=notifications.parse, setting="queue_url", subscribe=subscriptions.set_up)
