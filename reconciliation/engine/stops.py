"""What keeps a settlement from being posted: asked when its journals are prepared, and again when they are approved."""

from __future__ import annotations

from reconciliation.engine.match import unexplained
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, Discrepancy, Settlement

SHOWN = 5


def refuse_stopped(settlement: Settlement, books: Books) -> None:
    """Raises RefusedError in words for books of another account, for a blocking difference that nobody accepted, and where the books
    want every difference of an order explained first."""
    if settlement.connection_id != books.source_id:
        raise RefusedError(f"{settlement} belongs to {settlement.connection}, not to {books.source}. Post it by the books of its account.")
    blocking = settlement.discrepancies.filter(blocking=True, state=Discrepancy.State.OPEN)
    words = [f"{one.words} {one.advice}".strip() for one in blocking[:SHOWN]]
    if words:
        raise RefusedError(" ".join(words))
    count = unexplained(settlement) if books.orders_block else 0
    if count:
        raise RefusedError(f"{count} orders of {settlement} differ or are unknown. Fetch them, or accept their differences with a reason.")
