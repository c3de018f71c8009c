"""Money that is sold and held back: opening + earned - released = closing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.core.rollforward.deferred import Unsettled, roll_forward
from reconciliation.core.rollforward.transactions import read

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def booked(name: str, day: int, amount: str | float = "10.00", status: str = "DEFERRED", **more: Any) -> dict[str, Any]:
    """A transaction as Amazon sends it, posted that many days after the month began."""
    numbers = {"ORDER_ID": f"1-{name}", **{key.upper(): value for key, value in more.items() if key.endswith("_id")}}
    matures = {"maturityDate": (START + timedelta(days=more["matures"])).isoformat()} if "matures" in more else {}
    return {
        "transactionId": name,
        "transactionStatus": status,
        "transactionType": "Shipment",
        "postedDate": (START + timedelta(days=day)).isoformat(),
        "totalAmount": {
            "currencyAmount": Decimal(amount) if isinstance(amount, str) else amount,
            "currencyCode": more.get("currency", "USD"),
        },
        "sellingPartnerMetadata": {"accountType": more.get("account", "Standard Orders")},
        "relatedIdentifiers": [{"relatedIdentifierName": key, "relatedIdentifierValue": value} for key, value in numbers.items()],
        "contexts": [{"contextType": "DeferredContext", "deferralReason": "DD7", **matures}],
    }


def released(name: str, earned: int, at: int, amount: str = "10.00") -> list[dict[str, Any]]:
    """A deferred transaction and the one that releases it."""
    return [
        booked(name, earned, amount, "DEFERRED_RELEASED", release_transaction_id=f"{name}-r"),
        booked(f"{name}-r", at, amount, "RELEASED", deferred_transaction_id=name),
    ]


def rolled(*payloads: dict[str, Any], start: datetime = START, end: datetime = END) -> list[Unsettled]:
    transactions, problems = read(payloads)
    assert problems == []
    return roll_forward(transactions, start=start, end=end)


def figures(one: Unsettled) -> tuple[Decimal, ...]:
    return one.opening, one.earned, one.released, one.closing


def numbers(*values: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, values))


@pytest.mark.parametrize(("payloads", "expected"), [
    ([booked("a", -3)], ("10", "0", "0", "10")),
    ([booked("a", 3)], ("0", "10", "0", "10")),
    (released("a", -3, 4), ("10", "0", "10", "0")),
    (released("a", 3, 10), ("0", "10", "10", "0")),
    (released("a", 3, 40), ("0", "10", "0", "10")),
    (released("a", -9, -2), ("0", "0", "0", "0")),
    ([*released("a", 3, 10), booked("b", 5, "-4.00")], ("0", "6", "10", "-4")),
    ([booked("a", 3, status="DEFERRED_RELEASED", matures=10)], ("0", "10", "10", "0")),
    ([booked("a", 3), booked("a-r", 10, status="RELEASED", deferred_transaction_id="a")], ("0", "10", "10", "0")),
    ([booked("a", 3, status="deferred", matures=10)], ("0", "10", "0", "10")),
])  # fmt: skip
def test_deferred_money_rolls_forward(payloads: list[dict[str, Any]], expected: tuple[str, ...]) -> None:
    [one] = rolled(*payloads)
    assert figures(one) == numbers(*expected)


def test_what_is_released_at_once_is_no_deferred_money() -> None:
    assert rolled(booked("a", 3, status="RELEASED")) == []


def test_a_transaction_read_again_with_another_status_counts_once() -> None:
    [one] = rolled(booked("a", 3), *released("a", 3, 10))
    assert figures(one) == numbers("0", "10", "10", "0")


def test_currencies_and_kinds_of_account_are_never_added() -> None:
    found = rolled(booked("a", 3), booked("b", 3, currency="CAD"), booked("c", 3, account="Invoiced Orders"))
    assert [(one.account, one.currency) for one in found] == [
        ("Invoiced Orders", "USD"), ("Standard Orders", "CAD"), ("Standard Orders", "USD"),
    ]  # fmt: skip


def test_the_oldest_open_ones_are_listed_with_their_order_and_reason() -> None:
    transactions, _ = read(booked(str(day), day) for day in (9, 2, 5))
    [one] = roll_forward(transactions, start=START, end=END, oldest=2)
    assert one.open_count == 3
    assert [(other.order_id, other.reason) for other in one.oldest] == [("1-2", "DD7"), ("1-5", "DD7")]


def test_what_was_released_nobody_says_when_is_named() -> None:
    [one] = rolled(booked("a", 3, status="DEFERRED_RELEASED"))
    assert (figures(one), one.undated) == (numbers("0", "10", "10", "0"), ("a",))


def test_a_transaction_that_cannot_be_read_is_named_and_the_others_count() -> None:
    broken = [booked("a", 3) | {"totalAmount": None}, booked("b", 3) | {"postedDate": "soon"}, booked("c", 3)]
    transactions, problems = read(broken)
    assert [one.id for one in transactions] == ["c"]
    assert [problem.split(" is left out")[0] for problem in problems] == ["Financial transaction a", "Financial transaction b"]


def test_amounts_are_exact_however_the_number_arrived() -> None:
    transactions, _ = read([booked("a", 3, 0.1), booked("b", 3, 0.2), booked("c", 3, 3)])
    assert sum(one.amount for one in transactions) == Decimal("3.3")


@given(st.lists(st.tuples(st.integers(-40, 60), st.integers(0, 40) | st.none(), st.integers(-900, 900)), max_size=12), st.integers(-30, 30))
def test_a_months_closing_is_the_next_months_opening(bookings: list[tuple[int, int | None, int]], cut: int) -> None:
    payloads: list[dict[str, Any]] = []
    for number, (day, later, cents) in enumerate(bookings):
        amount = f"{Decimal(cents) / 100:.2f}"
        payloads += [booked(str(number), day, amount)] if later is None else released(str(number), day, day + later, amount)
    middle = START + timedelta(days=cut)
    first = {(one.account, one.currency): one for one in rolled(*payloads, start=middle - timedelta(days=20), end=middle)}
    second = {(one.account, one.currency): one for one in rolled(*payloads, start=middle, end=middle + timedelta(days=20))}
    for key, one in second.items():
        assert one.opening == (first[key].closing if key in first else 0)
        assert one.opening + one.earned - one.released == one.closing
