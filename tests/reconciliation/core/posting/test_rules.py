"""Which rule decides, what a person is told about unknown kinds and wrong rules, and which account counts."""

from __future__ import annotations

import pytest

from reconciliation.core.lines import Kind
from reconciliation.core.posting import starter
from reconciliation.core.posting.accounts import AccountRule, Accounts
from reconciliation.core.posting.problems import problems
from reconciliation.core.posting.rules import Rule, RuleSet
from reconciliation.core.posting.suggest import suggestion, suggestions, words_of

TAX = Kind("Order", "ItemPrice", "Tax")
LEVELS = (
    Rule("", "ItemPrice", "", "fee_other"),
    Rule("", "ItemPrice", "Tax", "tax_collected"),
    Rule("Order", "ItemPrice", "", "sales"),
    Rule("Order", "ItemPrice", "Tax", "tax_other"),
)
ROLES = (AccountRule("clearing", "1010"), AccountRule("carried_forward", "1105"), AccountRule("suspense", "9990"))
SALES = (Rule("Order", "ItemPrice", "Principal", "sales"),)


@pytest.mark.parametrize(("known", "category"), [(0, "suspense"), (1, "fee_other"), (2, "tax_collected"), (3, "sales"), (4, "tax_other")])
def test_the_more_exact_rule_decides(known: int, category: str) -> None:
    assert RuleSet(LEVELS[:known]).decide(TAX).category == category


def test_a_kind_without_a_rule_is_suspense_and_says_that_no_rule_decided() -> None:
    assert RuleSet(SALES).decide(TAX) == ("suspense", None)


@pytest.mark.parametrize("words", [("order", "item-price", "TAX"), (" Order ", "Item Price", "tax "), ("ORDER", "ITEM_PRICE", "Tax.")])
def test_spelling_does_not_count(words: tuple[str, str, str]) -> None:
    assert RuleSet(LEVELS).decide(Kind(*words)).rule == LEVELS[3]


def test_the_same_description_under_another_amount_type_is_another_kind() -> None:
    rules = RuleSet(starter.rules())
    kinds = (("ItemPrice", "sales_shipping"), ("Promotion", "promotions"), ("ShipmentFees", "fee_fulfilment"), ("Nowhere", "suspense"))
    assert [rules.decide(Kind("Order", amount_type, "Shipping")).category for amount_type, _ in kinds] == [one for _, one in kinds]


def test_a_description_that_may_go_on_gives_way_to_a_longer_and_to_an_exact_one() -> None:
    rules = RuleSet(
        [Rule("", "X", "Transfer*", "loan"), Rule("", "X", "Transfer of funds*", "reserve"), Rule("", "X", "Transfer", "sales")]
    )
    kinds = ("Transfer of funds failed", "Transfer of gold", "Transfer", "A transfer")
    assert [rules.decide(Kind("T", "X", one)).category for one in kinds] == ["reserve", "loan", "sales", "suspense"]


@pytest.mark.parametrize(
    ("words", "parts"),
    [("FBAPerUnitFulfillmentFee", "fba per unit fulfillment fee"), ("WAREHOUSE_LOST", "warehouse lost"), ("Storage Fee", "storage fee")],
)
def test_words_are_read_as_people_read_them(words: str, parts: str) -> None:
    assert words_of(words) == parts


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        (Kind("other-transaction", "FBA Inventory Reimbursement", "WAREHOUSE_STOLEN"), "reimbursements"),
        (Kind("FBAFees", "FBA Inventory Storage Overage Fee", "Base fee"), "fee_storage"),
        (Kind("Order", "ItemFees", "FBAPerParcelFulfilmentFee"), "fee_fulfilment"),
    ],
)
def test_the_nearest_known_kind_is_suggested_first(kind: Kind, category: str) -> None:
    assert suggestions(kind, RuleSet(starter.rules()))[0].rule.category == category


def test_nothing_is_suggested_for_what_resembles_nothing() -> None:
    assert suggestion(Kind("zzz", "qqq", "xxx"), RuleSet(SALES)) == "No known kind of line resembles it."


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (Rule("order", "Item-Price", "PRINCIPAL", "sales"), "is there twice"),
        (Rule("Order", "ItemPrice", "Principal", "promotions"), "disagree"),
        (Rule("Order", "", "Principal", "sales"), "must name the amount type"),
        (Rule("Order", "ItemPrice", "--", "sales"), "neither a letter nor a digit"),
        (Rule("Order", "ItemPrice", "Shipping", "freight"), "there is no category freight"),
        (Rule("Order", "ItemPrice", "Shipping", "sales_shipping"), r"Shipping income \(sales_shipping\) has no account"),
    ],
)
def test_a_wrong_rule_is_named_with_its_reason(rule: Rule, words: str) -> None:
    (found,) = problems(RuleSet([*SALES, rule]), Accounts([*ROLES, AccountRule("sales", "4000"), AccountRule("promotions", "4900")]))
    assert words.replace("\\", "") in found


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (AccountRule("sales", "4001", "", "*"), "Sales has two accounts"),
        (AccountRule("freight", "4001"), "Account 4001: there is no category freight"),
        (AccountRule("sales", " ", "Amazon.de"), "Sales names no account"),
    ],
)
def test_a_wrong_account_is_named_with_its_reason(row: AccountRule, words: str) -> None:
    assert [words in one for one in problems(RuleSet(SALES), Accounts([*ROLES, AccountRule("sales", "4000"), row]))] == [True]


def test_a_set_without_a_payout_account_is_not_complete() -> None:
    (found,) = problems(RuleSet(SALES), Accounts([*ROLES[1:], AccountRule("sales", "4000")]))
    assert "(clearing) has no account" in found


def test_facilitator_tax_on_two_accounts_is_a_flaw() -> None:
    taxes = (
        AccountRule("facilitator_tax", "2210"),
        AccountRule("tax_collected", "2210"),
        AccountRule("tax_withheld_by_marketplace", "2200"),
    )
    (found,) = problems(RuleSet(SALES), Accounts([*ROLES, AccountRule("sales", "4000"), *taxes]))
    assert "cannot cancel out" in found


@pytest.mark.parametrize(
    ("marketplace", "fulfilment", "account"),
    [
        ("Amazon.de", "AFN", "both"), ("amazon.DE ", "afn", "both"), ("Amazon.de", "MFN", "marketplace"), ("Amazon.de", "", "marketplace"),
        ("Amazon.fr", "AFN", "fulfilment"), ("Amazon.fr", "", "all"), ("Non-Amazon CA", "AFN", "others"), ("", "", "all"),
    ],
)  # fmt: skip
def test_the_most_exact_account_counts(marketplace: str, fulfilment: str, account: str) -> None:
    rows = (
        AccountRule("sales", "all"), AccountRule("sales", "fulfilment", "", "AFN"), AccountRule("sales", "marketplace", "Amazon.de"),
        AccountRule("sales", "both", "Amazon.de", "AFN"), AccountRule("sales", "others", "Non-Amazon*"),
    )  # fmt: skip
    assert Accounts(rows).account("sales", marketplace, fulfilment) == account


def test_the_longer_beginning_of_a_marketplace_counts() -> None:
    rows = (AccountRule("sales", "others", "Non-Amazon*"), AccountRule("sales", "canada", "Non-Amazon CA*"))
    assert [Accounts(rows).account("sales", name) for name in ("Non-Amazon CA", "Non-Amazon US")] == ["canada", "others"]


def test_a_category_without_a_row_has_no_account() -> None:
    assert Accounts(ROLES).account("sales", "Amazon.de", "AFN") is None
