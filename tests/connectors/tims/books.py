"""Journal entries, payments and invoices for the tests of TIMS: the worked example of the entity map, 12."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

from connectors.base import Payload, Reference
from connectors.tims.sandbox import TimsSandbox

ENTRY: Payload = {
    "EntryDate": "2026-11-28", "PostingDate": "2026-11-28", "Currency": "USD", "Description": "Amazon US settlement 19283746501",
    "SourceDocument": {"Type": "Settlement", "ID": "19283746501"},
    "Lines": [
        {"LineNumber": 1, "AccountCode": "1010", "Debit": Decimal("77.25"), "Memo": "Payout to bank"},
        {"LineNumber": 2, "AccountCode": "6100", "Debit": Decimal("14.25"), "Memo": "Commission", "Channel": "AMZ-US"},
        {"LineNumber": 3, "AccountCode": "6110", "Debit": Decimal("3.50"), "Memo": "FBA fulfilment fees", "Channel": "AMZ-US"},
        {"LineNumber": 4, "AccountCode": "1105", "Credit": Decimal("95.00"), "Memo": "Marketplace clearing"},
    ],
}  # fmt: skip


def entry(**changes: Any) -> Payload:
    """The settlement entry of the example."""
    return deepcopy({**ENTRY, **changes})


def lines(*amounts: tuple[str, Any]) -> list[Payload]:
    """Lines of (account, amount), a negative amount on the credit side."""
    return [{"AccountCode": code, "Debit" if amount > 0 else "Credit": abs(amount)} for code, amount in amounts]


def settlement(number: int = 1, **changes: str) -> Reference:
    """The name of a delivery from a settlement."""
    return Reference(**{"system": "Amazon", "key": f"STL-{number}", "version": "v1", "scope": "settlements", **changes})


def moved(box: TimsSandbox) -> dict[str, Decimal]:
    """The accounts that are not at zero; debits and credits of the whole ledger are equal."""
    found = box.balances()
    assert sum(found.values()) == 0
    return {code: amount for code, amount in found.items() if amount}
