"""Settlement reports: bytes become a header, blocks of lines and sums, or the reason why none of it can be trusted.

A statement is read once, as a stream:

    statement = read(source)                # the header; raises Quarantined
    found = Totals(statement, zone)
    for block in statement.blocks():        # pyarrow tables, SCHEMA; raises Quarantined, at the end if they do not add up
        found.add(block)
    statement.sha256, statement.lines, statement.lines_total, list(found)
"""

from reconciliation.core.statement.amounts import decimals, digits_of, minor, money
from reconciliation.core.statement.blocks import SCHEMA
from reconciliation.core.statement.layouts import Layout
from reconciliation.core.statement.problems import Problem, Quarantined
from reconciliation.core.statement.reading import Statement, read
from reconciliation.core.statement.sums import Totals

__all__ = [
    "SCHEMA",
    "Layout",
    "Problem",
    "Quarantined",
    "Statement",
    "Totals",
    "decimals",
    "digits_of",
    "minor",
    "money",
    "read",
]
