"""What the database itself refuses where no CHECK and no UNIQUE can say it: triggers, the same rules on PostgreSQL and SQLite."""
# ruff: noqa: S608 - every name in these statements is our own

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

Exact = Callable[[str], str]
"""Makes of an amount's column what adds up exactly: SQLite keeps decimals as binary fractions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`wrong(exact)` is the condition, on NEW and OLD, under which one of the `events` on the table is refused with these words."""

    name: str
    table: str
    events: tuple[str, ...]
    wrong: Callable[[Exact], str]
    words: str


_UNSETTLED = "('parsed', 'proposed', 'discarded', 'superseded')"


def _lines_differ(exact: Exact) -> str:
    lines = "reconciliation_settlementline"
    sums = f"(SELECT COALESCE(SUM({exact('amount')}), 0) FROM {lines} WHERE settlement_id = NEW.id)"
    count = f"(SELECT COUNT(*) FROM {lines} WHERE settlement_id = NEW.id)"
    totals = f"{sums} <> {exact('NEW.total')} OR {exact('NEW.lines_total')} <> {exact('NEW.total')}"
    return f"NEW.state <> OLD.state AND NEW.state NOT IN {_UNSETTLED} AND ({totals} OR {count} <> NEW.line_count)"


def _unbalanced(exact: Exact) -> str:
    def side(name: str) -> str:
        return f"(SELECT COALESCE(SUM({exact(name)}), 0) FROM reconciliation_journalline WHERE journal_id = NEW.id)"

    empty = "NOT EXISTS (SELECT 1 FROM reconciliation_journalline WHERE journal_id = NEW.id)"
    differs = " OR ".join(f"{side(name)} <> {exact(f'NEW.{name}')}" for name in ("debit", "credit"))
    return (
        f"OLD.state = 'draft' AND NEW.state NOT IN ('draft', 'discarded') AND "
        f"({empty} OR {exact('NEW.debit')} <> {exact('NEW.credit')} OR {differs})"
    )


def _changed(*names: str) -> str:
    return " OR ".join(f"(NEW.{name} IS NOT NULL AND OLD.{name} IS NULL) OR NEW.{name} <> OLD.{name}" for name in names)


def _journal_left_draft(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM reconciliation_journalentry WHERE id = {row}.journal_id AND state <> 'draft')"


def _share_left_draft(row: str) -> str:
    return (
        "EXISTS (SELECT 1 FROM reconciliation_journalline l JOIN reconciliation_journalentry j ON j.id = l.journal_id "
        f"WHERE l.id = {row}.journal_line_id AND j.state <> 'draft')"
    )


def _version_left_draft(row: str) -> str:
    return f"EXISTS (SELECT 1 FROM reconciliation_postingruleversion WHERE id = {row}.version_id AND state <> 'draft')"


def _line_counts(row: str) -> str:
    settled = f"SELECT 1 FROM reconciliation_settlement WHERE id = {row}.settlement_id AND state NOT IN {_UNSETTLED}"
    return f"EXISTS ({settled})"


_SHARE = ("journal_line_id", "settlement_id", "part", "kind_id", "marketplace", "fulfilment", "amount", "lines")
_HEAD = ("settlement_id", "part", "revision", "external_id", "entry_date", "currency", "debit", "credit", "reversal_of_id", "target_id")

_PAYMENT = ("settlement_id", "order_id", "revision", "external_id", "kind", "amount", "currency", "paid_on", "reversal_of_id")


def _both(table: str, left: Callable[[str], str], words: str) -> Iterator[Guard]:
    """Rows of a table that nobody adds, changes or removes once what they belong to has left its draft."""
    for event, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        yield Guard(
            name=f"{table}_{event.lower()}",
            table=f"reconciliation_{table}",
            events=(event,),
            wrong=lambda exact, row=row: left(row),  # type: ignore[misc]
            words=words,
        )


