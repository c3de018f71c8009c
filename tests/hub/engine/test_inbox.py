"""The queue of notifications: what came twice, late, malformed or just before a death is kept once and blocks nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Any

import pytest

from connectors.errors import BadEventError, ConnectorError, CredentialsError, TransientError
from connectors.http import JsonClient
from connectors.notices import Event, Inbox, Message
from tests.hub.engine import toy


@dataclass
class Queue:
    """A queue that gives its messages until they are forgotten, as real ones do after a while."""

    waiting: list[Message] = field(default_factory=list)
    trouble: ConnectorError | None = None
    dies: bool = False
    number: int = 0

    def put(self, *bodies: bytes | dict[str, Any]) -> None:
        for body in bodies:
            self.number += 1
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.waiting.append(Message(handle=f"h{self.number}", body=raw))

    def receive(self, client: JsonClient) -> list[Message]:
        if self.trouble:
            raise self.trouble
        return self.waiting[:10]

    def forget(self, client: JsonClient, messages: Sequence[Message]) -> None:
        if self.dies:
            raise KeyboardInterrupt
        gone = {one.handle for one in messages}
        self.waiting = [one for one in self.waiting if one.handle not in gone]


def parse(settings: Mapping[str, str], body: bytes) -> Event:
    try:
        content = json.loads(body)
    except ValueError:
        raise BadEventError("The body is not JSON.") from None
    if content.get("break"):
        raise ZeroDivisionError
    return Event(id=content["id"], type="changed", stream=content.get("stream", "orders"), key=content.get("key", ""))


def told(number: int, key: str = "A-1", **more: Any) -> dict[str, Any]:
    return {"id": f"n-{number}", "key": key, **more}


@pytest.fixture
def queue(hub: Any, monkeypatch: pytest.MonkeyPatch) -> Queue:
    from connectors import registry

    made = Queue()
    shop = replace(toy.SHOP, inbox=Inbox(receive=made.receive, forget=made.forget, parse=parse, setting="queue_url"))
    monkeypatch.setattr(registry, "connectors", lambda: {"shop": shop, "ledger": toy.LEDGER})
    monkeypatch.setattr("hub.engine.inbox.connectors", registry.connectors)
    return made


def empty(hub: Any, *, seconds: float = 20) -> int:
    from hub.engine import inbox

    return inbox.empty(hub.flow.source_id, deadline=monotonic() + seconds)


def kept() -> list[tuple[str, str]]:
    from hub.models import InboundEvent

    return list(InboundEvent.objects.order_by("pk").values_list("event_id", "state"))


def open_errors() -> list[Any]:
    from hub.models import ErrorRecord

    return list(ErrorRecord.objects.filter(state="open"))


def test_a_death_between_commit_and_forgetting_leaves_a_duplicate_that_is_dropped(hub: Any, queue: Queue) -> None:
    queue.put(told(1))
    queue.dies = True
    with pytest.raises(KeyboardInterrupt):
        empty(hub)
    assert kept() == [("n-1", "received")]
    queue.dies = False
    empty(hub)
    assert (kept(), queue.waiting) == ([("n-1", "received")], [])


def test_a_death_before_the_commit_leaves_the_message_on_the_queue(hub: Any, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*args: Any, **more: Any) -> None:
        raise KeyboardInterrupt

    queue.put(told(1), told(2))
    monkeypatch.setattr("hub.engine.store.keep", die)
    with pytest.raises(KeyboardInterrupt):
        empty(hub)
    assert (kept(), len(queue.waiting)) == ([], 2)


def test_the_same_notification_in_two_messages_is_kept_once(hub: Any, queue: Queue) -> None:
    queue.put(told(1), told(2), told(1), told(1))
    assert empty(hub) == 4
    assert kept() == [("n-1", "received"), ("n-2", "received")]


def test_notifications_out_of_order_are_read_as_one_record(hub: Any, queue: Queue) -> None:
    from hub.engine.events import read_events

    hub.world.place("A-1")
    queue.put(told(3), told(1), told(2))
    empty(hub)
    read_events(hub.flow.source_id, deadline=monotonic() + 5)
    assert (hub.world.calls, {state for _, state in kept()}) == ([("read", "A-1")], {"done"})


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b'{"id": "nul\\u0000inside"}', b'{"id": "n", "key": "' + b"x" * 201 + b'"}'])
def test_a_malformed_message_is_kept_for_people_and_does_not_block_the_queue(hub: Any, queue: Queue, body: bytes) -> None:
    from hub.models import InboundEvent
    from hub.vault import unseal

    queue.put(told(1), body, told(2))
    assert empty(hub) == 3
    failed = InboundEvent.objects.get(state="failed")
    assert (unseal(failed.seal, failed.sealed), bool(failed.reason), queue.waiting) == (body, True, [])
    assert InboundEvent.objects.filter(state="received").count() == 2


def test_a_message_that_our_own_code_cannot_read_does_not_block_the_queue(hub: Any, queue: Queue) -> None:
    queue.put(told(1, **{"break": True}), told(2))
    assert empty(hub) == 2
    assert [state for _, state in kept()] == ["failed", "received"]


def test_a_huge_message_is_refused_and_only_its_beginning_is_kept(hub: Any, queue: Queue, settings: Any) -> None:
    from hub.models import InboundEvent

    settings.HUB_WEBHOOK_MAX_BYTES = 1000
    queue.put(told(1, padding="x" * 5000))
    empty(hub)
    row = InboundEvent.objects.get()
    assert (row.state, row.size, "larger than 1000 bytes" in row.reason) == ("failed", 1000, True)


def test_a_notification_that_announces_no_record_is_kept_as_ignored(hub: Any, queue: Queue) -> None:
    queue.put(told(1, key=""))
    empty(hub)
    assert kept() == [("n-1", "ignored")]


def test_everything_that_waits_is_taken_in_batches(hub: Any, queue: Queue) -> None:
    queue.put(*(told(number) for number in range(35)))
    assert (empty(hub), len(kept())) == (35, 35)


def test_a_queue_that_never_ends_leaves_the_worker_to_others_in_time(hub: Any, queue: Queue) -> None:
    queue.put(*(told(number) for number in range(35)))
    assert empty(hub, seconds=-1) == 0
    assert len(queue.waiting) == 35


def test_what_was_taken_in_wakes_the_reading(hub: Any, queue: Queue) -> None:
    from hub.models import Wake

    queue.put(told(1))
    empty(hub)
    assert Wake.objects.filter(name=f"events:{hub.flow.source_id}").exists()


def test_trouble_with_the_queue_is_shown_once_and_heals_by_itself(hub: Any, queue: Queue) -> None:
    queue.trouble = CredentialsError("Amazon's queue refuses the access key.")
    empty(hub)
    empty(hub)
    [shown] = open_errors()
    assert (shown.severity, "refuses the access key" in shown.message) == ("error", True)
    queue.trouble = None
    empty(hub)
    assert open_errors() == []


def test_a_queue_out_of_reach_is_only_a_warning(hub: Any, queue: Queue) -> None:
    queue.trouble = TransientError("The queue could not be reached.")
    empty(hub)
    assert [one.severity for one in open_errors()] == ["warning"]


def test_the_connection_goes_on_working_when_its_queue_does_not(hub: Any, queue: Queue) -> None:
    queue.trouble = CredentialsError("Amazon's queue refuses the access key.")
    empty(hub)
    hub.flow.source.refresh_from_db()
    assert hub.flow.source.status == "untested"


def test_a_connection_that_is_switched_off_leaves_its_queue_alone(hub: Any, queue: Queue) -> None:
    from hub.models import Connection

    queue.put(told(1))
    Connection.objects.update(enabled=False)
    assert (empty(hub), len(queue.waiting)) == (0, 1)


def test_the_minute_tick_wakes_only_connections_with_a_queue(hub: Any, queue: Queue) -> None:
    from hub.models import Connection, Wake
    from hub.tasks import tick

    tick()
    assert not Wake.objects.filter(name__startswith="inbox:").exists()
    Connection.objects.filter(pk=hub.flow.source_id).update(settings={"queue_url": "https://queue.test/1/hub"})
    tick()
    assert [one.name for one in Wake.objects.filter(name__startswith="inbox:")] == [f"inbox:{hub.flow.source_id}"]


def test_two_workers_with_the_same_messages_store_them_in_one_order(hub: Any, queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    stored: list[str] = []
    monkeypatch.setattr("hub.engine.store.keep", lambda pk, event, body, now: bool(stored.append(event.key)) or True)
    queue.put(told(1, "B"), told(2, "A"), told(3, "C"))
    empty(hub)
    queue.put(told(3, "C"), told(1, "B"), told(2, "A"))
    empty(hub)
    assert stored == ["A", "B", "C"] * 2
