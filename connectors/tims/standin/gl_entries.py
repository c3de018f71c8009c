"""Journal entries of the stand-in: entered, posted once for all, taken back by a mirrored one (TIMS contract 9)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Router, Row, Sandbox
from connectors.tims.standin import chart, documents, ledger, named
from connectors.tims.standin.checks import Flaw, flaw, refuse, shape
from connectors.tims.standin.events import announce
from connectors.tims.standin.totals import ZERO, dec

GL_ENTRIES = Router()
KIND = "gl_entries"
NAME = "ExternalEntryID"
DIMENSIONS = {"CustomerID": "customers", "SKU": "items", "SalesOrderID": "sales_orders"}
FILTERS = {"source_system": "SourceSystem", "external_entry_id": NAME, "status": "Status", "period": "Period"}


def declare(box: Sandbox) -> None:
    """The order and the names of entries."""
    named.declare(box, KIND, NAME)


@GL_ENTRIES.on("GET", "/api/v1/gl_entries")
def listed(box: Sandbox, request: Request) -> Response:
    """Delta list with filters; a question for one external id is answered from the index."""
    return named.asked(box, request, KIND, NAME, "external_entry_id") or documents.listing(box, request, KIND, _filter)


def _filter(query: dict[str, list[str]]) -> Callable[[Row], bool]:
    wanted = [(member, query[name][-1]) for name, member in FILTERS.items() if name in query]
    return lambda row: all(row.get(member) == value for member, value in wanted)


@GL_ENTRIES.on("GET", "/api/v1/gl_entries/{entry_id}")
def read(box: Sandbox, request: Request) -> Response:
    """One entry."""
    return documents.shown(request, _load(box, request))


@GL_ENTRIES.on("POST", "/api/v1/gl_entries")
def create(box: Sandbox, request: Request) -> Response:
    """Enters a draft."""
    row = add(box, request, request.json())
    return documents.shown(request, row, 201, {"Location": f"/api/v1/{KIND}/{row['EntryID']}"})


@GL_ENTRIES.on("POST", "/api/v1/gl_entries/{entry_id}/post")
def post(box: Sandbox, request: Request) -> Response:
    """Posts a draft; from then on nobody can change it."""
    row = _load(box, request)
    documents.guard(request, row)
    documents.allow(row, row["EntryID"], ("Draft",))
    row["Period"] = chart.open_period(box, row["PostingDate"])
    refuse("journal entry", _account_flaws(box, row))
    return documents.shown(request, _posted(box, row))


@GL_ENTRIES.on("POST", "/api/v1/gl_entries/{entry_id}/reverse")
def reverse(box: Sandbox, request: Request) -> Response:
    """Takes a posted entry back; answers the mirrored one."""
    row = _load(box, request)
    documents.guard(request, row)
    documents.allow(row, row["EntryID"], ("Posted",))
    wish, flaws = shape(request, {"EntryID": row["EntryID"], **(request.json() if request.body else {})}, "gl_reversal")
    refuse("reversal", flaws)
    mirrored = _mirrored(box, row, wish)
    row |= {"Status": "Reversed", "ReversedBy": mirrored["EntryID"]}
    documents.save(box, KIND, row["EntryID"], row, changed=["Status"])
    return documents.shown(request, mirrored, 201, {"Location": f"/api/v1/{KIND}/{mirrored['EntryID']}"})


def add(box: Sandbox, request: Request, body: Any) -> Row:
    """Checks and stores a draft. Raises Refusal 422, 409."""
    row, flaws = shape(request, body, "gl_entry")
    refuse("journal entry", [*flaws, *named.flaws(row, NAME)])
    named.refuse_twice(box, KIND, row, NAME)
    if (row.get("Status") or "Draft") != "Draft":
        raise Refusal(409, "state_conflict", f"A new entry cannot be {row['Status']}.", AllowedTransitions=["Draft"])
    refuse("journal entry", [*_line_flaws(box, row), *_account_flaws(box, row), *_sum_flaws(row)])
    _refuse_unbalanced(row)
    row["Period"] = chart.open_period(box, row["PostingDate"])
    return _stored(box, {**row, "Status": "Draft", "ReversalOf": None, "ReversedBy": None})


def _load(box: Sandbox, request: Request) -> Row:
    return documents.load(box, KIND, request.params["entry_id"], "Journal entry")


def _stored(box: Sandbox, row: Row) -> Row:
    for at, line in enumerate(row["Lines"]):
        line["LineNumber"] = line.get("LineNumber") or at + 1
    debit, credit = _sides(row)
    number = f"GL-{box.book.next_number(KIND, 412):06d}"
    row = {**row, "EntryID": number, "TotalDebit": debit, "TotalCredit": credit}
    return documents.save(box, KIND, number, row, changed=[])


def _posted(box: Sandbox, row: Row) -> Row:
    rate = row.get("ExchangeRate")
    legs = [(line["AccountCode"], ledger.to_base(dec(line.get("Debit")) - dec(line.get("Credit")), rate)) for line in row["Lines"]]
    ledger.move(box, row["EntryID"], row["PostingDate"], legs)
    row["Status"] = "Posted"
    documents.save(box, KIND, row["EntryID"], row, changed=["Status"])
    about = {name: row[name] for name in ("EntryID", NAME, "Status")}
    announce(box, "gl_entry.posted", ("gl_entry", row["EntryID"], f"{KIND}/{row['EntryID']}"), row["Version"], about)
    return row


def _mirrored(box: Sandbox, row: Row, wish: Row) -> Row:
    date = wish.get("PostingDate") or row["PostingDate"]
    changes = {
        "SourceSystem": wish.get("SourceSystem") or row["SourceSystem"], NAME: wish.get(NAME) or f"{row[NAME]}-REV", "PostingDate": date,
        "EntryDate": wish.get("EntryDate") or date, "Description": wish.get("Description") or f"Reversal of {row['EntryID']}",
        "Period": chart.open_period(box, date), "ReversalOf": row["EntryID"], "Status": "Draft",
        "Lines": [{**line, "Debit": line.get("Credit"), "Credit": line.get("Debit")} for line in row["Lines"]],
    }  # fmt: skip
    named.refuse_twice(box, KIND, changes, NAME)
    bare = {name: value for name, value in row.items() if name not in ("Version", "CreatedAt", "UpdatedAt", "_History")}
    return _posted(box, _stored(box, {**bare, **changes}))


def _sides(row: Row) -> tuple[Decimal, Decimal]:
    return sum((dec(line.get("Debit")) for line in row["Lines"]), ZERO), sum((dec(line.get("Credit")) for line in row["Lines"]), ZERO)


def _line_flaws(box: Sandbox, row: Row) -> list[Flaw]:
    flaws, places = named.currency_flaws(box, row), ledger.decimals(row["Currency"])
    for at, line in enumerate(row["Lines"]):
        path = f"Lines[{at}]"
        sides = {side: dec(line.get(side)) for side in ("Debit", "Credit")}
        if sum(amount > 0 for amount in sides.values()) != 1:
            words = "Exactly one of debit and credit is more than zero."
            flaws.append(flaw(f"{path}.Debit", "min_value" if not any(sides.values()) else "max_value", words))
        for side, amount in sides.items():
            if amount != round(amount, places):
                flaws.append(flaw(f"{path}.{side}", "max_decimals", f"{row['Currency']} has {places} decimals.", amount))
        for name, kind in DIMENSIONS.items():
            if line.get(name) and not box.book.has(kind, str(line[name]).upper()):
                flaws.append(flaw(f"{path}.{name}", "not_found", f"{line[name]} does not exist.", line[name]))
    return flaws


def _account_flaws(box: Sandbox, row: Row) -> list[Flaw]:
    flaws: list[Flaw] = []
    for at, line in enumerate(row["Lines"]):
        path = f"Lines[{at}]"
        flaws += chart.account_flaws(box, line["AccountCode"], f"{path}.AccountCode", row["Currency"])
        flaws += chart.dimension_flaws(box, line, path)
    return flaws


def _sum_flaws(row: Row) -> list[Flaw]:
    sums = dict(zip(("TotalDebit", "TotalCredit"), _sides(row), strict=True))
    wrong = {name: total for name, total in sums.items() if row.get(name) is not None and dec(row[name]) != total}
    return [flaw(name, "sum_mismatch", f"{total} computed, {row[name]} given.", row[name]) for name, total in wrong.items()]


def _refuse_unbalanced(row: Row) -> None:
    debit, credit = _sides(row)
    if debit != credit:
        words = f"Debits {debit:.2f}, credits {credit:.2f}, difference {abs(debit - credit):.2f}."
        raise Refusal(
            422, "unbalanced_journal", words, TotalDebit=debit, TotalCredit=credit, Difference=abs(debit - credit),
            Fields=[flaw("Lines", "sum_mismatch", "Entry does not balance.")],
        )  # fmt: skip
