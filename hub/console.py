"""How commands speak: tables, bars and endings in the same words and colours everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.core.management.base import CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.models import Flow

COLOURS = {
    "delivered": "green", "cancelled": "green", "done": "green", "held": "yellow", "waiting": "yellow", "pending": "cyan", "skipped": "dim",
    "superseded": "dim", "stopped": "yellow", "failed": "red",
}  # fmt: skip


def console() -> Console:
    """Standard output, in colour where a person looks at it."""
    return Console(highlight=False)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table; values that are numbers stand on the right."""
    rows = [list(row) for row in rows]
    made = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for place, name in enumerate(columns):
        made.add_column(name, justify="right" if rows and all(isinstance(row[place], int) for row in rows) else "left")
    for row in rows:
        made.add_row(*(coloured(str(value)) for value in row))
    return made


def coloured(word: str) -> str:
    """A state in its colour; other text as it is."""
    escaped = word.replace("[", r"\[")
    return f"[{COLOURS[word]}]{word}[/]" if word in COLOURS else escaped


def bar(to: Console) -> Progress:
    """A progress bar that also works without a known end."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=to,
        transient=True,
    )


def flow_of(slug: str) -> Flow:
    """The flow of that slug. Raises CommandError that names the flows there are."""
    flow = Flow.objects.select_related("source", "target").filter(slug=slug).first()
    if flow is None:
        known = ", ".join(Flow.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"There is no flow {slug!r}. Known are: {known}.")
    return flow


def moment(text: str) -> datetime:
    """A day or a time; without a zone it is the site's. Raises CommandError for what is none or has not come yet."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no time. Write 2026-11-20 or 2026-11-20T08:00:00Z.") from None
    at = timezone.make_aware(at) if timezone.is_naive(at) else at
    if at > timezone.now():
        raise CommandError(f"{text} has not come yet.")
    return at


def written(at: datetime) -> str:
    """A time as the sources understand it (RFC 3339, UTC)."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
