"""The scripted day notices when an order that Amazon was to ship did not end as it must."""

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any

import pytest

from hub.demo.acts import Day
from hub.demo.amazons_warehouse import differences


def day(*, called_off: str = "", heard: int = 0, **places: str) -> Day:
    """Sales orders that Amazon was to ship, by where each left from; "" = it did not leave."""
    orders = {key: {"OrderStatus": "Fulfilled" if place else "Open"} for key, place in places.items()}
    shipments: Any = lambda key: [{"LocationCode": places[key]}] if places[key] else []  # noqa: E731
    tims = SimpleNamespace(shipments=shipments, book=SimpleNamespace(get=lambda kind, key: orders[key]))
    made = Day(SimpleNamespace(tims=tims), random.Random(1), [], None)  # type: ignore[arg-type]
    made.at_amazon, made.called_off = list(places), called_off
    made.notes["given up by Amazon, seen by people"] = heard
    return made


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (day(A="FBA-US", B="FBA-US"), []),
        (day(A="FBA-US", B="RENO", called_off="B", heard=1), []),
        (day(A="FBA-US", B="", called_off="B", heard=1), []),
        (day(A="RENO"), ["left from RENO"]),
        (day(A=""), ["left from nowhere"]),
        (day(A="RENO", called_off="A"), ["nobody heard"]),
        (day(A="FBA-US", called_off="A", heard=1), ["left its warehouse nevertheless"]),
    ],
)
def test_what_must_not_be_is_said(found: Day, words: list[str]) -> None:
    said = list(differences(found))
    assert len(said) == len(words)
    assert all(part in one for part, one in zip(words, said, strict=True))
