"""The reconciliation's tasks for the queue. Arguments are ids; losing a task or running it twice does no harm."""

from __future__ import annotations

import structlog
from django.utils import timezone

from connectors.errors import ConnectorError
from hub.tasks import discreet
from reconciliation.engine import fetch as reports
from reconciliation.engine import orders, transactions
from reconciliation.engine.road import bring
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books

log = structlog.get_logger(__name__)


@discreet
def fetch() -> None:
    """Several times a day: new settlement reports of every account are fetched, read, matched and prepared."""
    for books in Books.objects.filter(source__enabled=True).select_related("source", "target", "orders", "rules"):
        try:
            for _ in reports.fetch(books, now=timezone.now()):
                pass
        except (ConnectorError, RefusedError) as error:
            log.warning("settlement reports could not be fetched", books=books.pk, error=type(error).__name__)
        _bring_what_is_kept(books)


@discreet
def read_files(books: int) -> None:
    """After an upload that is too large to be read while the person waits."""
    _bring_what_is_kept(Books.objects.select_related("source", "target", "orders", "rules").get(pk=books))


def _bring_what_is_kept(books: Books) -> None:
    for file in reports.left_behind(books):
        try:
            bring(file, books, now=timezone.now(), by=file.by)
        except Exception as error:
            # One odd file must not keep the others of all accounts waiting.
            log.exception("a statement file could not be read", file=file.pk, error=type(error).__name__)


@discreet
def fetch_transactions() -> None:
    """Every hour: what each account has booked since, before it is settled."""
    for books in Books.objects.filter(source__enabled=True).select_related("source"):
        try:
            transactions.fetch(books, now=timezone.now())
        except ConnectorError as error:
            log.warning("financial transactions could not be fetched", books=books.pk, error=type(error).__name__)


@discreet
def match() -> None:
    """Every few minutes: settlements whose unknown orders have arrived are matched again."""
    orders.match_arrived(now=timezone.now())
