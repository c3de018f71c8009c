"""A value that may still come: tried again every hour, at once when its row is added, and an error when its time is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from hub.models import Attempt, Delivery, ErrorRecord, Flow
from mappings.lookups import Row, set_entry, write
from mappings.models import LookupTable
from tests.hub.engine.toyhub import Hub, mapping

LOOKUP = {"source": "Sku", "steps": [{"name": "lookup", "args": {"table": "skus", "miss": "wait", "hours": 24}}]}


@pytest.fixture
def table(hub: Hub) -> LookupTable:
    return LookupTable.objects.create(slug="skus", name="SKUs")


def place(hub: Hub, key: str = "1", rules: dict[str, Any] | None = None, **fields: Any) -> Delivery:
    row = mapping(f"waiting-{key}", "orders", "orders", rules or {"Number": "Id", "Sku": LOOKUP})
    Flow.objects.filter(pk=hub.flow.pk).update(mapping=row)
    hub.world.place(key, **fields)
    hub.read()
    hub.send()
    return hub.last(key)


def age(hours: float) -> None:
    Delivery.objects.update(created_at=timezone.now() - timedelta(hours=hours))


def test_a_missing_row_is_no_error_yet_and_the_words_name_table_key_and_end(hub: Hub, table: LookupTable) -> None:
    made = place(hub)
    assert (made.state, made.reason_code, made.waits_for, made.attempts) == ("waiting", "waits_for_value", "lookup/skus/TK-1", 0)
    until = made.created_at + timedelta(hours=24)
    assert '"skus" has no row for "TK-1"' in made.reason
    assert made.reason.endswith(f"It is tried again every hour until {until:%Y-%m-%d %H:%M} UTC.")
    assert made.due_at - timezone.now() > timedelta(minutes=59)
    assert not ErrorRecord.objects.exists()
    assert not Attempt.objects.exists()


def test_adding_the_row_releases_it_at_once(hub: Hub, table: LookupTable) -> None:
    place(hub)
    set_entry("skus", "TK-1", "X-1", by=None)
    hub.send()
    assert hub.last("1").state == "delivered"
    assert hub.world.documents["D-1"]["Sku"] == "X-1"


def test_an_import_of_rows_releases_it_too(hub: Hub, table: LookupTable) -> None:
    place(hub)
    write(table, [Row("TK-1", "X-1"), Row("TK-2", "X-2")], by=None)
    hub.send()
    assert hub.last("1").state == "delivered"


def test_a_row_of_another_table_releases_nothing(hub: Hub, table: LookupTable) -> None:
    place(hub)
    LookupTable.objects.create(slug="skus2", name="Others")
    set_entry("skus2", "TK-1", "X-1", by=None)
    assert hub.last("1").state == "waiting"


def test_a_row_that_does_not_help_lets_it_wait_on_until_the_same_end(hub: Hub, table: LookupTable) -> None:
    before = place(hub)
    set_entry("skus", "TK-7", "X-7", by=None)
    hub.send()
    after = hub.last("1")
    assert (after.state, after.reason, after.attempts) == ("waiting", before.reason, 0)


def test_after_its_hours_it_becomes_the_usual_error(hub: Hub, table: LookupTable) -> None:
    place(hub)
    age(24)
    hub.later()
    assert hub.last("1").state == "failed"
    assert (ErrorRecord.objects.get().cause, ErrorRecord.objects.get().category) == ("lookup:skus:TK-1", "mapping")


def test_any_other_problem_makes_it_an_error_at_once_with_all_problems(hub: Hub, table: LookupTable) -> None:
    place(hub, rules={"Number": {"source": "Nummer", "if_empty": "error"}, "Sku": LOOKUP})
    assert hub.last("1").state == "failed"
    assert set(ErrorRecord.objects.values_list("cause", flat=True)) == {"required:Number", "lookup:skus:TK-1"}


def test_the_shorter_of_two_waits_counts(hub: Hub, table: LookupTable) -> None:
    name = {"source": "Nick", "if_empty": "wait", "wait_hours": 2}
    place(hub, rules={"Number": "Id", "Sku": LOOKUP, "Name": name})
    age(3)
    hub.later()
    assert hub.last("1").state == "failed"
    assert ErrorRecord.objects.count() == 2


def test_a_required_value_that_comes_at_the_source_is_read_by_the_next_try(hub: Hub) -> None:
    made = place(hub, rules={"Number": "Id", "Name": {"source": "Nick", "if_empty": "wait", "wait_hours": 4}})
    assert (made.state, made.waits_for) == ("waiting", "")
    hub.world.orders["1"]["Nick"] = "Dee"
    hub.later()
    assert hub.world.documents["D-1"]["Name"] == "Dee"


def test_the_words_hold_no_personal_value(hub: Hub, table: LookupTable) -> None:
    made = place(hub, rules={"Number": "Id", "Sku": LOOKUP | {"source": "Name"}}, Name="Ottoline Quackenbush")
    assert made.state == "waiting"
    assert "Quackenbush" not in made.reason + made.waits_for


def test_a_buyers_next_order_does_not_wait_for_a_missing_value(hub: Hub, table: LookupTable) -> None:
    place(hub, "1", Buyer="dana")
    set_entry("skus", "TK-2", "X-2", by=None)
    place(hub, "2", Buyer="dana", Sku="TK-2")
    assert hub.states() == {"1": "waiting", "2": "delivered"}
