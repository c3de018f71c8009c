"""Which account and month a page is about, as its address says; whatever a person types there is harmless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from reconciliation.core.months import Month
from reconciliation.models import Books


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """An account's books and a month; `all` are the books that can be chosen."""

    books: Books
    month: Month
    all: tuple[Books, ...]

    @property
    def address(self) -> str:
        """The query string of this choice."""
        return self.of(self.month)

    @property
    def earlier(self) -> str:
        """The query string of the month before."""
        return self.of(self.month.moved(-1))

    @property
    def later(self) -> str:
        """The query string of the month after."""
        return self.of(self.month.moved(1))

    def of(self, month: Month) -> str:
        """The query string of a month of the same account."""
        return "?" + urlencode({"account": self.books.source.slug, "month": str(month)})

    @property
    def context(self) -> dict[str, Any]:
        """What the templates of all such pages show."""
        return {"choice": self, "books": self.books, "month": self.month, "zone": self.books.zone}


def chosen(request: HttpRequest) -> Choice | None:
    """The account and month that are asked for, else the first account and the month that is now; None while no account has books.

    One query.
    """
    known = tuple(Books.objects.select_related("source", "target").order_by("source__name", "pk"))
    if not known:
        return None
    wanted = request.GET.get("account", "")
    books = next((one for one in known if one.source.slug == wanted), known[0])
    today = timezone.now().astimezone(ZoneInfo(books.zone)).date()
    return Choice(books=books, month=Month.of(request.GET.get("month", "")) or Month.holding(today), all=known)
