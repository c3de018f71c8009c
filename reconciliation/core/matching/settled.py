"""What settlements brought for an order item so far, added up before anything is compared (settlement reference, 6.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import add

from reconciliation.core.lines import Sum
from reconciliation.core.matching.expected import ZERO
from reconciliation.core.matching.slots import SALE, Slot, slot_of

Amounts = tuple[Decimal, ...]
"""One amount per Slot."""
NOTHING: Amounts = (ZERO,) * len(Slot)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Lines of one order item, or of one order as a whole (no item code, no SKU). `price_lines` counts the Principal lines of its sale."""

    order_id: str = ""
    merchant_order_id: str = ""
    item_code: str = ""
    sku: str = ""
    marketplace: str = ""
    amounts: Amounts = NOTHING
    price_lines: int = 0

    @property
    def number(self) -> str:
        """What the file calls the order."""
        return self.order_id or self.merchant_order_id

    @property
    def multi_channel(self) -> bool:
        """Whether Amazon shipped this for another channel (settlement reference, 6.2)."""
        return self.order_id.startswith("S01-") or self.marketplace.casefold().startswith("non-amazon")


def settled_of(sums: Iterable[Sum]) -> list[Settled]:
    """The sums of any number of settlements of one currency by order item; sums that are not an order's are left out."""
    found: dict[tuple[str, ...], tuple[list[Decimal], list[int]]] = {}
    for one in sums:
        slot = slot_of(one.kind)
        if slot is None or not (one.order_id or one.merchant_order_id):
            continue
        key = (one.order_id, one.merchant_order_id, one.item_code, one.sku, one.marketplace)
        amounts, lines = found.setdefault(key, ([ZERO] * len(Slot), [0]))
        amounts[slot] += one.amount
        lines[0] += one.lines if slot is Slot.PRICE else 0
    return [_settled(key, tuple(amounts), lines[0]) for key, (amounts, lines) in found.items()]


def _settled(key: tuple[str, ...], amounts: Amounts, price_lines: int) -> Settled:
    order_id, merchant, item_code, sku, marketplace = key
    return Settled(
        order_id=order_id,
        merchant_order_id=merchant,
        item_code=item_code,
        sku=sku,
        marketplace=marketplace,
        amounts=amounts,
        price_lines=price_lines,
    )


def added(rows: Sequence[Settled]) -> Amounts:
    """The amounts of all rows, slot by slot."""
    total = rows[0].amounts if rows else NOTHING
    for row in rows[1:]:
        total = tuple(map(add, total, row.amounts))
    return total


def has_sale(amounts: Amounts) -> bool:
    """Whether anything of the sale itself was settled."""
    return any(amounts[slot] for slot in SALE)
