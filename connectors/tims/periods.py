"""Fiscal periods of TIMS, and what to do about one that is closed (TIMS contract 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from connectors.base import Payload
from connectors.errors import ConnectorError, RejectedError
from connectors.http import JsonClient
from connectors.tims.streams import changed

PATH = "fiscal_periods"
CLOSED = "period_closed"


@contextmanager
def explained(client: JsonClient, document: Payload) -> Iterator[None]:
    """Names the period of the document's posting date when TIMS refuses it as closed, and the first date that can be taken instead."""
    try:
        yield
    except RejectedError as error:
        if error.code != CLOSED:
            raise
        words = _advice(_periods(client), str(document.get("PostingDate") or "")) or error.message
        raise RejectedError(words, status=error.status, code=CLOSED, problems=error.problems) from None


def _advice(periods: Sequence[Payload], date: str) -> str:
    """What to do about a posting date; "" when nothing is known of the periods."""
    if not periods:
        return ""
    mine = next((one for one in periods if str(one.get("StartDate")) <= date <= str(one.get("EndDate"))), None)
    if mine is None:
        return f"TIMS has no open fiscal period for the posting date {date}. Set it up there or choose another posting date, then retry."
    later = sorted(str(one.get("StartDate")) for one in periods if one.get("Status") == "Open" and str(one.get("StartDate")) > date)
    instead = f"choose a posting date from {later[0]} on" if later else "choose a posting date in an open period"
    name, status = mine.get("Period"), str(mine.get("Status")).lower()
    if status == "open":
        return f"The fiscal period {name} was closed in TIMS when the document came and is open again; retry."
    again = f"Open {name} there, or {instead}" if status == "closed" else f"It cannot be opened again, so {instead}"
    return f"The posting date {date} lies in the fiscal period {name}, which is {status} in TIMS. {again}; then retry."


def _periods(client: JsonClient) -> list[Payload]:
    """All periods; none when TIMS does not tell, since advice is not worth another failure."""
    try:
        return [row for row, _ in changed(client, PATH, "") if isinstance(row, dict)]
    except ConnectorError:
        return []
