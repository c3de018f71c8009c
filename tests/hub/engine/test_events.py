"""Records that webhooks announced are read together; what was read is kept when the others must wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from time import monotonic

import pytest
from django.utils import timezone

from connectors.base import Record
from connectors.errors import ConnectorError, CredentialsError, ThrottledError
from connectors.http import JsonClient
from hub.engine import events
from hub.engine.records import stream_of
from hub.models import Connection, InboundEvent
from tests.hub.engine import toy
from tests.hub.engine.toyhub import Hub


@pytest.mark.parametrize("trouble", [ThrottledError("Slow down.", retry_after=60), CredentialsError("Revoked.")])
def test_what_was_read_before_the_limit_was_reached_is_kept(hub: Hub, monkeypatch: pytest.MonkeyPatch, trouble: ConnectorError) -> None:
    asked: list[list[str]] = []

    def few(client: JsonClient, keys: Sequence[str]) -> list[Record]:
        asked.append(list(keys))
        if len(asked) > 2:
            raise trouble
        return toy._read_many(client, keys)

    stream = replace(stream_of(hub.flow) or pytest.fail("the flow has a stream"), read_many=few, keys_at_once=2)
    monkeypatch.setattr(events, "stream_of", lambda flow: stream)
    source = hub.flow.source or pytest.fail("the flow has a source")
    now = timezone.now()
    for number in range(7):
        hub.world.place(f"k{number}")
        InboundEvent.objects.create(
            connection=source, event_id=f"e{number}", stream="orders", key=f"k{number}", type="changed", due_at=now, received_at=now
        )
    events.read_events(source.pk, deadline=monotonic() + 20)
    states = dict(InboundEvent.objects.values_list("key", "state"))
    assert asked == [["k0", "k1"], ["k2", "k3"], ["k4", "k5"]]
    assert states == {f"k{number}": "done" if number < 4 else "received" for number in range(7)}
    refused = Connection.objects.filter(pk=source.pk, status=Connection.Status.REFUSED).exists()
    assert refused == isinstance(trouble, CredentialsError)
