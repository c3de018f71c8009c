"""The books of an account, found or begun."""

from __future__ import annotations

from datetime import datetime

from hub.models import Connection, Flow
from reconciliation.engine import rules
from reconciliation.engine.sold import ORDERS
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books


def begin(source: Connection, target: Connection, *, now: datetime) -> Books:
    """The account's books, made with the rules that ship with the product where there are none; those that are there stay as they are."""
    orders = Flow.objects.filter(source=source, target=target, operation=ORDERS, stream="orders").first()
    defaults = {"target": target, "rules": rules.load_starter(now=now), "orders": orders}
    return Books.objects.select_related("source", "target", "rules", "orders").get_or_create(source=source, defaults=defaults)[0]


def books_of(slug: str = "") -> Books:
    """The books of an account by its connection's slug; without one the only books there are. Raises RefusedError."""
    rows = Books.objects.select_related("source", "target", "rules", "orders").order_by("source__slug")
    found = list(rows.filter(source__slug=slug) if slug else rows)
    if len(found) == 1:
        return found[0]
    known = ", ".join(rows.values_list("source__slug", flat=True))
    if not known:
        raise RefusedError("No account has books yet. Add them under Books, or name the ledger's connection with --ledger.")
    raise RefusedError(
        f"{slug} has no books; there are those of {known}." if slug else f"Say whose settlement it is with --account: {known}."
    )
