"""What is posted for a settlement, as plain values: journals, payments, what is left out and why, and what a person should know."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from reconciliation.core.lines import Kind
from reconciliation.core.periods import Part

ZERO = Decimal(0)


class Model(StrEnum):
    """Where revenue comes from: the settlement, or the ERP's invoices (settlement reference, 5)."""

    SUMMARY = "summary"
    INVOICE = "invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Settlement lines of one kind, marketplace and fulfilment on the days of `part`, added up: those of invoiced orders when `paid`,
    those of all others otherwise. In the summary model nothing is `paid`. Every line of the file is in exactly one share."""

    part: int
    kind: Kind
    category: str
    marketplace: str
    fulfilment: str
    paid: bool
    amount: Decimal
    lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One booking; exactly one of debit and credit is more than zero. `category` may be a role (payout, carried forward)."""

    number: int
    account: str
    category: str
    debit: Decimal
    credit: Decimal
    memo: str
    marketplace: str = ""
    fulfilment: str = ""
    shares: tuple[Share, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One balanced entry of the ledger; `external_id` is its name there, the same whenever it is prepared again."""

    external_id: str
    settlement_id: str
    part: Part
    parts: int
    revision: int
    currency: str
    description: str
    lines: tuple[JournalLine, ...]

    @property
    def debit(self) -> Decimal:
        """Of all lines."""
        return sum((line.debit for line in self.lines), ZERO)

    @property
    def credit(self) -> Decimal:
        """Of all lines."""
        return sum((line.credit for line in self.lines), ZERO)


class PaymentType(StrEnum):
    """TIMS contract, 8."""

    RECEIPT = "Receipt"
    REFUND = "Refund"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderPayment:
    """What a settlement pays for an invoiced order, or takes back against its credit memo. Zero: the lines cancel out, nothing is sent.

    It holds the lines of its order in the `paid` shares.
    """

    external_id: str
    settlement_id: str
    order_id: str
    type: PaymentType
    amount: Decimal
    currency: str
    day: date
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A share that no journal holds, and why."""

    share: Share
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """Something that a person should know of or decide about. `blocking`: nothing can be posted before."""

    level: str
    code: str
    words: str
    advice: str = ""
    order_id: str = ""
    subject: str = ""
    amount: Decimal | None = None
    blocking: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """Everything that a settlement becomes. Every share is in one journal line or left out; payments repeat the `paid` ones per order."""

    parts: tuple[Part, ...]
    """All parts of the settlement, also those without a journal."""
    journals: tuple[Journal, ...]
    payments: tuple[OrderPayment, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    discrepancies: tuple[Discrepancy, ...] = ()


class NotPostableError(Exception):
    """The settlement cannot become journals; `discrepancies` say why and what to do."""

    def __init__(self, *discrepancies: Discrepancy) -> None:
        super().__init__(" ".join(f"{one.words} {one.advice}".strip() for one in discrepancies))
        self.discrepancies = discrepancies
