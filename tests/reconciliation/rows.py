"""Rows of the reconciliation for tests, each in one call."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

from reconciliation.models import Books, JournalEntry, JournalLine, JournalShare, LineKind, Settlement, SettlementLine, StatementFile
from tests import factories

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
_numbers = count(1)


def books(**fields: Any) -> Books:
    """Amazon's account and the ERP it is posted to; one person is enough."""
    values: dict[str, Any] = {"second_person": False}
    values |= {name: fields.pop(name) for name in list(fields)}
    values.setdefault("source", factories.connection("amazon"))
    values.setdefault("target", factories.connection("tims"))
    return Books.objects.create(**values)


def statement(**fields: Any) -> StatementFile:
    """A file whose bytes lie nowhere."""
    number = next(_numbers)
    values: dict[str, Any] = {"sha256": f"{number:064x}", "name": f"{number}.txt", "size": 1, "received_at": NOW}
    values |= {name: fields.pop(name) for name in list(fields)}
    if "connection" not in values:
        values["connection"] = factories.connection("amazon")
    return StatementFile.objects.create(**values)


def settlement(*amounts: str, **fields: Any) -> Settlement:
    """A settlement of these amounts, read and not matched."""
    file = fields.pop("file", None) or statement(**({"connection": fields["connection"]} if "connection" in fields else {}))
    total = sum(map(Decimal, amounts), Decimal())
    values: dict[str, Any] = {
        "connection": file.connection, "settlement_id": str(26_000_000_000 + next(_numbers)), "file": file, "currency": "USD",
        "starts_at": datetime(2026, 11, 1, tzinfo=UTC), "ends_at": datetime(2026, 11, 15, tzinfo=UTC), "total": total,
        "lines_total": total, "line_count": len(amounts), "model": "summary", "imported_at": NOW, "changed_at": NOW,
    }  # fmt: skip
    made = Settlement.objects.create(**{**values, **fields})
    lines = [line(made, number, amount) for number, amount in enumerate(amounts, start=3)]
    SettlementLine.objects.bulk_create(lines)
    return made


def matched(*lines: tuple[str, str], zone: str = "UTC", **fields: Any) -> Settlement:
    """A matched settlement of lines written like `("Order/ItemPrice/Principal", "10.00")`, posted at its start; `@2026-12-01T00:30` after
    the kind says when else."""
    made = settlement(**{**fields, "zone": zone, "line_count": len(lines)}, total=sum((Decimal(amount) for _, amount in lines), Decimal()),
                      lines_total=sum((Decimal(amount) for _, amount in lines), Decimal()))  # fmt: skip
    found = []
    for number, (words, amount) in enumerate(lines, start=3):
        triple, _, at = words.partition("@")
        posted = datetime.fromisoformat(at).replace(tzinfo=UTC) if at else made.starts_at
        values = {"kind": kind(*triple.split("/")), "posted_at": posted, "marketplace": "Amazon.com", "fulfilment": "MFN"}
        found.append(SettlementLine(settlement=made, number=number, amount=Decimal(amount), **values))
    SettlementLine.objects.bulk_create(found)
    Settlement.objects.filter(pk=made.pk).update(state="matched")
    made.refresh_from_db()
    return made


def line(of: Settlement, number: int, amount: str, **fields: Any) -> SettlementLine:
    """One line, not stored."""
    return SettlementLine(settlement=of, number=number, kind=kind(), amount=Decimal(amount), posted_at=of.starts_at, **fields)


def kind(*words: str) -> LineKind:
    """The kind of these words; a sale's principal without any."""
    first, second, third = words or ("Order", "ItemPrice", "Principal")
    return LineKind.objects.get_or_create(transaction_type=first, amount_type=second, amount_description=third)[0]


def journal(of: Settlement, *sides: tuple[str, str, str], **fields: Any) -> JournalEntry:
    """A draft with these (account, debit, credit) lines."""
    values: dict[str, Any] = {
        "settlement": of, "external_id": f"{of.settlement_id}-{next(_numbers)}", "entry_date": date(2026, 11, 15), "currency": of.currency,
        "first_day": of.starts_at.date(), "last_day": of.ends_at.date(), "created_at": NOW,
        "debit": sum((Decimal(debit) for _, debit, _ in sides), Decimal()), "credit": sum((Decimal(c) for _, _, c in sides), Decimal()),
    }  # fmt: skip
    values |= {name: fields.pop(name) for name in list(fields)}
    if "target" not in values:
        values["target"] = factories.connection("tims")
    made = JournalEntry.objects.create(**values)
    for number, (account, debit, credit) in enumerate(sides, start=1):
        JournalLine.objects.create(journal=made, number=number, account=account, debit=Decimal(debit), credit=Decimal(credit))
    return made


def share(of: JournalLine, **fields: Any) -> JournalShare:
    """The principal of all orders of the journal's settlement."""
    entry = of.journal
    values: dict[str, Any] = {
        "settlement": entry.settlement, "part": entry.part, "kind": kind(), "amount": of.credit, "lines": 1, "first_day": entry.first_day,
        "last_day": entry.last_day,
    }  # fmt: skip
    return JournalShare.objects.create(journal_line=of, **{**values, **fields})