GUARDS: tuple[Guard, ...] = (
    Guard(
        name="settlement_adds_up",
        table="reconciliation_settlement",
        events=("UPDATE",),
        wrong=_lines_differ,
        words="The lines of this settlement do not add up to its total, or some are missing.",
    ),
    Guard(
        name="settlement_begins",
        table="reconciliation_settlement",
        events=("INSERT",),
        wrong=lambda exact: "NEW.state NOT IN ('parsed', 'proposed')",
        words="A settlement begins as one that was read.",
    ),
    Guard(
        name="settlement_stays",
        table="reconciliation_settlement",
        events=("UPDATE",),
        wrong=lambda exact: (
            "OLD.state NOT IN ('parsed', 'proposed') AND ("
            + _changed("connection_id", "settlement_id", "total", "lines_total", "line_count", "currency")
            + ")"
        ),
        words="What a settlement says does not change once it was matched.",
    ),
    Guard(
        name="line_stays",
        table="reconciliation_settlementline",
        events=("UPDATE",),
        wrong=lambda exact: "1 = 1",
        words="A settlement line is evidence and never changes.",
    ),
    Guard(
        name="line_remains",
        table="reconciliation_settlementline",
        events=("DELETE",),
        wrong=lambda exact: _line_counts("OLD"),
        words="The lines of a settlement that was matched are never removed.",
    ),
    Guard(
        name="journal_begins",
        table="reconciliation_journalentry",
        events=("INSERT",),
        wrong=lambda exact: "NEW.state <> 'draft'",
        words="A journal begins as a draft.",
    ),
    Guard(
        name="journal_adds_up",
        table="reconciliation_journalentry",
        events=("UPDATE",),
        wrong=_unbalanced,
        words="This journal does not balance: its lines must add up to equal debits and credits.",
    ),
    Guard(
        name="journal_stays",
        table="reconciliation_journalentry",
        events=("UPDATE",),
        wrong=lambda exact: f"OLD.state <> 'draft' AND (NEW.state = 'draft' OR {_changed(*_HEAD)})",
        words="A journal does not change once it was prepared; reverse it and post a new one.",
    ),
    *_both("journalline", _journal_left_draft, "The lines of a journal do not change once it was prepared; reverse it and post a new one."),
    *(
        guard
        for guard in _both("journalshare", _share_left_draft, "What a journal holds does not change once it was prepared.")
        if guard.events != ("UPDATE",)
    ),
    Guard(
        name="journalshare_update",
        table="reconciliation_journalshare",
        events=("UPDATE",),
        wrong=lambda exact: f"{_share_left_draft('OLD')} AND ({_changed(*_SHARE)})",
        words="What a journal holds does not change once it was prepared.",
    ),
    Guard(
        name="payment_stays",
        table="reconciliation_paymententry",
        events=("UPDATE",),
        wrong=lambda exact: f"OLD.state <> 'draft' AND (NEW.state = 'draft' OR {_changed(*_PAYMENT)})",
        words="A payment does not change once it was handed in; take it back and pay anew.",
    ),
    *_both("postingrule", _version_left_draft, "Published posting rules never change; make a new version."),
    *_both("accountrule", _version_left_draft, "Published posting rules never change; make a new version."),
)


def install(editor: BaseDatabaseSchemaEditor) -> None:
    """Puts all guards in place; safe to repeat. SQLite drops the triggers of a table that a migration rebuilds: call it there again."""
    make = _for_sqlite if editor.connection.vendor == "sqlite" else _for_postgresql
    for guard in GUARDS:
        for statement in make(guard):
            editor.execute(statement, params=None)


def _for_sqlite(guard: Guard) -> Iterator[str]:
    wrong = guard.wrong(lambda column: f"CAST(ROUND({column} * 10000) AS INTEGER)")
    for event in guard.events:
        name = f"guard_{guard.name}_{event.lower()}"
        yield f"DROP TRIGGER IF EXISTS {name}"
        yield (
            f"CREATE TRIGGER {name} BEFORE {event} ON {guard.table} FOR EACH ROW WHEN {wrong} "
            f"BEGIN SELECT RAISE(ABORT, '{guard.words}'); END"
        )


def _for_postgresql(guard: Guard) -> Iterator[str]:
    name, wrong = f"guard_{guard.name}", guard.wrong(lambda column: column)
    kept = "OLD" if guard.events == ("DELETE",) else "NEW"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {wrong} THEN "
        f"RAISE EXCEPTION '{guard.words}' USING ERRCODE = 'check_violation'; END IF; RETURN {kept}; END $$"
    )
    yield f"DROP TRIGGER IF EXISTS {name} ON {guard.table}"
    yield f"CREATE TRIGGER {name} BEFORE {' OR '.join(guard.events)} ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {name}()"
