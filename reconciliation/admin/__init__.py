"""The pages on which accountants see, explain, approve and post settlements."""

from reconciliation.admin.bank import BankLineAdmin
from reconciliation.admin.books import BooksAdmin
from reconciliation.admin.files import StatementFileAdmin
from reconciliation.admin.journals import JournalEntryAdmin
from reconciliation.admin.rules import PostingRuleSetAdmin
from reconciliation.admin.settlements import SettlementAdmin
from reconciliation.admin.transactions import FinanceTransactionAdmin

__all__ = [
    "BankLineAdmin",
    "BooksAdmin",
    "FinanceTransactionAdmin",
    "JournalEntryAdmin",
    "PostingRuleSetAdmin",
    "SettlementAdmin",
    "StatementFileAdmin",
]
