"""Every documented kind of line is decided as the settlement reference says; shipped rules and accounts have no flaw."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from reconciliation.core.lines import Kind
from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import Accounts
from reconciliation.core.posting.categories import BALANCE_SHEET, CATEGORIES, ROLES
from reconciliation.core.posting.problems import problems
from reconciliation.core.posting.rules import RuleSet

RULES = RuleSet(starter.rules())
ACCOUNTS = Accounts(starter.accounts())
TABLE = Path(__file__).with_name("documented.tsv")
SAMPLES = Path(__file__).parents[5] / "shared" / "reference" / "settlements"
UNDOCUMENTED = {Kind("ServiceFee", "other-transaction", "LowInventoryLevelFee"): "fee_fulfilment_other"}


def documented() -> list[tuple[Kind, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [(Kind(*row[1:]), row[0]) for row in csv.reader(file, delimiter="\t")]


def test_the_starter_has_no_flaw() -> None:
    assert problems(RULES, ACCOUNTS) == []


def test_every_documented_kind_has_the_category_of_the_reference() -> None:
    assert {kind: RULES.decide(kind).category for kind, _ in documented()} == dict(documented())


def test_every_category_occurs_in_the_documented_table() -> None:
    assert {category for _, category in documented()} == set(CATEGORIES) - {"suspense", "fee_refund_administration"}


def test_every_category_and_role_has_an_account() -> None:
    assert [name for name in (*CATEGORIES, *ROLES) if not ACCOUNTS.account(name)] == []


def test_what_is_no_profit_and_loss_has_an_account_of_the_balance_sheet() -> None:
    assert {ACCOUNTS.account(category, marketplace) for category in BALANCE_SHEET for marketplace in ("", "Amazon.com", "Amazon.de")} == {
        "1010", "1115", "2200", "2210", "9990",
    }  # fmt: skip


@pytest.mark.parametrize(("marketplace", "facilitated"), [("Amazon.com", True), ("", True), ("Amazon.de", False), ("amazon.com.au", False)])
def test_the_starter_knows_who_owes_the_tax(marketplace: str, facilitated: bool) -> None:
    assert ACCOUNTS.is_facilitated(marketplace) is facilitated


def test_goods_of_other_channels_are_no_revenue() -> None:
    assert ACCOUNTS.account("sales", "Non-Amazon CA", "AFN") == "9990"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample settlements are not on this machine")
def test_every_kind_of_the_sample_files_has_its_documented_category() -> None:
    wanted = dict(documented()) | UNDOCUMENTED
    normal = {RULES.decide(kind).rule: category for kind, category in wanted.items()}
    assert {kind: RULES.decide(kind).category for kind in sampled()} == {
        kind: wanted.get(kind) or normal[RULES.decide(kind).rule] for kind in sampled()
    }


def sampled() -> set[Kind]:
    expected = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
    found = {Kind(*words.split("|")) for about in expected.values() for words in about.get("by_type", ())}
    with (SAMPLES / "eu-lines-oct2025-a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file, delimiter=";")
        found |= {Kind(row["TransactionType"], row["AmountType"], row["AmountDescription"]) for row in rows}
    assert len(found) > 40
    return found
