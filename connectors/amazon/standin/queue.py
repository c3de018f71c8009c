"""The stand-in's queue: as much of SQS as a real client needs, with its visibility timeout, duplicates, disorder and loss."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from connectors.sandbox import Request, Response, Router, Row, Sandbox, reply, rfc3339

QUEUE = Router()
CONTROLS = Router()
ROAD = "/sqs"
"""The endpoint below the stand-in's address. Calls are signed with the queue's own keys: neither token nor usage plan applies."""
ACCESS_KEY, SECRET_KEY = "sandbox-queue-access", "sandbox-queue-secret"
REGION, ACCOUNT, NAME = "us-east-1", "111122223333", "throughline-sandbox"
MESSAGES, QUEUES, SWITCHES = "sqs_messages", "sqs_queues", "sqs_switches"
AHEAD = 100
"""Messages among which the next ones are chosen, all queues together."""
_VISIBLE = timedelta(seconds=30)
_PREFIX = "AmazonSQS."
_KIND = "application/x-amz-json-1.0"


class _RefusedError(Exception):
    def __init__(self, code: str, words: str, *, status: int = 400, query: str = "") -> None:
        super().__init__(words)
        self.code, self.words, self.status, self.query = code, words, status, query


def declare(box: Sandbox) -> None:
    """What the book must know; call it in the stand-in's `__init__`."""
    box.book.order(MESSAGES, lambda row: str(row["Visible"]))


def make(box: Sandbox, name: str = NAME) -> str:
    """What a person does in AWS: makes a queue that Amazon may send to. Answers its ARN; safe to repeat."""
    if not box.book.has(QUEUES, name):
        box.book.put(QUEUES, name, {"Name": name})
    return arn(name)


def arn(name: str = NAME) -> str:
    """The ARN of a queue."""
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def address(box: Sandbox, name: str = NAME) -> str:
    """The queue's address, for the setting `queue_url`; `endpoint(box)` is the one for `queue_endpoint`."""
    return f"{endpoint(box)}/{ACCOUNT}/{name}"


def endpoint(box: Sandbox) -> str:
    """The address that answers instead of Amazon's own."""
    return box.url + ROAD


def settings(box: Sandbox, name: str = NAME) -> dict[str, str]:
    """The connection settings that make a hub read this queue."""
    return {
        "queue_arn": arn(name), "queue_url": address(box, name), "queue_endpoint": endpoint(box), "queue_region": REGION,
        "queue_access_key": ACCESS_KEY, "queue_secret_key": SECRET_KEY,
    }  # fmt: skip


def mischief(box: Sandbox, **switches: Any) -> Row:
    """Switches, as probabilities: `twice` a message is put twice, `lose` it never arrives; `shuffle` gives them in any order."""
    kept = {**(box.book.get(SWITCHES, "all") or {}), **switches}
    box.book.put(SWITCHES, "all", kept)
    return kept


def put(box: Sandbox, name: str, body: str) -> None:
    """Amazon, or a person, sends a message. A queue that is gone swallows it."""
    switches = box.book.get(SWITCHES, "all") or {}
    if not box.book.has(QUEUES, name) or box.random.random() < float(switches.get("lose") or 0):
        return
    copies = 2 if box.random.random() < float(switches.get("twice") or 0) else 1
    for _ in range(copies):
        number = f"{box.book.next_number('sqs_message'):012d}"
        row = {
            "Key": number,
            "ID": str(uuid.UUID(int=box.random.getrandbits(128))),
            "Queue": name,
            "Body": body,
            "Receives": 0,
            "Handle": "",
        }
        box.book.put(MESSAGES, number, {**row, "Visible": rfc3339(box.now())})


def pending(box: Sandbox, name: str = NAME) -> int:
    """How many messages are on a queue, those under way included."""
    return sum(row["Queue"] == name for row in box.book.rows(MESSAGES))


def show_all(box: Sandbox) -> None:
    """Time passes: messages that somebody received and did not delete can be received again."""
    with box.book.transaction():
        for row in list(box.book.rows(MESSAGES)):
            box.book.put(MESSAGES, row["Key"], {**row, "Visible": min(row["Visible"], rfc3339(box.now()))})


@QUEUE.on("POST", ROAD)
@QUEUE.on("POST", f"{ROAD}/")
def call(box: Sandbox, request: Request) -> Response:
    """Every call has the same address; a header names it. An empty queue answers at once, however long the caller would wait."""
    try:
        if not _signed(request):
            raise _RefusedError("InvalidClientTokenId", "The security token included in the request is invalid.", status=403)
        name = request.headers.get("x-amz-target", "").removeprefix(_PREFIX)
        if name not in _CALLS:
            raise _RefusedError("UnknownOperationException", "", status=400)
        wish = request.json()
        return _answer(_CALLS[name](box, _queue(box, wish), wish))
    except _RefusedError as refused:
        body = {"__type": f"com.amazonaws.sqs#{refused.code}", "message": refused.words}
        headers = {"x-amzn-query-error": f"{refused.query};Sender"} if refused.query else {}
        return _answer(body, status=refused.status, headers=headers)


