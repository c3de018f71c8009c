"""Payments to TIMS: made once, applied to the invoices they pay, taken off or taken back (TIMS contract 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from connectors.base import Outcome, Payload, Receipt, Reference, Summary
from connectors.errors import ConflictError, Problem
from connectors.http import JsonClient
from connectors.tims import bulk, once, periods
from connectors.tims.streams import fetch

PATH, MEMBER, NAME = "payments", "PaymentID", "ExternalPaymentID"
KEPT = ("SourceSystem", NAME, "PaymentType", "PostingDate", "Currency", "Amount", "UnappliedAmount", "Applications")
COMPARED = ("PaymentType", "CustomerID", "PostingDate", "Currency", "BankAccountCode")


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Makes the payment with its applications; one that TIMS holds under its name is compared, and gets applications that it lacks.

    Raises ConnectorError; ConflictError names what TIMS holds otherwise, or says that the payment was voided there.
    """
    payment = once.named(payload, reference, NAME)
    with periods.explained(client, payment):
        if reference.target:
            held, made = fetch(client, PATH, reference.target), False
        else:
            held, made = once.create(client, PATH, payment, member=MEMBER, token=reference.token)
    if made:
        return _receipt(held, "created")
    _agree(held, payment)
    return _applied(client, held, payment.get("Applications") or (), reference)


def send_many(client: JsonClient, parts: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    """New payments in one call, all others one by one; one Outcome each, in order. Raises ConnectorError when the only call failed."""
    return bulk.sent(
        client,
        PATH,
        [(once.named(payload, reference, NAME), reference) for payload, reference in parts],
        new=lambda payment, reference: not reference.target,
        alone=lambda payment, reference: send(client, payment, reference),
    )


def find(client: JsonClient, reference: Reference) -> Receipt | None:
    """The payment that earlier calls made; None when TIMS has none."""
    held = once.found(client, PATH, reference, member=NAME, argument="external_payment_id")
    return _receipt(held, "created") if held else None


def summary(payment: Payload) -> Summary:
    """Name and kind, amount."""
    title = f"{payment.get(NAME) or payment.get(MEMBER)} {payment.get('PaymentType') or ''}".strip()
    amount = "" if payment.get("Amount") is None else str(payment["Amount"])
    return Summary(title=title, amount=amount, currency=str(payment.get("Currency") or ""))


def apply(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Applies a payment to invoices, or a refund to credit memos; what is applied already stays. Raises ConflictError, ConnectorError."""
    return _applied(client, fetch(client, PATH, str(payload[MEMBER])), payload.get("Applications") or (), reference)


def unapply(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Takes a payment off the named invoices, or off all; what is not applied any more stays so. Raises ConnectorError."""
    named = {one["InvoiceID"] for one in payload.get("Applications") or ()}

    def wish(held: Payload) -> Payload | None:
        there = [one["InvoiceID"] for one in held.get("Applications") or () if not named or one["InvoiceID"] in named]
        return {"Applications": [{"InvoiceID": one} for one in there]} if there and held.get("Status") != "Void" else None

    return _done(client, fetch(client, PATH, str(payload[MEMBER])), "unapply", wish, reference)


def void(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Takes a whole payment back, its applications too; one that is void stays so. Raises ConnectorError."""
    held = fetch(client, PATH, str(payload[MEMBER]))
    date = {"PostingDate": payload["PostingDate"]} if payload.get("PostingDate") else {}
    with periods.explained(client, {**held, **date}):
        return _done(client, held, "void", lambda current: None if current.get("Status") == "Void" else date, reference)


def _applied(client: JsonClient, held: Payload, wanted: Sequence[Payload], reference: Reference) -> Receipt:
    def wish(current: Payload) -> Payload | None:
        if current.get("Status") == "Void":
            raise _voided(current)
        there = {one["InvoiceID"]: one for one in current.get("Applications") or ()}
        problems = tuple(_application_differences(wanted, there))
        if problems:
            words = f"Payment {current[MEMBER]} is applied otherwise in TIMS. {problems[0].message} Take it off there, then retry."
            raise ConflictError(words, code="conflict", problems=problems)
        missing = [one for one in wanted if one["InvoiceID"] not in there]
        return {"Applications": missing} if missing else None

    return _done(client, held, "apply", wish, reference)


def _done(client: JsonClient, held: Payload, action: str, wish: Callable[[Payload], Payload | None], reference: Reference) -> Receipt:
    """Carries an action out on the payment as it is; `wish` answers None when nothing is left to do."""
    acted = False

    def step(current: Payload) -> Payload:
        nonlocal acted
        wanted = wish(current)
        if wanted is None:
            return current
        changed = once.act(client, PATH, current, action, wanted, member=MEMBER, reference=reference)
        acted = True
        return changed

    held = once.until(client, PATH, held, step, member=MEMBER)
    return _receipt(held, "unchanged" if not acted else "cancelled" if action == "void" else "changed")


def _agree(held: Payload, wanted: Payload) -> None:
    """Raises ConflictError unless the payment that TIMS holds is the wanted one."""
    if held.get("Status") == "Void":
        raise _voided(held)
    problems = tuple(differences(held, wanted))
    if problems:
        words = f"TIMS already holds payment {held[MEMBER]} under {wanted[NAME]}, and it says something else. {problems[0].message}"
        raise ConflictError(f"{words} Void it there and send it anew under another number, or keep it.", code="conflict", problems=problems)


def _voided(held: Payload) -> ConflictError:
    words = f"Payment {held[MEMBER]} was voided in TIMS. Send it anew under another number if the money was received after all."
    return ConflictError(words, code="voided")


def differences(held: Payload, wanted: Payload) -> Iterator[Problem]:
    """What moves money and differs, applications apart. Pure."""
    for name in COMPARED:
        if held.get(name) != wanted.get(name):
            yield once.differs(name, wanted.get(name), held.get(name))
    if once.money(held.get("Amount")) != once.money(wanted.get("Amount")):
        yield once.differs("Amount", once.money(wanted.get("Amount")), once.money(held.get("Amount")))


def _application_differences(wanted: Sequence[Payload], there: dict[str, Payload]) -> Iterator[Problem]:
    for at, one in enumerate(wanted):
        other = there.get(one["InvoiceID"])
        for name in ("Amount", "DiscountTaken") if other else ():
            if other and once.money(one.get(name)) != once.money(other.get(name)):
                yield once.differs(f"Applications[{at}].{name}", once.money(one.get(name)), once.money(other.get(name)))


def _receipt(held: Payload, outcome: str) -> Receipt:
    return once.receipt(held, outcome, member=MEMBER, kept=KEPT)
