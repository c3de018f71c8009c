"""What a settlement holds, as plain values: its header, its lines, and sums of lines. All amounts are Decimal in the file's currency."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

NOT_ALPHANUMERIC = re.compile(r"[\W_]+")


def normalised(text: str) -> str:
    """Equal for all spellings of one value: `Digital Services Fee` and `DigitalServicesFee` (settlement reference, 3)."""
    return NOT_ALPHANUMERIC.sub("", text).casefold()


class Kind(NamedTuple):
    """What a line is, in the file's own words (settlement reference, 3). Compared only after `normalised`."""

    transaction_type: str
    amount_type: str
    amount_description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The summary row: one settlement, one currency. Times are UTC; `total` is signed, negative when the seller owes the marketplace."""

    settlement_id: str
    start: datetime
    end: datetime
    deposit: datetime | None
    total: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One amount of a settlement. `number` is its line in the file, counted from 1; with the settlement id it is the line's identity."""

    number: int
    kind: Kind
    amount: Decimal
    posted_at: datetime
    order_id: str = ""
    merchant_order_id: str = ""
    adjustment_id: str = ""
    shipment_id: str = ""
    marketplace: str = ""
    fulfilment: str = ""
    item_code: str = ""
    sku: str = ""
    quantity: int | None = None
    promotion_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """Lines that agree in everything here, added up. `day` is the posting day in the ledger's time zone."""

    kind: Kind
    day: date
    amount: Decimal
    lines: int = 1
    order_id: str = ""
    merchant_order_id: str = ""
    item_code: str = ""
    sku: str = ""
    marketplace: str = ""
    fulfilment: str = ""
