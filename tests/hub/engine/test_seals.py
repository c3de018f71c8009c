"""How long the clear text of a record is kept: as its shipment, the settings and its system say, whichever is shortest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from connectors.base import Record
from hub.engine.accept import accept
from hub.models import Delivery, Flow, Seal
from tests import factories

NOW = timezone.now().replace(microsecond=0)
pytestmark = pytest.mark.django_db


@pytest.fixture
def flow(monkeypatch: pytest.MonkeyPatch) -> Flow:
    monkeypatch.setattr("hub.engine.accept.wake", lambda kind, pk: None)
    return factories.flow()


def kept_until(flow: Flow, **fields: Any) -> datetime:
    payload = factories.order(7, **fields)
    accept(flow, [Record(key="7", payload=payload)], now=NOW)
    return Seal.objects.get(key="7").keep_until


def after(days: int) -> str:
    return (NOW + timedelta(days=days)).isoformat()


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({}, 120),
        ({"OrderStatus": "Shipped", "ShippedDateUtc": after(0)}, 30),
        ({"PersonalDataRemovalDateUtc": after(10)}, 10),
        ({"PersonalDataRemovalDateUtc": after(-3)}, -3),
        ({"PersonalDataRemovalDateUtc": after(500)}, 120),
        ({"PersonalDataRemovalDateUtc": None}, 120),
        ({"PersonalDataRemovalDateUtc": "soon"}, 120),
        ({"PersonalDataRemovalDateUtc": "9999-12-31T23:59:59Z"}, 120),
        ({"OrderStatus": "Shipped", "ShippedDateUtc": after(0), "PersonalDataRemovalDateUtc": after(10)}, 10),
        ({"OrderStatus": "Shipped", "ShippedDateUtc": after(0), "PersonalDataRemovalDateUtc": after(60)}, 30),
    ],
)
def test_the_shortest_time_counts(flow: Flow, fields: dict[str, Any], days: int) -> None:
    assert kept_until(flow, **fields) == NOW + timedelta(days=days)


def test_a_change_of_the_order_does_not_extend_what_its_system_said(flow: Flow) -> None:
    date = {"PersonalDataRemovalDateUtc": after(10)}
    kept_until(flow, **date)
    assert kept_until(flow, OrderStatus="Acknowledged", Currency="CAD", **date) == NOW + timedelta(days=10)


def test_a_date_that_comes_without_any_other_change_counts_and_makes_no_delivery(flow: Flow) -> None:
    kept_until(flow)
    assert kept_until(flow, PersonalDataRemovalDateUtc=after(10)) == NOW + timedelta(days=10)
    assert Delivery.objects.count() == 1
