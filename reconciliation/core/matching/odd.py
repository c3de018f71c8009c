"""Which orders need a closer look: found by columns, rather one too many than one too few (settlement reference, 6.2)."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from reconciliation.core.matching.collect import column, sums_by, whole
from reconciliation.core.matching.compare import NET
from reconciliation.core.matching.owners import Known
from reconciliation.core.matching.slots import REFUNDS, SALE, TAXES, Slot

PARTS = {"price": Slot.PRICE_TAX, "shipping": Slot.SHIPPING_TAX, "giftwrap": Slot.GIFTWRAP_TAX, "promotions": Slot.PROMOTIONS_TAX}
WITHHELD = (Slot.WITHHELD, Slot.LATER_WITHHELD)


def _amount(rows: Any, slot: Slot) -> Any:
    """A slot's column in one piece; zeros where no line of it occurred."""
    if column(slot) not in rows.column_names:
        return pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows)
    return pc.fill_null(whole(rows[column(slot)]), 0)


def total(rows: Any, slots: tuple[Slot, ...]) -> Any:
    """The amounts of some slots together, row by row."""
    total = pa.repeat(pa.scalar(0, pa.int64()), rows.num_rows)
    for slot in slots:
        if column(slot) in rows.column_names:
            total = pc.add(total, _amount(rows, slot))
    return total


def _any(rows: Any, slots: tuple[Slot, ...]) -> Any:
    """Whether one of some slots holds an amount, row by row."""
    found = pa.repeat(False, rows.num_rows)
    for slot in slots:
        if column(slot) in rows.column_names:
            found = pc.or_(found, pc.not_equal(_amount(rows, slot), 0))
    return found


def odd_orders(known: Known, rows: Any, *, currency: str) -> Any:
    """The numbers of all orders that may have another result than matched, or a note. `special` rows are of such an order anyway."""
    owner = whole(rows["owner"])
    place = known.placed(rows, owner)
    astray = pc.and_(pc.is_null(place), _any(rows, SALE))
    noted = pc.or_(whole(rows["special"]), astray)
    differing = pc.take(known.order, _differing(known, rows, owner, place))
    refunded = _odd_refunds(known, rows.append_column("place", place))
    found = [owner.filter(noted), _odd_tax(rows, "owner"), _special(known, owner, currency), differing, refunded]
    return pc.unique(pa.chunked_array(found, pa.int32()))


def odd_unknown(rows: Any) -> Any:
    """The numbers, as the file calls them, of orders that are not in the hub and about which there is more to say."""
    number = whole(rows["number"])
    return pc.unique(
        pa.chunked_array([number.filter(whole(rows["unclear"])), _odd_tax(rows, "number"), _without_commission(rows, "number")])
    )


def _special(known: Known, owner: Any, currency: str) -> Any:
    """Orders that are in another currency, of another channel, or sent back."""
    orders = known.orders
    foreign = pc.invert(pc.is_in(orders["currency"], value_set=pa.array(["", currency])))
    special = whole(pc.or_(pc.or_(foreign, orders["multi_channel"]), pc.fill_null(orders["returned"], False)))
    return owner.filter(pc.take(special, owner))


def _odd_refunds(known: Known, rows: Any) -> Any:
    """Orders with a refund about which there is something to say: of more than the sale, without commission, or with known returns."""
    refunded = whole(rows["owner"]).filter(_any(rows, REFUNDS))
    rows = rows.filter(pc.is_in(rows["owner"], value_set=pc.unique(refunded)))
    owner = whole(rows["owner"])
    back = owner.filter(_any(rows, (Slot.CHARGEBACK,)))
    returns = owner.filter(pc.is_valid(pc.take(whole(known.orders["returned"]), owner)))
    by_item = pc.take(known.order, _exceeding(rows.filter(pc.is_valid(rows["place"])), "place"))
    found = [back, returns, _without_commission(rows, "owner"), _exceeding(rows, "owner"), by_item]
    return pc.unique(pa.chunked_array(found, pa.int32()))


