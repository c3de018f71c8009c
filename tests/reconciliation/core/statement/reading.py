"""Files read back into plain values, as a test looks at them."""

from __future__ import annotations

from dataclasses import fields
from io import BytesIO
from typing import Any

import pytest

from reconciliation.core.lines import Line
from reconciliation.core.statement import Quarantined, Statement, money, read

TEXTS = frozenset(one.name for one in fields(Line)) - {"kind", "amount"}


def lines_of(statement: Statement) -> list[Line]:
    """Every line of a statement, read to its end."""
    return [
        Line(kind=statement.kinds[row["kind"]], amount=money(row["amount"], statement.digits), **{name: row[name] for name in TEXTS})
        for block in statement.blocks()
        for row in block.to_pylist()
    ]


def whole(raw: bytes, **how: Any) -> tuple[Statement, list[Line]]:
    """A file read to its end."""
    statement = read(BytesIO(raw), **how)
    return statement, lines_of(statement)


def refused(raw: bytes, **how: Any) -> Quarantined:
    """Why a file is quarantined."""
    with pytest.raises(Quarantined) as problem:
        whole(raw, **how)
    return problem.value
