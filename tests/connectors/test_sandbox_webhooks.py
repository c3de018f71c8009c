"""Webhooks of the stand-ins: really sent, repeated, mixed up, and never forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from connectors.sandbox import Refusal, Request, Response, Router, Sandbox, Sending, reply


class Things(Sandbox):
    routes: ClassVar[Router] = Router()
    webhook_retries: ClassVar[tuple[float, ...]] = (60, 300)

    def sign(self, sending: Sending, now: datetime) -> dict[str, str]:
        return {"X-Attempt": str(sending.attempt), "X-Id": sending.id}


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Things]:
    with Things(tmp_path / "things.db") as running:
        yield running


class Receiver(Sandbox):
    """Takes webhooks; refuses the first `refuse` of them."""

    routes: ClassVar[Router] = Router()
    refuse = 0


@Receiver.routes.on("POST", "/hook")
def hook(box: Receiver, request: Request) -> Response:
    if box.refuse:
        box.refuse -= 1
        raise Refusal(500, "no", "Not now.")
    box.book.put("events", str(box.book.next_number("events")), {"Id": request.headers["x-id"], "Attempt": request.headers["x-attempt"]})
    return reply({})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        yield running


def _wait(condition: Any) -> None:
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_a_refused_webhook_comes_again_after_its_pause_with_the_same_id(box: Things, receiver: Receiver) -> None:
    receiver.refuse = 1
    box.webhooks.announce(f"{receiver.url}/hook", b"{}", id="evt-1")
    _wait(lambda: receiver.refuse == 0)
    assert receiver.book.count("events") == 0
    box.clock.advance(61)
    _wait(lambda: list(receiver.book.rows("events")) == [{"Id": "evt-1", "Attempt": "2"}])


def test_a_webhook_that_nobody_takes_is_given_up(box: Things, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    gone: list[str] = []
    monkeypatch.setattr(box.webhooks, "_gave_up", lambda sending: gone.append(sending.id))
    receiver.refuse = 99
    box.webhooks.announce(f"{receiver.url}/hook", b"{}", id="evt-1")
    for _ in range(4):
        box.webhooks.flush()
    assert (gone, box.webhooks.pending()) == (["evt-1"], 0)


def test_webhooks_can_come_twice_and_in_another_order(box: Things, receiver: Receiver) -> None:
    box.webhooks.mischief.twice = True
    box.webhooks.mischief.shuffle = 6
    for number in range(3):
        box.webhooks.announce(f"{receiver.url}/hook", b"{}", id=f"evt-{number}")
    box.webhooks.flush()
    _wait(lambda: receiver.book.count("events") == 6)
    assert sorted(row["Id"] for row in receiver.book.rows("events")) == ["evt-0", "evt-0", "evt-1", "evt-1", "evt-2", "evt-2"]


def test_waiting_webhooks_survive_a_restart(tmp_path: Path, receiver: Receiver) -> None:
    with Things(tmp_path / "state.db") as first:
        first.webhooks.mischief.paused = True
        first.webhooks.announce(f"{receiver.url}/hook", b"{}", id="evt-1")
    with Things(tmp_path / "state.db"):
        _wait(lambda: receiver.book.count("events") == 1)
