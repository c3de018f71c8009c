"""TIMS, the ERP: items, customers, sales orders, shipments, receivables and the general ledger, as a declared connector."""

from __future__ import annotations

from connectors.base import Connector, Limit, Operation, Setting, Stream
from connectors.notices import Webhook
from connectors.tims import bulk, customers, gl_entries, invoices, packages, payments, sales_orders, shipments, streams, webhook
from connectors.tims.check import check, environment
from connectors.tims.client import LABEL, PACKAGE, connect
from connectors.tims.order_settings import ORDER_SETTINGS

PAGES = (
    ("sales_orders", "a sales order", "order"),
    ("customers", "a customer", "customer"),
    ("gl_entries", "a journal entry", "entry"),
    ("invoices", "an invoice", "invoice"),
    ("payments", "a payment", "payment"),
)
SETTINGS = (
    Setting(name="base_url", label="Base address", help="Such as https://tims.example.com, without /api/v1."),
    Setting(
        name="auth",
        label="Credentials",
        default="oauth",
        choices=(("oauth", "Client id and secret (OAuth 2.0)"), ("api_key", "API key")),
    ),
    Setting(name="client_id", label="Client id", required=False, help="For OAuth 2.0."),
    Setting(name="client_secret", label="Client secret", secret=True, required=False, help="For OAuth 2.0."),
    Setting(name="api_key", label="API key", secret=True, required=False, help="Instead of client id and secret."),
    Setting(name="company", label="Company code", default="MAIN", required=False),
    Setting(name="webhook_secret", label="Webhook secret", secret=True, required=False, help="At least 16 characters; TIMS signs with it."),
    *(
        Setting(name=f"page_{name}", label=f"Web page of {what}", required=False, help=f"Its address with {{key}} for the {number} number.")
        for name, what, number in PAGES
    ),
    *ORDER_SETTINGS,
)

STREAMS = (
    Stream(
        id="items",
        label="Items",
        schema="item",
        read=streams.reader("items", "SKU"),
        read_one=streams.one_reader("items", "SKU"),
        read_many=streams.read_items,
        link="api/v1/items/{key}",
    ),
    Stream(
        id="customers",
        label="Customers",
        schema="customer_record",
        read=streams.reader("customers", "CustomerID"),
        read_one=streams.one_reader("customers", "CustomerID"),
        link="api/v1/customers/{key}",
    ),
    Stream(
        id="sales_orders",
        label="Sales orders",
        schema="sales_order_record",
        read=streams.reader("sales_orders", "SalesOrderID", streams.order_aliases),
        read_one=streams.one_reader("sales_orders", "SalesOrderID", streams.order_aliases),
        settled_at=streams.order_settled_at,
        summary=streams.order_summary,
        link="api/v1/sales_orders/{key}",
    ),
    Stream(
        id="packages",
        label="Shipped packages",
        schema="package",
        read=packages.read,
        read_one=packages.read_one,
        read_many=packages.read_many,
        compare=packages.compare,
        summary=packages.summary,
    ),
    Stream(
        id="invoices",
        label="Invoices and credit memos",
        schema="invoice_record",
        read=streams.reader("invoices", "InvoiceID"),
        read_one=streams.one_reader("invoices", "InvoiceID"),
        read_many=invoices.read_many,
        summary=invoices.summary,
        link="api/v1/invoices/{key}",
    ),
    Stream(
        id="payments",
        label="Payments",
        schema="payment_record",
        read=streams.reader("payments", "PaymentID"),
        read_one=streams.one_reader("payments", "PaymentID"),
        summary=payments.summary,
        link="api/v1/payments/{key}",
    ),
    Stream(
        id="gl_entries",
        label="General ledger entries",
        schema="gl_entry_record",
        read=streams.reader("gl_entries", "EntryID"),
        read_one=streams.one_reader("gl_entries", "EntryID"),
        summary=gl_entries.summary,
        link="api/v1/gl_entries/{key}",
    ),
    Stream(
        id="gl_accounts",
        label="General ledger accounts",
        schema="gl_account",
        read=streams.reader("gl_accounts", "AccountCode"),
        read_one=streams.listed_reader("gl_accounts", "AccountCode"),
    ),
    Stream(
        id="fiscal_periods",
        label="Fiscal periods",
        schema="fiscal_period",
        read=streams.reader("fiscal_periods", "Period"),
        read_one=streams.listed_reader("fiscal_periods", "Period"),
    ),
)

OPERATIONS = (
    Operation(id="customers", label="Find or create customer", schema="customer", send=customers.send, find=customers.find,
              link="api/v1/customers/{key}"),
    Operation(id="sales_orders", label="Create or change sales order", schema="sales_order", send=sales_orders.send,
              send_many=sales_orders.send_many, find=sales_orders.find, batch=bulk.MOST, decides=True,
              link="api/v1/sales_orders/{key}"),
    Operation(id="shipments", label="Enter shipment of another warehouse", schema="shipment", send=shipments.send, repeatable=True,
              link="api/v1/shipments/{key}"),
    Operation(id="invoices", label="Post invoice or credit memo", schema="invoice", send=invoices.send, find=invoices.find,
              link="api/v1/invoices/{key}"),
    Operation(id="void_invoice", label="Void invoice or credit memo", schema="invoice_void", send=invoices.void, repeatable=True,
              link="api/v1/invoices/{key}"),
    Operation(id="payments", label="Post payment", schema="payment", send=payments.send, send_many=payments.send_many,
              find=payments.find, batch=bulk.MOST, link="api/v1/payments/{key}"),
    Operation(id="apply_payment", label="Apply payment to invoices", schema="payment_application", send=payments.apply, repeatable=True,
              link="api/v1/payments/{key}"),
    Operation(id="unapply_payment", label="Take payment off invoices", schema="payment_release", send=payments.unapply, repeatable=True,
              link="api/v1/payments/{key}"),
    Operation(id="void_payment", label="Void payment", schema="payment_void", send=payments.void, repeatable=True,
              link="api/v1/payments/{key}"),
    Operation(id="gl_entries", label="Post general ledger entry", schema="gl_entry", send=gl_entries.send, find=gl_entries.find,
              link="api/v1/gl_entries/{key}"),
    Operation(id="reverse_gl_entry", label="Reverse general ledger entry", schema="gl_reversal", send=gl_entries.reverse,
              find=gl_entries.find_reversal, link="api/v1/gl_entries/{key}"),
)  # fmt: skip

CONNECTOR = Connector(
    id="tims",
    label=LABEL,
    settings=SETTINGS,
    connect=connect,
    check=check,
    streams=STREAMS,
    operations=OPERATIONS,
    limits=(Limit(name="calls", label="Calls (80 % of 600 a minute)", burst=480, per_second=8.0),),
    parallel=8,
    environment=environment,
    webhook=Webhook(verify=webhook.verify, parse=webhook.parse, challenge=webhook.challenge, subscribe=webhook.subscribe),
    package=PACKAGE,
)
