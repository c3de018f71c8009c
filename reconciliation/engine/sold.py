"""The expected side: what delivered orders should bring, learned from the payloads that the ERP took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection as database
from django.db import transaction

from connectors.amazon.regions import chosen, marketplace_name
from connectors.wire import decode
from hub.engine.statements import insert, placeholders
from hub.models import Attempt, Flow
from reconciliation.core.sold import sold
from reconciliation.models import Books, SoldItem

ORDERS = "sales_orders"
"""The operation whose deliveries are orders."""
AT_ONCE = 500
_STALE = """NOT EXISTS (
        SELECT 1 FROM reconciliation_solditem s WHERE s.source_id = %s AND s.order_id = w.order_id AND s.delivery_id >= d.id
    ) GROUP BY w.order_id"""
_BY_ITS_NUMBER = f"""
    SELECT w.order_id, MAX(d.id) FROM reconciliation_wanted w
    JOIN hub_delivery d ON d.key = w.order_id AND d.state = 'delivered' AND d.flow_id IN ({{flows}})
    WHERE {_STALE}
"""  # noqa: S608 - our own names
_BY_ANOTHER_ROAD = f"""
    WITH names(name) AS (VALUES {{names}})
    SELECT w.order_id, MAX(d.id)
    FROM reconciliation_wanted w CROSS JOIN names
    JOIN hub_recordalias a ON a.target_id = %s AND a.operation = %s AND a.alias = names.name || ':' || w.order_id
    JOIN hub_delivery d ON d.flow_id = a.flow_id AND d.key = a.key AND d.state = 'delivered'
    WHERE NOT EXISTS (SELECT 1 FROM hub_delivery o WHERE o.key = w.order_id AND o.state = 'delivered' AND o.flow_id IN ({{flows}}))
        AND {_STALE}
"""  # noqa: S608 - our own names


def names_of(books: Books) -> list[str]:
    """How the hub's aliases begin for orders of this account: `Amazon US`."""
    return [marketplace_name(one) for one in chosen({name: str(value) for name, value in books.source.settings.items()})]


def learn(books: Books) -> int:
    """Reads the money of the wanted orders that were delivered, or delivered anew, since it was last read. Answers how many.

    Most orders came from the account itself under their own number; the others by another channel that knows this one's number.
    """
    own = Flow.objects.filter(source=books.source, target=books.target, stream="orders", operation=ORDERS)
    flows = ", ".join(map(str, own.values_list("pk", flat=True))) or "NULL"
    names = [[name] for name in names_of(books)]
    alike = [*(name for (name,) in names), books.target_id, ORDERS, books.source_id]
    found = _found(_BY_ITS_NUMBER.format(flows=flows), [books.source_id])
    found += _found(_BY_ANOTHER_ROAD.format(flows=flows, names=placeholders(names)), alike)
    for at in range(0, len(found), AT_ONCE):
        _learn({delivery: order for order, delivery in found[at : at + AT_ONCE]}, books)
    return len(found)


def _found(query: str, params: Sequence[Any]) -> list[tuple[str, int]]:
    with database.cursor() as cursor:
        cursor.execute(query, params)
        return list(cursor.fetchall())


def _learn(orders: Mapping[int, str], books: Books) -> None:
    rows = [row for delivery, payload in _sent(list(orders)) for row in _rows(books, orders[delivery], delivery, payload)]
    with transaction.atomic():
        SoldItem.objects.filter(source=books.source, order_id__in=list(orders.values())).delete()
        insert(SoldItem, rows)


def _sent(deliveries: Sequence[int]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """What was sent by the attempt that succeeded, of each delivery."""
    tries = Attempt.objects.filter(delivery__in=deliveries).exclude(request="").order_by("delivery", "number", "id")
    for delivery, request in dict(tries.values_list("delivery_id", "request")).items():
        payload = decode(request)
        if isinstance(payload, dict) and "LineItems" in payload:
            yield delivery, payload


def _rows(books: Books, order_id: str, delivery: int, payload: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for one in sold(payload):
        yield {
            "source_id": books.source_id, "order_id": order_id, "item_code": one.item_code[:60], "sku": one.sku[:200],
            "quantity": one.quantity, "currency": str(payload.get("Currency") or "")[:3], "price": one.price, "shipping": one.shipping,
            "giftwrap": one.giftwrap, "promotions": one.promotions, "tax": one.tax, "gross": payload.get("PricesIncludeTax") is True,
            "delivery_id": delivery,
        }  # fmt: skip
