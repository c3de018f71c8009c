"""The queue of notifications, read by Amazon's own client: refusals in words, duplicates, disorder, loss, late forgetting."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from connectors.amazon import queue
from connectors.amazon.standin import queue as sqs
from connectors.auth import ApiKey
from connectors.errors import CredentialsError, MissingError, RejectedError, ThrottledError, TransientError, UnsupportedError
from connectors.http import JsonClient
from connectors.sandbox import Router, Sandbox


class Box(Sandbox):
    routes: ClassVar[Router] = sqs.QUEUE


@pytest.fixture
def box() -> Iterator[Box]:
    pytest.importorskip("boto3")
    with Box() as running:
        sqs.declare(running)
        sqs.make(running)
        yield running


def client_of(box: Box, **settings: str) -> JsonClient:
    return JsonClient(box.url, auth=ApiKey("x", "y"), label="Amazon", settings={**sqs.settings(box), **settings})


@pytest.fixture
def client(box: Box) -> JsonClient:
    return client_of(box)


def bodies(client: JsonClient) -> list[str]:
    return [one.body.decode() for one in queue.receive(client)]


def test_without_boto3_the_words_name_the_extra(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **more: Any) -> Any:
        if name == "boto3":
            raise ImportError
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(UnsupportedError, match="extra “sqs”"):
        queue.receive(client_of(box))


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"queue_access_key": "another"}, CredentialsError, "does not accept the access key"),
        ({"queue_secret_key": "another"}, CredentialsError, "sqs:ReceiveMessage"),
        ({"queue_url": "https://sqs.test/1/gone"}, MissingError, "no queue at this address"),
        ({"queue_secret_key": ""}, RejectedError, "not its secret key"),
        ({"queue_endpoint": "http://queue.example.com"}, RejectedError, "https://"),
        ({"queue_region": "us east 1"}, RejectedError, "region or the endpoint"),
        ({"queue_endpoint": "https://"}, RejectedError, "region or the endpoint"),
        ({"queue_endpoint": "http://127.0.0.1:9/sqs"}, TransientError, "could not be reached"),
    ],
)
def test_a_queue_that_cannot_be_read_says_why(box: Box, settings: dict[str, str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        queue.receive(client_of(box, **settings))


@pytest.mark.parametrize(("status", "error"), [("503", TransientError), ("429", ThrottledError), ("400", RejectedError)])
def test_an_answer_that_is_no_success_is_classified(box: Box, client: JsonClient, status: str, error: type[Exception]) -> None:
    box.faults.add(status, "/sqs", count=5)
    with pytest.raises(error):
        queue.receive(client)


def test_no_queue_in_the_settings_is_an_empty_one(box: Box) -> None:
    assert queue.receive(client_of(box, queue_url="")) == []


def test_nothing_of_the_host_counts(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_CONFIG_FILE": "/none", "HTTP_PROXY": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "of-the-host", "AWS_SECRET_ACCESS_KEY": "of-the-host", "AWS_SESSION_TOKEN": "of-the-host",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    sqs.put(box, sqs.NAME, "one")
    assert bodies(client_of(box)) == ["one"]


def test_what_was_forgotten_is_gone(box: Box, client: JsonClient) -> None:
    for number in range(12):
        sqs.put(box, sqs.NAME, str(number))
    first = queue.receive(client)
    queue.forget(client, first)
    queue.forget(client, queue.receive(client))
    assert (len(first), sqs.pending(box), queue.receive(client)) == (10, 0, [])


def test_more_than_ten_are_forgotten_in_several_calls(box: Box, client: JsonClient) -> None:
    for number in range(12):
        sqs.put(box, sqs.NAME, str(number))
    queue.forget(client, queue.receive(client) + queue.receive(client))
    assert sqs.pending(box) == 0


def test_forgetting_nothing_asks_nothing(client: JsonClient, box: Box) -> None:
    queue.forget(client, [])
    assert not box.seen


def test_what_was_not_forgotten_comes_again_after_its_time(box: Box, client: JsonClient) -> None:
    sqs.put(box, sqs.NAME, "one")
    assert bodies(client) == ["one"]
    assert bodies(client) == []
    box.clock.advance(queue.HIDDEN + 1)
    assert bodies(client) == ["one"]


def test_what_was_not_forgotten_can_be_shown_at_once(box: Box, client: JsonClient) -> None:
    sqs.put(box, sqs.NAME, "one")
    assert (bodies(client), bodies(client)) == (["one"], [])
    sqs.show_all(box)
    assert bodies(client) == ["one"]


def test_an_old_handle_takes_nothing_away_from_who_has_the_message_now(box: Box, client: JsonClient) -> None:
    sqs.put(box, sqs.NAME, "one")
    old = queue.receive(client)
    box.clock.advance(queue.HIDDEN + 1)
    queue.receive(client)
    queue.forget(client, old)
    assert sqs.pending(box) == 1


def test_the_queue_can_double_mix_and_lose_messages(box: Box, client: JsonClient) -> None:
    sqs.mischief(box, twice=1.0)
    sqs.put(box, sqs.NAME, "one")
    assert bodies(client) == ["one", "one"]
    sqs.mischief(box, twice=0, lose=1.0)
    sqs.put(box, sqs.NAME, "lost")
    assert sqs.pending(box) == 2
    sqs.mischief(box, lose=0, shuffle=True)
    for number in range(10):
        sqs.put(box, sqs.NAME, str(number))
    mixed = bodies(client)
    assert (sorted(mixed), mixed != sorted(mixed)) == ([str(number) for number in range(10)], True)


def test_the_number_of_waiting_messages_is_told(box: Box, client: JsonClient) -> None:
    sqs.put(box, sqs.NAME, "one")
    assert queue.waiting(client) == 1


def test_a_foreign_program_can_send_to_the_queue(box: Box, client: JsonClient) -> None:
    queue.receive(client)
    queue._sqs(client).send_message(QueueUrl=sqs.address(box), MessageBody="hand-made")
    assert bodies(client) == ["hand-made"]
