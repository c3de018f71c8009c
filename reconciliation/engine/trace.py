"""The passport of money: whatever number a person has, everything that hangs together with it, from the file to the ledger and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db.models import Q

from reconciliation.engine import evidence
from reconciliation.engine.evidence import Step
from reconciliation.engine.names import orders_of
from reconciliation.engine.states import RefusedError
from reconciliation.models import BankLine, FinanceTransaction, JournalEntry, OrderMatch, PaymentEntry, Settlement, SettlementLine

LONGEST = 200
SEVERAL = 5
"""Bank lines, files or orders of one name that are shown."""
UNKNOWN = (
    "is no order, line or journal of any settlement. Write an order number, a line (26123456789:17, or the file's name instead of the "
    "settlement), a settlement, a journal (STL-26123456789), a number of the ERP or a bank reference."
)


def trace(what: str) -> Iterator[Step]:
    """Everything known of an order, a settlement line, a settlement, a journal, a payment, a number of the ERP or a bank reference.

    Raises RefusedError, before the first step, for what is none of these.
    """
    name = what.replace("\x00", "").strip()
    for look in _LOOKS if 0 < len(name) <= LONGEST else ():
        found = look(name)
        if found:
            return (step for steps in found for step in steps)
    raise RefusedError(f"{name[:60] or 'Nothing'} {UNKNOWN}")


def _journals(name: str) -> list[Iterator[Step]]:
    rows = JournalEntry.objects.filter(Q(external_id=name) | Q(target_key=name)).exclude(state=JournalEntry.State.DISCARDED)
    needed = ("settlement__file", "settlement__connection", "target", "rules__rule_set", "prepared_by", "approved_by", "reversal_of")
    return [evidence.of_journal(one) for one in rows.select_related(*needed).order_by("-pk")[:SEVERAL]]


def _lines(name: str) -> list[Iterator[Step]]:
    """`26123456789:17` or `report.txt:17`."""
    holder, _, number = name.rpartition(":")
    if not holder or not (number.isascii() and number.isdecimal() and len(number) < 10):
        return []
    held = Settlement.objects.filter(Q(settlement_id=holder) | Q(file__name=holder)).exclude(state__in=Settlement.PAST)
    lines = SettlementLine.objects.filter(settlement__in=list(held.values_list("pk", flat=True)[:SEVERAL]), number=int(number))
    return [evidence.of_line(one) for one in lines.select_related(*evidence.LINES)]


def _settlements(name: str) -> list[Iterator[Step]]:
    rows = Settlement.objects.filter(settlement_id=name).select_related("file", "connection").order_by("-revision")
    return [evidence.of_settlement(one, whole=True) for one in rows[:SEVERAL]]


def _orders(name: str) -> list[Iterator[Step]]:
    models = (SettlementLine, OrderMatch, FinanceTransaction, PaymentEntry)
    return [evidence.of_order(name)] if any(model.objects.filter(order_id=name).exists() for model in models) else []


def _payments(name: str) -> list[Iterator[Step]]:
    """A payment's name (`STL-26123456789:112-…`), or its number in the ERP."""
    order = name.partition(":")[2].removesuffix(":refund")
    named = Q(target_key=name) | Q(order_id=order, external_id=name) if order else Q(target_key=name)
    found = PaymentEntry.objects.filter(named).order_by("order_id").values_list("order_id", flat=True).distinct()
    return [evidence.of_order(one) for one in found[:SEVERAL]]


def _known_elsewhere(name: str) -> list[Iterator[Step]]:
    """Orders by their number in the ERP or at their source."""
    return [evidence.of_order(order) for order in orders_of(name)[:SEVERAL]]


def _bank_lines(name: str) -> list[Iterator[Step]]:
    return [evidence.of_bank_line(one) for one in BankLine.objects.filter(reference=name).order_by("pk")[:SEVERAL]]


_LOOKS: tuple[Callable[[str], list[Iterator[Step]]], ...] = (
    _journals, _lines, _settlements, _orders, _payments, _known_elsewhere, _bank_lines,
)  # fmt: skip
