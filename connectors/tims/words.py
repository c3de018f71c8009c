"""What TIMS's codes mean to the person who has to act (TIMS contract 1.3)."""

from __future__ import annotations

WORDS = {
    "malformed_json": "TIMS could not read the request; nothing was done. This is a fault of the hub: please report it.",
    "invalid_parameter": "TIMS does not accept a part of the request. Check the company code and the address of the connection.",
    "ambiguous_credentials": "TIMS got two kinds of credentials at once. Choose one of them in the connection.",
    "invalid_credentials": "TIMS does not accept the stored credentials. Open the connection, enter valid ones and press Test connection.",
    "token_expired": "TIMS does not accept the access token. Open the connection and press Test connection.",
    "insufficient_scope": "The TIMS credentials lack a right. Ask the TIMS administrator to grant master, sales, ar and gl to this client.",
    "ip_not_allowed": "TIMS does not allow calls from this server. Ask the TIMS administrator to add its address to the allow list.",
    "not_found": "TIMS has no such record.",
    "duplicate_external_id": "TIMS already holds a document for this record.",
    "duplicate_marketplace_order": "TIMS already holds this marketplace order; it came by another road.",
    "duplicate_number": "TIMS already uses this number.",
    "request_in_progress": "TIMS is still working on the same request; it will be asked again.",
    "locked": "Somebody is editing this document in TIMS; it will be tried again.",
    "state_conflict": "The document's status in TIMS does not allow this.",
    "cursor_expired": "The place in TIMS's list is no longer valid; reading starts again from the last known change.",
    "merged": "The customer was merged into another one in TIMS.",
    "version_mismatch": "The document was changed in TIMS in the meantime.",
    "payload_too_large": "The request is too large for TIMS.",
    "unsupported_media_type": "TIMS could not read the request; nothing was done. This is a fault of the hub: please report it.",
    "validation_failed": "TIMS does not accept the record.",
    "idempotency_key_reused": "TIMS has seen this request's key with other content.",
    "unbalanced_journal": "Debits and credits of the entry differ.",
    "period_closed": "The fiscal period is closed in TIMS. Open it there or choose another posting date.",
    "over_shipped": "The shipment holds more units than the order has left to ship. Compare it with the order's other shipments in TIMS.",
    "insufficient_stock": "TIMS has not enough stock for this.",
    "precondition_required": "TIMS asks for the version of the document. This is a fault of the hub: please report it.",
    "rate_limited": "TIMS asks for fewer calls; it will be tried again.",
    "internal": "TIMS had an internal error.",
    "maintenance": "TIMS is closed for maintenance; deliveries wait and go out afterwards.",
    "unavailable": "TIMS is not available at the moment.",
}

FIELD_WORDS = {
    "required": "{path} is required but empty.",
    "type_mismatch": "{path}{given} is not of the type that TIMS expects.",
    "max_length": "{path} is longer than TIMS takes. Shorten it in the mapping.",
    "min_value": "{path}{given} is too small for TIMS.",
    "max_value": "{path}{given} is too large for TIMS.",
    "max_decimals": "{path}{given} has more decimals than TIMS takes.",
    "invalid_choice": "{path}{given} is not one of the values that TIMS knows. Add a row to the mapping's lookup table.",
    "invalid_format": "{path}{given} is not written as TIMS expects.",
    "invalid_character": "{path} holds a control character. Remove it at the source or with the mapping's trim.",
    "not_found": "{path}{given} does not exist in TIMS. Create it there or correct the mapping.",
    "unknown_sku": "{path}: TIMS has no item{given}. Create the item in TIMS or add an alias to the SKU lookup table, then retry.",
    "inactive": "{path}{given} is not active or not sellable in TIMS. Activate it there or replace it in the mapping, then retry.",
    "unknown_field": "{path} is not a field of TIMS. Remove the rule that fills it.",
    "read_only": "{path} is set by TIMS itself. Remove the rule that fills it.",
    "not_unique": "{path}{given} is used twice.",
    "sum_mismatch": "{path}{given} is not the sum that TIMS computes. Check discounts, charges and taxes of the order.",
    "currency_mismatch": "{path}{given} is in another currency.",
    "outside_credit_limit": "The customer's credit limit in TIMS does not allow this.",
    "over_shipped": "{path}{given} is more than the order has left to ship.",
    "account_not_postable": "{path}: account{given} cannot be posted to in TIMS. Choose another account in the posting rules, then retry.",
    "dimension_required": "{path} is empty, but the account{given} demands it. Fill it in the posting rules or drop the demand in TIMS.",
}

_ACCOUNT_WORDS = {
    "not_found": "{path}: TIMS has no account{given}. Create it there or choose another in the posting rules, then retry.",
    "inactive": "{path}: account{given} is inactive in TIMS. Activate it there or choose another in the posting rules, then retry.",
    "account_not_postable": "{path}: account{given} cannot be posted to in TIMS. Choose another in the posting rules, then retry.",
    "currency_mismatch": "{path}: account{given} takes another currency only. Choose another in the posting rules, then retry.",
}
_INVOICE_WORDS = {
    "not_found": "{path}: TIMS has no invoice or credit memo{given}.",
    "inactive": "{path}: document{given} is a draft or void in TIMS. Post it there or choose another, then retry.",
    "currency_mismatch": "{path}: document{given} is in another currency than the payment.",
    "invalid_choice": "{path}: a receipt pays invoices, a refund credit memos, each of the payer's own; document{given} is neither.",
    "not_unique": "{path}: this payment is applied to document{given} already.",
}
PLACE_WORDS = {
    **{(code, name): words for name in ("AccountCode", "GLAccountCode", "BankAccountCode") for code, words in _ACCOUNT_WORDS.items()},
    **{(code, name): words for name in ("InvoiceID", "AppliesToInvoiceID") for code, words in _INVOICE_WORDS.items()},
    ("required", "ExchangeRate"): "{path} is required for a currency other than the company's. Enter the day's rate.",
    ("sum_mismatch", "Lines"): "{path}: the entry does not balance.",
    ("sum_mismatch", "Applications"): "{path} add up to more than the payment, or than is left of it.",
    ("invalid_choice", "PostingDate"): "{path}{given} lies in a period that is not open.",
    ("max_value", "Amount"): "{path}{given} is more than is still due on that document in TIMS.",
    ("max_value", "Quantity"): "{path}{given} is more than is left: units are invoiced once, after they are shipped.",
    (
        "max_value",
        "TotalAmount",
    ): "{path}{given} is more than is left to credit. Credit less, or allow it with AllowOverCredit.",
}
"""More exact words where the last part of the path tells what it is about."""
