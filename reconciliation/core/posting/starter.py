"""The rules and accounts that come with the product, for people to start from (settlement reference, 4; entity map, 12)."""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from reconciliation.core.posting.accounts import AccountRule
from reconciliation.core.posting.rules import Rule

FOLDER = Path(__file__).parents[2] / "starters"
RULES, ACCOUNTS = FOLDER / "amazon-posting-rules.json", FOLDER / "amazon-accounts.json"


def read(path: Path) -> dict[str, Any]:
    """One starter as it stands in its file: `slug`, `name`, `description` and its rows."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@cache
def rules() -> tuple[Rule, ...]:
    """Every combination of the words of each row."""
    return tuple(
        Rule(*words, row["category"])
        for row in read(RULES)["rules"]
        for words in product(row.get("transaction_types", [""]), row["amount_types"], row.get("descriptions", [""]))
    )


@cache
def accounts() -> tuple[AccountRule, ...]:
    """Roles and categories."""
    return tuple(
        AccountRule(category, row["account"], marketplace, row.get("fulfilment", ""))
        for row in read(ACCOUNTS)["accounts"]
        for category in row["categories"]
        for marketplace in row.get("marketplaces", [""])
    )
