"""The accounting categories of settlement lines, and the roles that accounts play beside them (settlement reference, 4)."""

from __future__ import annotations

SUSPENSE = "suspense"
TAX_COLLECTED = "tax_collected"
TAX_WITHHELD = "tax_withheld_by_marketplace"
TAXES = frozenset((TAX_COLLECTED, TAX_WITHHELD))

CATEGORIES: dict[str, str] = {
    "sales": "Sales",
    "sales_shipping": "Shipping income",
    "sales_giftwrap": "Gift wrap income",
    "sales_liquidation": "Liquidation proceeds",
    TAX_COLLECTED: "Tax collected",
    TAX_WITHHELD: "Tax withheld by the marketplace",
    "promotions": "Promotions",
    "refunds": "Refunds",
    "refunds_shipping": "Refunds of shipping",
    "chargebacks": "Chargebacks",
    "fee_commission": "Commission",
    "fee_refund_administration": "Refund administration fees",
    "fee_fulfilment": "Fulfilment fees",
    "fee_fulfilment_other": "Other fulfilment fees",
    "fee_storage": "Storage",
    "fee_inbound_freight": "Inbound freight",
    "fee_postage": "Postage",
    "fee_advertising": "Advertising",
    "fee_subscription": "Subscription",
    "fee_other": "Other marketplace fees",
    "reimbursements": "Reimbursements",
    "reserve": "Reserve",
    "carried_balance": "Carried balance",
    "loan": "Loan",
    "bank_adjustment": "Bank adjustment",
    "tax_other": "Other tax",
    SUSPENSE: "Suspense",
}
"""Category → label, in the order in which journals show them."""

BALANCE_SHEET = frozenset((*TAXES, "reserve", "carried_balance", "loan", "bank_adjustment"))
"""Never profit and loss."""

CLEARING = "clearing"
CARRIED_FORWARD = "carried_forward"
ORDER_CLEARING = "order_clearing"
FACILITATOR_TAX = "facilitator_tax"
ORDERS_WITHOUT_INVOICE = "orders_without_invoice"

ROLES: dict[str, str] = {
    CLEARING: "Payout: debited with the total of the settlement",
    CARRIED_FORWARD: "Carried forward: holds a settlement over the end of a period",
    ORDER_CLEARING: "Marketplace clearing: what the settlement pays for invoiced orders",
    FACILITATOR_TAX: "Facilitator tax: collected and withheld tax cancel out on it",
    ORDERS_WITHOUT_INVOICE: "Orders that the ERP has no invoice of (invoice model)",
}
"""Accounts that no line of a file names. They are kept beside the categories' accounts."""
REQUIRED_ROLES = (CLEARING, CARRIED_FORWARD)


def label(code: str) -> str:
    """What people read; the code itself when it is not one of ours."""
    return CATEGORIES.get(code) or ROLES.get(code) or code
