"""A bank statement comes in: a file, which of its columns is which, a look at what was read, then its lines."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from hub.admin.base import PageAdmin, page
from reconciliation.admin.words import money
from reconciliation.core.bank.readings import DATES
from reconciliation.core.bank.statement import BankStatement, Columns, StatementRefusedError, headings, read
from reconciliation.engine import bank
from reconciliation.models import Books

MOST_BYTES = 3 * 1024 * 1024
MOST_COLUMNS = 100
SHOWN = 30
MOST_PROBLEMS = 10
GUESSES = {
    "date": r"value|valuta|date|datum|buchung|fecha|data",
    "amount": r"^(amount|betrag|umsatz|importe|montant|importo)|amount$|betrag$",
    "credit": r"credit|haben|paid in|eingang|gutschrift",
    "debit": r"debit|soll|paid out|ausgang|lastschrift",
    "currency": r"currency|währung|waehrung|moneda|devise|^ccy",
    "text": r"text|description|verwendung|purpose|details|payee|reference|counterparty|name|concepto|libell",
}
"""What banks call their columns; only to choose something to begin with."""


def _select() -> forms.Select:
    return forms.Select(attrs={"class": "hub-input"})


class FileForm(forms.Form):
    """Whose bank account it is, and the file."""

    books = forms.ModelChoiceField(
        label="Pays out the settlements of", queryset=Books.objects.select_related("source"), widget=_select(),
    )  # fmt: skip
    file = forms.FileField(
        label="Bank statement", max_length=200, widget=forms.ClearableFileInput(attrs={"class": "hub-input"}),
        help_text="CSV with a row of headings, as the bank exports it.",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = cast("forms.ModelChoiceField[Any]", self.fields["books"])
        choice.label_from_instance = _account  # type: ignore[method-assign]
        only = list(Books.objects.values_list("pk", flat=True)[:2])
        choice.initial = only[0] if len(only) == 1 else None


def _account(obj: Books) -> str:
    return str(obj.source)


class ColumnsForm(forms.Form):
    """Which heading is which, and how the file writes where it does not tell by itself."""

    currency_code = forms.RegexField(
        r"\A[A-Za-z]{3}\Z", label="Currency of the account", widget=forms.TextInput(attrs={"class": "hub-input", "maxlength": 3}),
        error_messages={"invalid": "Three letters, such as EUR."}, help_text="For rows that name none.",
    )  # fmt: skip
    date = forms.ChoiceField(label="Date", widget=_select())
    amount = forms.ChoiceField(label="Amount (signed)", required=False, widget=_select())
    credit = forms.ChoiceField(label="or: money in", required=False, widget=_select())
    debit = forms.ChoiceField(label="and: money out", required=False, widget=_select())
    currency = forms.ChoiceField(label="Currency", required=False, widget=_select())
    text = forms.MultipleChoiceField(
        label="Text", required=False, widget=forms.SelectMultiple(attrs={"class": "hub-input", "size": 5}), help_text="One or several."
    )
    dates = forms.ChoiceField(
        label="Dates are written", required=False, widget=_select(), choices=[("", "as the file shows"), *((one, one) for one in DATES)]
    )
    mark = forms.ChoiceField(
        label="Decimal mark", required=False, widget=_select(), choices=[("", "as the file shows"), (".", "point"), (",", "comma")]
    )
    only = forms.CharField(
        label="Only lines whose text holds", required=False, max_length=60, widget=forms.TextInput(attrs={"class": "hub-input"}),
        help_text="Such as Amazon: what else the account pays and receives then stays outside the hub.",
    )  # fmt: skip

    def __init__(self, found: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(name, name) for name in dict.fromkeys(found) if name][:MOST_COLUMNS]
        for name in ("date", "amount", "credit", "debit", "currency", "text"):
            field = cast(forms.ChoiceField, self.fields[name])
            field.choices = known if name == "text" else [("", "–"), *known]
            guesses = [heading for heading, _ in known if re.search(GUESSES[name], heading, re.IGNORECASE)]
            field.initial = guesses if name == "text" else next(iter(guesses), "")

    @property
    def columns(self) -> Columns:
        """As the core wants them; a signed amount counts before money in and out."""
        given = self.cleaned_data
        sides = {"credit": "", "debit": ""} if given["amount"] else {name: given[name] for name in ("credit", "debit")}
        return Columns(
            date=given["date"], amount=given["amount"], currency=given["currency"], text=tuple(given["text"]), dates=given["dates"],
            mark=given["mark"], **sides,
        )  # fmt: skip


def upload_page(admin: PageAdmin, request: HttpRequest) -> HttpResponse:
    """Step by step: file, columns, preview, import. The file travels with the page and is read anew each time."""
    books = _books(request)
    try:
        content = _content(request)
        if content is not None and books is not None:
            return _columns_page(admin, request, books, content)
    except StatementRefusedError as wrong:
        messages.error(request, str(wrong))
    form = FileForm(request.POST or None, request.FILES or None) if "content" not in request.POST else FileForm()
    answer = page(admin, request, "reconciliation/bank_upload.html", "Upload a bank statement", form=form, none=not Books.objects.exists())
    answer.status_code = 422 if request.method == "POST" else 200
    return answer


def _books(request: HttpRequest) -> Books | None:
    given = request.POST.get("books", "")
    fits = given.isascii() and given.isdecimal() and len(given) < 10
    return Books.objects.select_related("source").filter(pk=given).first() if fits else None


def _content(request: HttpRequest) -> bytes | None:
    """The file, just uploaded or come back with the page. Raises StatementRefusedError."""
    file = request.FILES.get("file")
    if file is not None:
        if (file.size or 0) > MOST_BYTES:
            raise StatementRefusedError(f"The file is larger than {MOST_BYTES // 1024 // 1024} MB. Export a shorter time from the bank.")
        return bytes(file.read())
    if "content" not in request.POST:
        return None
    try:
        return base64.b64decode(request.POST["content"], validate=True)[:MOST_BYTES]
    except (binascii.Error, ValueError):
        raise StatementRefusedError("The file did not come back whole. Upload it again.") from None


def _columns_page(admin: PageAdmin, request: HttpRequest, books: Books, content: bytes) -> HttpResponse:
    found = headings(content)
    step = request.POST.get("step", "")
    form = ColumnsForm(found, request.POST if step else None, initial={"currency_code": _currency(books)})
    context: dict[str, Any] = {}
    if step and form.is_valid():
        try:
            read_in = read(content, form.columns, currency=form.cleaned_data["currency_code"].upper())
        except StatementRefusedError as wrong:
            form.add_error(None, str(wrong))
        else:
            if step == "import":
                return _imported(admin, request, books, read_in, form.cleaned_data["only"])
            context = _preview(books, read_in, form.cleaned_data["only"])
    answer = page(
        admin, request, "reconciliation/bank_columns.html", "Which column is which?", books=books, form=form,
        content=base64.b64encode(content).decode(), **context,
    )  # fmt: skip
    answer.status_code = 422 if form.errors else 200
    return answer


def _currency(books: Books) -> str:
    return books.source.settlements.order_by("-ends_at").values_list("currency", flat=True).first() or ""


def _wanted(found: BankStatement, only: str) -> list[Any]:
    return [line for line in found.lines if bank.storable(line) and only.casefold() in line.text.casefold()]


def _preview(books: Books, found: BankStatement, only: str) -> dict[str, Any]:
    lines = _wanted(found, only)
    shown = [{"line": line, "amount": money(line.amount, line.currency)} for line in lines[:SHOWN]]
    return {
        "ready": True, "count": len(lines), "lines": shown, "left": len(found.lines) - len(lines),
        "problems": found.problems[:MOST_PROBLEMS],
        "more_problems": max(len(found.problems) - MOST_PROBLEMS, 0), "dates": found.dates, "mark": found.mark,
    }  # fmt: skip


def _imported(admin: PageAdmin, request: HttpRequest, books: Books, found: BankStatement, only: str) -> HttpResponse:
    lines = _wanted(found, only)
    new = bank.take_in(books, lines, now=timezone.now())
    known = len(lines) - new
    words = f"{new} bank line{'s' if new != 1 else ''} imported" + (f"; {known} were there already." if known else ".")
    admin.log_change(request, books, words)
    messages.success(request, words)
    fitting = len(bank.deposits(books).matched)
    if fitting:
        messages.info(
            request, f"{fitting} open {'lines fit' if fitting != 1 else 'line fits'} in one way only: press “Match what is clear”."
        )
    return redirect("admin:reconciliation_bankline_changelist")
