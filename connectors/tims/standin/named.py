"""Documents of the stand-in that have a name in their source system, unique for ever (TIMS contract 1.4)."""

from __future__ import annotations

from connectors.sandbox import Refusal, Request, Response, Row, Sandbox, reply
from connectors.tims.standin import documents, ledger
from connectors.tims.standin.checks import Flaw, flaw


def declare(box: Sandbox, kind: str, member: str) -> None:
    """The order of a kind, and the index of its names."""
    box.book.order(kind, lambda row: str(row["UpdatedAt"]))
    box.book.index(kind, "external", lambda row: [_name(row, member)])


def asked(box: Sandbox, request: Request, kind: str, member: str, argument: str) -> Response | None:
    """The answer to a question for one name, from the index; None when something else is asked."""
    system, key = request.arg("source_system"), request.arg(argument)
    if not (system and key):
        return None
    found = box.book.find(kind, "external", f"{system}\x1f{key}")
    rows = [documents.public(box.book.get(kind, one) or {}) for one in found]
    return reply({"Data": rows, "Paging": {"Limit": 50, "HasMore": False, "NextCursor": None}, "ServerTime": box.stamp()})


def flaws(row: Row, member: str) -> list[Flaw]:
    """A document needs its name."""
    return [flaw(name, "required", "A value is required.") for name in ("SourceSystem", member) if not row.get(name)]


def refuse_twice(box: Sandbox, kind: str, row: Row, member: str) -> None:
    """Raises Refusal 409 `duplicate_external_id` for a name that was used before."""
    found = box.book.find(kind, "external", _name(row, member))
    if found:
        held = box.book.get(kind, found[0]) or {}
        raise Refusal(
            409, "duplicate_external_id", f"{member} {row[member]} of {row['SourceSystem']} already exists.",
            headers={"Location": f"/api/v1/{kind}/{found[0]}"}, ExistingID=found[0], ExistingVersion=held["Version"],
            ExistingStatus=held["Status"],
        )  # fmt: skip


def currency_flaws(box: Sandbox, row: Row) -> list[Flaw]:
    """A foreign currency needs its rate."""
    if row["Currency"] == ledger.company(box)["BaseCurrency"] or row.get("ExchangeRate"):
        return []
    return [flaw("ExchangeRate", "required", f"An exchange rate for {row['Currency']} is required.")]


def _name(row: Row, member: str) -> str:
    return f"{row['SourceSystem']}\x1f{row[member]}"