@CONTROLS.on("POST", "/__sandbox__/queue/mischief")
def switch(box: Sandbox, request: Request) -> Response:
    """`{"twice": 0.1, "lose": 0.01, "shuffle": true}`, any of them."""
    return reply(mischief(box, **{name: value for name, value in request.json().items() if name in ("twice", "lose", "shuffle")}))


def _answer(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return reply(body, status, {**(headers or {}), "Content-Type": _KIND, "x-amzn-RequestId": str(uuid.uuid4())})


def _queue(box: Sandbox, wish: Row) -> str:
    name = str(wish.get("QueueUrl") or "").rpartition("/")[2]
    if not box.book.has(QUEUES, name):
        words = "The specified queue does not exist."
        raise _RefusedError("QueueDoesNotExist", words, query="AWS.SimpleQueueService.NonExistentQueue")
    return name


def _receive(box: Sandbox, queue: str, wish: Row) -> Row:
    most, hidden = int(wish.get("MaxNumberOfMessages") or 1), wish.get("VisibilityTimeout")
    if not 1 <= most <= 10 or int(wish.get("WaitTimeSeconds") or 0) > 20:
        raise _RefusedError("InvalidParameterValue", "A parameter is out of its range.", query="InvalidParameterValue")
    now = rfc3339(box.now())
    ahead = box.book.after(MESSAGES, ("", ""), AHEAD)
    visible = [row for (at, _), row in ahead if at <= now and row["Queue"] == queue]
    if (box.book.get(SWITCHES, "all") or {}).get("shuffle"):
        box.random.shuffle(visible)
    until = box.now() + (_VISIBLE if hidden is None else timedelta(seconds=int(hidden)))
    given = [_given(box, row, rfc3339(until)) for row in visible[:most]]
    return {"Messages": given} if given else {}


def _given(box: Sandbox, row: Row, until: str) -> Row:
    handle = f"{row['Key']}.{box.random.getrandbits(64):016x}"
    box.book.put(MESSAGES, row["Key"], {**row, "Visible": until, "Handle": handle, "Receives": row["Receives"] + 1})
    body = row["Body"]
    return {"MessageId": row["ID"], "ReceiptHandle": handle, "Body": body, "MD5OfBody": _md5(body)}


def _delete(box: Sandbox, queue: str, wish: Row) -> Row:
    handle = str(wish.get("ReceiptHandle") or "")
    row = box.book.get(MESSAGES, handle.partition(".")[0])
    # As in SQS: an old handle of a message that was given to somebody else meanwhile is taken, and does nothing.
    if row and row["Handle"] == handle:
        box.book.delete(MESSAGES, row["Key"])
    return {}


def _delete_batch(box: Sandbox, queue: str, wish: Row) -> Row:
    entries = wish.get("Entries") or []
    if not 1 <= len(entries) <= 10 or len({one["Id"] for one in entries}) < len(entries):
        raise _RefusedError(
            "InvalidBatchEntryId", "One to ten entries with ids of their own.", query="AWS.SimpleQueueService.BatchEntryIdsNotDistinct"
        )
    for one in entries:
        _delete(box, queue, one)
    return {"Successful": [{"Id": one["Id"]} for one in entries]}


def _send(box: Sandbox, queue: str, wish: Row) -> Row:
    body = str(wish.get("MessageBody") or "")
    put(box, queue, body)
    return {"MessageId": str(uuid.uuid4()), "MD5OfMessageBody": _md5(body)}


def _attributes(box: Sandbox, queue: str, wish: Row) -> Row:
    now = rfc3339(box.now())
    rows = [row for row in box.book.rows(MESSAGES) if row["Queue"] == queue]
    visible = sum(row["Visible"] <= now for row in rows)
    known = {
        "ApproximateNumberOfMessages": str(visible), "ApproximateNumberOfMessagesNotVisible": str(len(rows) - visible),
        "QueueArn": arn(queue),
    }  # fmt: skip
    wanted = wish.get("AttributeNames") or []
    return {"Attributes": {name: value for name, value in known.items() if name in wanted or "All" in wanted}}


_CALLS: dict[str, Callable[[Sandbox, str, Row], Row]] = {
    "ReceiveMessage": _receive,
    "DeleteMessage": _delete,
    "DeleteMessageBatch": _delete_batch,
    "SendMessage": _send,
    "GetQueueAttributes": _attributes,
}


def _md5(body: str) -> str:
    return hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()


def _signed(request: Request) -> bool:
    """Whether AWS's signature (version 4) of a call was made with the queue's keys."""
    method, _, rest = request.headers.get("authorization", "").partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = parts.get("Credential", "").split("/")
    if method != "AWS4-HMAC-SHA256" or len(scope) != 5 or scope[0] != ACCESS_KEY:
        return False
    names = parts.get("SignedHeaders", "")
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names.split(";"))
    asked = "\n".join(
        (request.method, request.path, request.query_string, headers, names, hashlib.sha256(request.body).hexdigest())
    )  # fmt: skip
    text = f"{method}\n{request.headers.get('x-amz-date', '')}\n{'/'.join(scope[1:])}\n{hashlib.sha256(asked.encode()).hexdigest()}"
    key = f"AWS4{SECRET_KEY}".encode()
    for piece in scope[1:]:
        key = hmac.digest(key, piece.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), parts.get("Signature", ""))
