"""What the stand-in's accounts hold: every posted document moves them, and the whole always comes to zero."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from connectors.sandbox import Row, Sandbox
from connectors.tims.standin.totals import CENT, ZERO, dec

KIND = "postings"
COMPANY: Row = {"BaseCurrency": "USD", "RoundingAccountCode": "6900", "InvoicesShipments": False}
WITHOUT_CENTS = frozenset({"JPY", "KRW", "VND", "CLP", "ISK"})
Leg = tuple[str, Decimal]
"""An account and what it gets, more than zero on the debit side."""


def declare(box: Sandbox) -> None:
    """The index of postings by their document."""
    box.book.index(KIND, "document", lambda row: [str(row["Document"])])


def company(box: Sandbox) -> Row:
    """Currency, rounding account and switches of the company."""
    return {**COMPANY, **(box.book.get("company", "MAIN") or {})}


def set_company(box: Sandbox, **changes: object) -> None:
    """Changes a switch of the company."""
    box.book.put("company", "MAIN", {**company(box), **changes})


def decimals(currency: str) -> int:
    """Decimal places of a currency."""
    return 0 if currency in WITHOUT_CENTS else 2


def to_base(amount: Decimal, rate: object) -> Decimal:
    """An amount in the company's currency, rounded half-even."""
    return (amount * Decimal(str(rate or 1))).quantize(CENT, ROUND_HALF_EVEN)


def move(box: Sandbox, document: str, date: str, legs: Iterable[Leg]) -> None:
    """Moves accounts in the company's currency; what rounding left goes to the rounding account. Raises ValueError for more than that."""
    moved = [(account, amount) for account, amount in legs if amount]
    left = sum((amount for _, amount in moved), ZERO)
    if abs(left) > CENT * len(moved):
        raise ValueError(f"{document} does not balance: {left}")
    if left:
        moved.append((str(company(box)["RoundingAccountCode"]), -left))
    if moved:
        number = box.book.next_number(KIND)
        shown = [{"AccountCode": account, "Amount": amount} for account, amount in moved]
        box.book.put(KIND, f"P-{number:07d}", {"Document": document, "Date": date, "Legs": shown})


def take_back(box: Sandbox, document: str, date: str) -> None:
    """Moves back everything that a document has moved."""
    rows = [box.book.get(KIND, key) or {} for key in box.book.find(KIND, "document", document)]
    move(box, document, date, [(leg["AccountCode"], -dec(leg["Amount"])) for row in rows for leg in row["Legs"]])


def balances(box: Sandbox) -> dict[str, Decimal]:
    """Debits less credits of every account of the chart, in the company's currency."""
    sums = dict.fromkeys(sorted(box.book.keys("gl_accounts")), ZERO)
    for row in box.book.rows(KIND):
        for leg in row["Legs"]:
            sums[leg["AccountCode"]] = sums.get(leg["AccountCode"], ZERO) + dec(leg["Amount"])
    return sums
