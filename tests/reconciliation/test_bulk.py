"""Very many rows are written exactly as they are, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from django.db import IntegrityError, transaction

from reconciliation.engine.bulk import write
from reconciliation.models import SettlementLine
from tests.reconciliation import rows

pytestmark = pytest.mark.django_db
AWKWARD = ["", 'quoted "MP-1"', "a,b\tc", "Größe\n2", "\\N", "NULL"]
AT = datetime(2026, 11, 3, 4, 5, 6, tzinfo=UTC)


def lines(count: int) -> pa.Table:
    settlement, kind = rows.settlement(), rows.kind()
    texts = pa.array([AWKWARD[n % len(AWKWARD)] for n in range(count)])
    names = ("order_id", "merchant_order_id", "adjustment_id", "shipment_id", "marketplace", "fulfilment", "item_code", "sku")
    return pa.table({
        "settlement_id": pa.array([settlement.pk] * count),
        "number": pa.array(range(3, count + 3)),
        "kind_id": pa.array([kind.pk] * count),
        "amount": pa.array([Decimal(n) / 100 for n in range(-1, count - 1)], pa.decimal128(20, 4)),
        "posted_at": pa.array([AT] * count, pa.timestamp("s", tz="UTC")),
        **dict.fromkeys(names, texts.dictionary_encode()),
        "quantity": pa.array([None if n % 2 else n for n in range(count)], pa.int64()),
        "promotion_id": texts,
    })  # fmt: skip


def test_every_value_arrives_as_it_was() -> None:
    write(SettlementLine, lines(7))
    found = list(SettlementLine.objects.order_by("number").values_list("sku", "promotion_id", "amount", "quantity", "posted_at"))
    assert [row[:2] for row in found] == [(one, one) for one in [*AWKWARD, ""]]
    assert [row[2] for row in found] == [Decimal(n) / 100 for n in range(-1, 6)]
    assert [row[3] for row in found] == [0, None, 2, None, 4, None, 6]
    assert {row[4] for row in found} == {AT}


def test_no_rows_are_no_trouble() -> None:
    write(SettlementLine, lines(0))
    assert not SettlementLine.objects.exists()


def test_more_than_a_portion_arrives_once() -> None:
    write(SettlementLine, lines(11_000))
    assert SettlementLine.objects.count() == 11_000


def test_the_same_line_of_a_settlement_cannot_come_twice() -> None:
    table = lines(2)
    write(SettlementLine, table)
    with pytest.raises(IntegrityError), transaction.atomic():
        write(SettlementLine, table)
