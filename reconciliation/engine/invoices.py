"""Invoice model: which orders of a settlement the ERP has invoices and credit memos of."""

from __future__ import annotations

from collections.abc import Iterator

from connectors.base import Payload, Stream
from hub import clients
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, OrderMatch, Settlement

STREAM = "invoices"
AT_ONCE = 100
KEPT = ("InvoiceID", "DocumentType", "CustomerID", "Status", "BalanceDue")
INVOICE, CREDIT_MEMO = "Invoice", "CreditMemo"
Documents = dict[str, list[Payload]]
"""Order number → its documents, oldest first, of which only what is KEPT."""


def documents(settlement: Settlement, books: Books) -> Documents:
    """What the ERP has of every order that reached it, void documents apart. Not inside a transaction. Raises ConnectorError."""
    stream = _stream(books)
    orders = OrderMatch.objects.filter(settlement=settlement, delivery__isnull=False).exclude(delivery__target_key="")
    numbers = dict(orders.values_list("delivery__target_key", "order_id"))
    found: Documents = {}
    for keys in _portions(list(numbers)):
        for record in stream.read_many(clients.client(books.target), keys) if stream.read_many else ():
            order = numbers.get(record.part_of)
            if order and record.payload.get("Status") not in ("Draft", "Void"):
                found.setdefault(order, []).append({name: record.payload.get(name) for name in KEPT})
    return found


def invoiced(found: Documents) -> frozenset[str]:
    """The orders that have an invoice."""
    return frozenset(order for order, some in found.items() if any(one["DocumentType"] == INVOICE for one in some))


def _stream(books: Books) -> Stream:
    stream = next((one for one in clients.connector(books.target).streams if one.id == STREAM), None)
    if stream is None or stream.read_many is None:
        raise RefusedError(f"{books.target} cannot be asked for invoices; choose the summary model for {books}.")
    return stream


def _portions(keys: list[str]) -> Iterator[list[str]]:
    return (keys[at : at + AT_ONCE] for at in range(0, len(keys), AT_ONCE))
