"""One file per noun."""

from reconciliation.models.bank_line import BankLine, BankMatch
from reconciliation.models.books import Books, LedgerPeriod, PeriodLock, ToleranceRule
from reconciliation.models.finance_transaction import FinanceTransaction
from reconciliation.models.journal import JournalEntry, JournalLine, JournalShare, PaymentEntry
from reconciliation.models.match import Discrepancy, OrderMatch, SoldItem
from reconciliation.models.posting_rule import AccountRule, PostingRule, PostingRuleSet, PostingRuleVersion
from reconciliation.models.settlement import LineKind, Settlement, SettlementLine, Transition
from reconciliation.models.statement_file import StatementFile

__all__ = [
    "AccountRule",
    "BankLine",
    "BankMatch",
    "Books",
    "Discrepancy",
    "FinanceTransaction",
    "JournalEntry",
    "JournalLine",
    "JournalShare",
    "LedgerPeriod",
    "LineKind",
    "OrderMatch",
    "PaymentEntry",
    "PeriodLock",
    "PostingRule",
    "PostingRuleSet",
    "PostingRuleVersion",
    "Settlement",
    "SettlementLine",
    "SoldItem",
    "StatementFile",
    "ToleranceRule",
    "Transition",
]