def _without_commission(rows: Any, by: str) -> Any:
    amounts = {"principal": _amount(rows, Slot.REFUND_PRINCIPAL), "commission": _amount(rows, Slot.COMMISSION_BACK)}
    sums = sums_by(whole(rows[by]), amounts)
    return whole(sums.filter(pc.and_(pc.not_equal(sums["principal"], 0), pc.equal(sums["commission"], 0)))["by"])


def _exceeding(rows: Any, by: str) -> Any:
    """See `compare.refund_exceeds_sale`."""
    sums = sums_by(whole(rows[by]), {"refunds": total(rows, REFUNDS), "net": total(rows, NET)})
    exceeds = pc.and_(pc.less(sums["refunds"], 0), pc.greater(pc.negate(sums["refunds"]), sums["net"]))
    return whole(sums.filter(exceeds)["by"])


def _odd_tax(rows: Any, by: str) -> Any:
    """Orders whose collected and withheld tax do not make zero."""
    withheld = _any(rows, WITHHELD)
    left = total(rows, (*TAXES, Slot.LATER_TAX, *WITHHELD))
    sums = sums_by(whole(rows[by]), {"left": left, "withheld": pc.cast(withheld, pa.int64())})
    return whole(sums.filter(pc.and_(pc.not_equal(sums["left"], 0), pc.greater(sums["withheld"], 0)))["by"])


def _differing(known: Known, rows: Any, owner: Any, place: Any) -> Any:
    """The numbers of the items that are not clean (see `compare.Group.is_clean`), and of those without a line."""
    placed = pc.is_valid(place)
    settled = {name: amounts.filter(placed) for name, amounts in _settled(known, rows, owner).items()}
    sums = sums_by(place.filter(placed), settled)
    found = whole(sums["by"])
    total, uneven = pc.multiply(pc.cast(found, pa.int64()), 0), pa.repeat(False, len(found))
    for name, wanted in expected_of(known, found).items():
        over = pc.subtract(whole(sums[name]), wanted)
        total = pc.add(total, over)
        uneven = pc.or_(uneven, pc.not_equal(over, 0)) if name != "tax" else uneven
    even = pc.equal(pc.subtract(whole(sums["tax"]), expected_of(known, found)["tax"]), 0)
    differing = found.filter(pc.or_(pc.not_equal(total, 0), pc.and_(even, uneven)))
    touched = pc.is_in(known.order, value_set=pc.unique(owner))
    without = pc.cast(pc.indices_nonzero(touched), pa.int32())
    without = without.filter(pc.invert(pc.is_in(without, value_set=found)))
    return pa.concat_arrays([differing, without])


def _settled(known: Known, rows: Any, owner: Any) -> dict[str, Any]:
    gross = pc.take(whole(known.orders["gross"]), owner)
    found = {}
    for name, tax in PARTS.items():
        net = _amount(rows, Slot[name.upper()])
        found[name] = pc.add(net, pc.if_else(gross, _amount(rows, tax), 0)) if column(tax) in rows.column_names else net
    taxed = pc.unique(known.order.filter(pc.not_equal(known.amounts["tax"], 0)))
    beside = pc.add(total(rows, TAXES), pc.if_else(pc.is_in(owner, value_set=taxed), 0, _amount(rows, Slot.WITHHELD)))
    return {**found, "tax": pc.if_else(gross, 0, beside), "other": _amount(rows, Slot.OTHER)}


def expected_of(known: Known, items: Any) -> dict[str, Any]:
    """What is expected of these items, by component."""
    amounts = {name: pc.take(values, items) for name, values in known.amounts.items()}
    gross = pc.take(whole(known.orders["gross"]), pc.take(known.order, items))
    tax, none = pc.if_else(gross, 0, amounts["tax"]), pc.multiply(amounts["tax"], 0)
    return {**amounts, "promotions": pc.negate(amounts["promotions"]), "tax": tax, "other": none}
