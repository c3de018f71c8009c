"""When a connection is paused, and when it is not."""

from __future__ import annotations

from connectors.errors import TransientError
from hub.models import Connection, Flow
from tests.hub.engine.toyhub import Hub


def ledger() -> Connection:
    return Connection.objects.get(slug="ledger")


def place_many(hub: Hub, count: int) -> None:
    Flow.objects.update(operation="bulk_orders")
    hub.flow.refresh_from_db()
    for number in range(count):
        hub.world.place(str(number))
    hub.read()


def test_one_lost_bulk_call_does_not_pause_the_connection(hub: Hub) -> None:
    place_many(hub, 50)
    hub.world.before = [TransientError("Down.")]
    hub.send()
    assert (ledger().failures, ledger().open_until) == (1, None)
    assert set(hub.states().values()) == {"waiting"}


def test_one_that_works_again_is_paused_no_more(hub: Hub) -> None:
    place_many(hub, 50)
    hub.world.before = [TransientError("Down.") for _ in range(25)]
    hub.send()
    for _ in range(30):
        hub.later()
    assert (ledger().failures, ledger().open_until) == (0, None)
    assert set(hub.states().values()) == {"delivered"}
