"""Financial transactions as the marketplace books them before a settlement closes (Amazon SP-API reference, 13.1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.amazon.transactions import related
from mappings.core.dates import moment
from mappings.core.money import number
from mappings.core.refusal import RefusedError

LONGEST = 200
FINEST, MOST = Decimal("0.0001"), Decimal(10) ** 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """`releases` is the deferred transaction that this one pays out, `released_by` the one that pays this out; `matures_at` when a
    deferred one should be."""

    id: str
    status: str
    posted_at: datetime
    amount: Decimal
    currency: str
    account: str = ""
    what: str = ""
    order_id: str = ""
    releases: str = ""
    released_by: str = ""
    matures_at: datetime | None = None
    reason: str = ""

    @property
    def is_deferral(self) -> bool:
        """Whether its money was, or is, held back."""
        return self.status in ("DEFERRED", "DEFERRED_RELEASED")

    @property
    def is_settled(self) -> bool:
        """Whether its status is final: what is held back may be released, nothing that is released is held back again."""
        return self.status != "DEFERRED"


def read(payloads: Iterable[Mapping[str, Any]]) -> tuple[list[Transaction], list[str]]:
    """The transactions, of several with one id the latest, and a sentence for each that cannot be read."""
    found: dict[str, Transaction] = {}
    problems: list[str] = []
    for payload in payloads:
        try:
            one = transaction(payload)
            if one.is_settled or not (one.id in found and found[one.id].is_settled):
                found[one.id] = one
        except RefusedError as refused:
            problems.append(f"Financial transaction {payload.get('transactionId') or 'without id'} is left out: {refused}")
    return list(found.values()), problems


def transaction(payload: Mapping[str, Any]) -> Transaction:
    """One transaction of listTransactions. Raises RefusedError without amount, currency or time."""
    row, total = dict(payload), payload.get("totalAmount") or {}
    deferred = next((one for one in _contexts(payload) if one.get("contextType") == "DeferredContext"), {})
    partner = payload.get("sellingPartnerMetadata") or {}
    currency, amount = str(total.get("currencyCode") or ""), number(total.get("currencyAmount"))
    name = str(payload.get("transactionId") or "")
    if not 0 < len(name) <= LONGEST:
        raise RefusedError("It has no usable id. Open a case at Amazon.", code="no_id")
    if len(currency) != 3:
        raise RefusedError("It has no amount with a currency. Read it again from Amazon.", code="no_amount")
    if abs(amount) >= MOST or amount != amount.quantize(FINEST):
        raise RefusedError("Its amount is not one of money. Open a case at Amazon.", code="no_amount")
    return Transaction(
        id=name,
        status=str(payload.get("transactionStatus") or "").upper(),
        posted_at=moment(payload.get("postedDate")),
        amount=amount,
        currency=currency,
        account=str(partner.get("accountType") or ""),
        what=str(payload.get("transactionType") or ""),
        order_id=related(row, "ORDER_ID"),
        releases=related(row, "DEFERRED_TRANSACTION_ID"),
        released_by=related(row, "RELEASE_TRANSACTION_ID"),
        matures_at=moment(deferred["maturityDate"]) if deferred.get("maturityDate") else None,
        reason=str(deferred.get("deferralReason") or ""),
    )


def _contexts(payload: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Of the transaction, then of its items."""
    yield from payload.get("contexts") or ()
    for item in payload.get("items") or ():
        yield from item.get("contexts") or ()
