"""Whatever happens in whatever order, the stand-in's ledger is at zero and its receivables are what its documents say."""

from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from connectors.errors import ConnectorError
from connectors.tims import gl_entries, invoices, payments
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.books import credit_memo, entry, invoiced, moved, payment, settlement

Step = Callable[[], object]


def receivable(box: TimsSandbox) -> Decimal:
    """What invoices are due and credit memos owe, less what payments have not yet been applied to."""
    owed = {"Invoice": 1, "CreditMemo": -1}
    due = sum(owed[row["DocumentType"]] * row["BalanceDue"] for row in box.book.rows("invoices") if row["Status"] != "Draft")
    paid = {"Receipt": 1, "Refund": -1}
    free = sum(paid[row["PaymentType"]] * row["UnappliedAmount"] for row in box.book.rows("payments") if row["Status"] != "Void")
    return Decimal(due - free)


class Clerk:
    """Does one thing after another, right or wrong."""

    def __init__(self, client: TimsClient, box: TimsSandbox, seed: int) -> None:
        self.client, self.box, self.chance, self.number = client, box, random.Random(seed), 0

    def step(self) -> None:
        self.number += 1
        try:
            self.chance.choice([self.sell, self.pay, self.pay, self.credit, self.refund, self.release, self.void, self.write, self.close])()
        except ConnectorError:
            self.box.faults.clear()

    def sell(self) -> None:
        invoiced(self.client, self.box, self.number)

    def pay(self, kind: str = "Receipt", document: str = "Invoice") -> None:
        key = self.any("invoices", DocumentType=document)
        amount = Decimal(self.chance.randint(1, 9600)) / 100
        self.box.faults.add("drop_after", "/api/v1/payments*", method="POST", probability=0.3)
        applied = [{"InvoiceID": key, "Amount": amount}] if key else []
        payments.send(self.client, payment(PaymentType=kind, Amount=amount, Applications=applied), settlement(self.number))

    def refund(self) -> None:
        self.pay("Refund", "CreditMemo")

    def credit(self) -> None:
        key = self.any("invoices", DocumentType="Invoice")
        order_id = str((self.box.book.get("invoices", key) or {}).get("SalesOrderID"))
        invoices.send(self.client, credit_memo(order_id, key, AllowOverCredit=self.chance.random() < 0.5), settlement(self.number))

    def release(self) -> None:
        act = self.chance.choice([payments.unapply, payments.void])
        act(self.client, {"PaymentID": self.any("payments")}, settlement(self.number))

    def void(self) -> None:
        invoices.void(self.client, {"InvoiceID": self.any("invoices")}, settlement(self.number))

    def write(self) -> None:
        key = gl_entries.send(self.client, entry(), settlement(self.number)).key
        if self.chance.random() < 0.5:
            gl_entries.reverse(self.client, {"EntryID": key}, settlement(-self.number))

    def close(self) -> None:
        self.box.close_period("2026-11", self.chance.choice(["Closed", "Open", "Open"]))

    def any(self, kind: str, **wanted: str) -> str:
        rows = [row for row in self.box.book.rows(kind) if all(row[name] == value for name, value in wanted.items())]
        return str(next(iter(self.chance.choice(rows).values()))) if rows else ""


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_receivables_agree_with_their_documents(client: TimsClient, box: TimsSandbox, seed: int) -> None:
    clerk = Clerk(client, box, seed)
    for _ in range(60):
        clerk.step()
        assert moved(box).get("1100", 0) == receivable(box)
    assert {"invoices", "payments", "gl_entries"} <= set(box.book.kinds())


def test_everything_that_is_posted_is_announced(client: TimsClient, box: TimsSandbox) -> None:
    box.webhooks.mischief.paused = True
    events = ["invoice.posted", "credit_memo.posted", "payment.posted", "gl_entry.posted"]
    row = {"ID": "WH-1", "Url": "http://127.0.0.1:9/", "Events": events, "Active": True, "ExpiresAt": "2999-01-01T00:00:00Z"}
    box.book.put("webhooks", "WH-1", row)
    order_id, invoice_id = invoiced(client, box)
    invoices.send(client, credit_memo(order_id, invoice_id), settlement(1))
    payments.send(client, payment(), settlement(2))
    gl_entries.send(client, entry(), settlement(3))
    assert box.webhooks.pending() == len(events)
