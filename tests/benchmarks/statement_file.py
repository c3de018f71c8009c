"""A settlement report of any size as a busy seller of Amazon.com gets it, written to a file: orders, refunds, fees, in order of posting."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAMES = (
    "settlement-id", "settlement-start-date", "settlement-end-date", "deposit-date", "total-amount", "currency", "transaction-type",
    "order-id", "merchant-order-id", "adjustment-id", "shipment-id", "marketplace-name", "amount-type", "amount-description", "amount",
    "fulfillment-id", "posted-date", "posted-date-time", "order-item-code", "merchant-order-item-id", "merchant-adjustment-item-id", "sku",
    "quantity-purchased", "promotion-id",
)  # fmt: skip
SETTLEMENT = "19283746501"
START = datetime(2026, 11, 1, tzinfo=UTC)
FORTNIGHT = 14 * 86_400
REFUNDED = 0.03
SHIPPED = 0.15
TOTAL_WIDTH = 20
"""The total is filled in at the end, blanks behind it; those are legal."""

Entry = tuple[str, str, str, int]
"""transaction-type, amount-type, amount-description, cents."""


def write(path: Path, lines: int, seed: int = 1) -> int:
    """Writes about so many lines that add up to the total, and gives their sum in cents. 1,000,000 lines are about 186 MB."""
    chance, total, written = random.Random(seed), 0, 0
    head = f"{SETTLEMENT}\t{_time(0)}\t{_time(FORTNIGHT)}\t{_time(FORTNIGHT + 2 * 86_400)}\t"
    with path.open("w", encoding="utf-8", newline="") as out:
        out.write("\t".join(NAMES) + "\n" + head)
        place = out.tell()
        out.write(" " * TOTAL_WIDTH + "\tUSD" + "\t" * 18 + "\n")
        while written < lines:
            seconds = FORTNIGHT * written // lines
            entries = list(_entries(chance))
            total += sum(entry[3] for entry in entries)
            out.writelines(_lines(entries, written, seconds, chance))
            written += len(entries)
        out.seek(place)
        out.write(f"{total / 100:.2f}")
    return total


def _entries(chance: random.Random) -> Iterator[Entry]:
    price = min(int(chance.lognormvariate(8, 0.8)), 500_000) + 199
    tax, kind = price * 8 // 100, "Refund" if chance.random() < REFUNDED else "Order"
    sign = -1 if kind == "Refund" else 1
    yield kind, "ItemPrice", "Principal", sign * price
    yield kind, "ItemPrice", "Tax", sign * tax
    yield kind, "ItemWithheldTax", "MarketplaceFacilitatorTax-Principal", -sign * tax
    yield kind, "ItemFees", "Commission", -sign * (price * 15 // 100)
    if kind == "Refund":
        yield kind, "ItemFees", "RefundCommission", -min(500, price * 3 // 100)
        return
    yield kind, "ItemFees", "FBAPerUnitFulfillmentFee", -chance.choice((322, 386, 475, 540, 623))
    if chance.random() < SHIPPED:
        yield kind, "ItemPrice", "Shipping", 599
        yield kind, "Promotion", "Shipping", -599


def _lines(entries: list[Entry], number: int, seconds: int, chance: random.Random) -> Iterator[str]:
    time, order = _time(seconds), f"{111 + number % 4}-{chance.randrange(10**7):07d}-{number % 10**7:07d}"
    refund, code = entries[0][0] == "Refund", 57_000_000_000_000 + number
    shipment = "" if refund else f"B{number:08d}"
    adjustment = f"amzn1:crow:{chance.getrandbits(100):025x}" if refund else ""
    left = f"{SETTLEMENT}\t\t\t\t\t\t{entries[0][0]}\t{order}\t{order}\t{adjustment}\t{shipment}\tAmazon.com\t"
    quantity = "" if refund else "1"
    right = f"\tAFN\t{time[:10]}\t{time}\t{code}\t\t\tTK-{number % 3001:05d}-BLUE\t{quantity}\t"
    for _, amount_type, description, cents in entries:
        promotion = "Free shipping" if amount_type == "Promotion" else ""
        yield f"{left}{amount_type}\t{description}\t{'-' * (cents < 0)}{abs(cents) // 100}.{abs(cents) % 100:02d}{right}{promotion}\n"


def _time(seconds: int) -> str:
    return f"{START + timedelta(seconds=seconds):%Y-%m-%d %H:%M:%S} UTC"
