"""Settlement reports that the marketplace has and we have not: listed, downloaded once, kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from connectors.base import Stream
from hub import clients
from hub.core.lanes import Lane
from reconciliation.engine import files
from reconciliation.engine.states import RefusedError
from reconciliation.models import Books, StatementFile

STREAM = "settlements"


def fetch(books: Books, *, now: datetime) -> Iterator[StatementFile]:
    """Every report that is new, oldest first, kept as it comes; what was kept stays so when a later one cannot be had.

    Raises ConnectorError, and RefusedError for an account whose system hands out no settlement reports.
    """
    source, stream = books.source, _stream(books)
    client = clients.client(source)
    with clients.meter(source).paced(source.pk, Lane.NORMAL):
        for record in stream.read(client, books.cursor):
            known = StatementFile.objects.filter(connection=source, report=record.key).first()
            if known is None and stream.document:
                chunks = stream.document(client, record.key)
                known = files.keep(chunks, connection=source, name=f"{record.key}.txt", report=record.key, now=now)
            Books.objects.filter(pk=books.pk).update(cursor=record.cursor)
            if known is not None:
                yield known


def left_behind(books: Books) -> list[StatementFile]:
    """Kept files of the account that nobody has read yet, oldest first: a crash came between."""
    return list(StatementFile.objects.filter(connection=books.source, state=StatementFile.State.RECEIVED).order_by("pk"))


def _stream(books: Books) -> Stream:
    declared = {one.id: one for one in clients.connector(books.source).streams}
    stream = declared.get(STREAM)
    if stream is None or stream.document is None:
        raise RefusedError(f"{books.source} hands out no settlement reports. Upload the files instead.")
    return stream
