"""Journal entries to TIMS: entered and posted once; what is posted there is never quietly different (TIMS contract 1.4, 9)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from connectors.base import Payload, Receipt, Reference, Summary
from connectors.errors import ConflictError, Problem
from connectors.http import JsonClient
from connectors.tims import once, periods
from connectors.tims.streams import fetch

PATH, MEMBER, NAME = "gl_entries", "EntryID", "ExternalEntryID"
KEPT = ("SourceSystem", NAME, "PostingDate", "Period", "Currency", "TotalDebit", "TotalCredit", "ReversalOf", "ReversedBy")
COMPARED = ("EntryDate", "PostingDate", "Currency")
DIMENSIONS = ("CustomerID", "SKU", "SalesOrderID", "Department", "Channel")
Line = tuple[str, tuple[str, ...], Decimal]


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Enters the entry and posts it (with Status Draft it is only entered); one that TIMS holds under its name is compared.

    Same dates, currency and lines: "unchanged", or "changed" when its draft was posted now. Raises ConnectorError; ConflictError names
    what TIMS holds otherwise, since nobody can change an entry, or says that it was reversed there.
    """
    entry = once.named(payload, reference, NAME)
    with periods.explained(client, entry):
        held, outcome = once.entered(client, PATH, entry, member=MEMBER, reference=reference, agree=_agree)
    return _receipt(held, outcome)


def find(client: JsonClient, reference: Reference) -> Receipt | None:
    """The entry that earlier calls made, posted or not; None when TIMS has none."""
    held = once.found(client, PATH, reference, member=NAME, argument="external_entry_id")
    return _receipt(held, "created") if held else None


def reverse(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Takes a posted entry back; the receipt's key is the mirrored entry. Asked again, it answers the one that is there.

    Raises ConflictError for an entry that is still a draft, ConnectorError.
    """
    wish = once.named(payload, reference, NAME)
    held = fetch(client, PATH, str(wish.pop(MEMBER, "")))
    if held.get("Status") == "Reversed":
        return _reversal(client, held)
    if wish[NAME] == held.get(NAME):
        wish[NAME] = f"{wish[NAME]}-REV"
    if held.get("Status") != "Posted":
        words = f"Journal entry {held[MEMBER]} is still a draft in TIMS and moves no account; delete it there instead of reversing it."
        raise ConflictError(words, code="not_posted")

    def step(current: Payload) -> Payload:
        if current.get("Status") == "Reversed":
            return current
        return once.act(client, PATH, current, "reverse", wish, member=MEMBER, reference=reference)

    with periods.explained(client, {"PostingDate": held.get("PostingDate"), **wish}):
        made = once.until(client, PATH, held, step, member=MEMBER)
    return _reversal(client, made) if made[MEMBER] == held[MEMBER] else _receipt(made, "created")


def find_reversal(client: JsonClient, reference: Reference) -> Receipt | None:
    """The mirrored entry that an earlier call made under the record's name; one under another name is found by `reverse` itself."""
    held = once.by_name(client, PATH, member=NAME, argument="external_entry_id", system=reference.system, key=reference.key)
    return _receipt(held, "created") if held and held.get("ReversalOf") else None


def summary(entry: Payload) -> Summary:
    """Number and description, total."""
    total = "" if entry.get("TotalDebit") is None else str(entry["TotalDebit"])
    return Summary(title=f"{entry.get(NAME) or entry.get(MEMBER)} {entry.get('Description') or ''}".strip(), amount=total,
                   currency=str(entry.get("Currency") or ""))  # fmt: skip


def _reversal(client: JsonClient, held: Payload) -> Receipt:
    if not held.get("ReversedBy"):
        raise ConflictError(
            f"Journal entry {held[MEMBER]} is reversed in TIMS, but TIMS does not say by which entry. Look there.", code="reversed"
        )
    return _receipt(fetch(client, PATH, str(held["ReversedBy"])), "unchanged")


def _agree(held: Payload, wanted: Payload) -> None:
    """Raises ConflictError unless the entry that TIMS holds is the wanted one."""
    number = held[MEMBER]
    if held.get("Status") == "Reversed":
        by = held.get("ReversedBy") or "another entry"
        words = f"Journal entry {number} was reversed in TIMS (by {by}). Post it anew under another number."
        raise ConflictError(words, code="reversed")
    problems = tuple(differences(held, wanted))
    if problems:
        remedy = "Delete the draft there" if held.get("Status") == "Draft" else "Reverse it there and post anew under another number"
        words = f"TIMS already holds journal entry {number} under {wanted[NAME]}, and it says something else. {problems[0].message}"
        raise ConflictError(f"{words} {remedy}, or keep it.", code="conflict", problems=problems)


def differences(held: Payload, wanted: Payload) -> Iterator[Problem]:
    """What moves money and differs. Pure; the order of lines, their numbers and texts do not count."""
    for name in COMPARED:
        if held.get(name) != wanted.get(name):
            yield once.differs(name, wanted.get(name), held.get(name))
    if wanted.get("ExchangeRate") is not None and once.money(wanted["ExchangeRate"]) != once.money(held.get("ExchangeRate")):
        yield once.differs("ExchangeRate", wanted["ExchangeRate"], held.get("ExchangeRate"))
    ours, theirs = Counter(map(_line, wanted.get("Lines") or ())), Counter(map(_line, held.get("Lines") or ()))
    for line in ours - theirs:
        yield once.differs(f"Account {line[0]}", _side(line), next((_side(one) for one in theirs - ours if one[0] == line[0]), None))
    for line in theirs - ours:
        if line[0] not in {one[0] for one in ours - theirs}:
            yield once.differs(f"Account {line[0]}", None, _side(line))


def _line(line: Payload) -> Line:
    amount = once.money(line.get("Debit")) - once.money(line.get("Credit"))
    return str(line.get("AccountCode")), tuple(str(line.get(name) or "") for name in DIMENSIONS), amount


def _side(line: Line) -> str:
    about = ", ".join(one for one in line[1] if one)
    return f"{'debit' if line[2] > 0 else 'credit'} {abs(line[2]):.2f}{f' ({about})' if about else ''}"


def _receipt(held: Payload, outcome: str) -> Receipt:
    return once.receipt(held, outcome, member=MEMBER, kept=KEPT)
