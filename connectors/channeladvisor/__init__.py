"""ChannelAdvisor (Rithum): orders of many marketplaces, in the v2 dialect and in the published REST v1."""

from __future__ import annotations

from connectors.base import Connector, Limit, Setting, Stream
from connectors.channeladvisor import client
from connectors.channeladvisor.acknowledge import ACKNOWLEDGE_ORDER
from connectors.channeladvisor.cancel import CANCEL_ITEMS
from connectors.channeladvisor.check import check
from connectors.channeladvisor.customers import derive, summary
from connectors.channeladvisor.order_status import ORDER_STATUS
from connectors.channeladvisor.orders import ORDERS, read
from connectors.channeladvisor.ship import SHIP
from connectors.channeladvisor.webhook import WEBHOOK

ALGORITHMS = (("hmac-sha256", "HMAC SHA-256"), ("hmac-sha512", "HMAC SHA-512"), ("hmac-sha1", "HMAC SHA-1"))
PUBLISHED_ONLY = "Only for the dialect rest-v1."

SETTINGS = (
    Setting(name="base_url", label="Base address", default="https://api.channeladvisor.com"),
    Setting(
        name="dialect",
        label="Dialect",
        default="v2",
        choices=(("v2", "v2"), ("rest-v1", "REST v1 (published)")),
        help="Which API the account offers. The published one is REST v1.",
    ),
    Setting(name="application_id", label="Application ID", help="From the developer console."),
    Setting(name="shared_secret", label="Shared secret", secret=True, help="From the developer console."),
    Setting(name="refresh_token", label="Refresh token", secret=True, help="The developer console issues one without a browser."),
    Setting(name="profile_id", label="Profile", help="The account number; lists hold the orders of every profile that the token sees."),
    Setting(
        name="webhook_secret", label="Webhook secret", secret=True, required=False, help="At least 32 characters; empty = no webhooks."
    ),
    Setting(
        name="tax_sites",
        label="Sites that collect the tax",
        required=False,
        default="640:US, 1:US, 996:US, 1194:US, 665:US",
        help=f"{PUBLISHED_ONLY} Site number and country of delivery where the marketplace itself pays the sales tax.",
    ),
    Setting(
        name="external_centers",
        label="External distribution centres",
        required=False,
        help="Codes, separated by commas, of the centres that a marketplace runs: they tell which lines of a mixed order are yours.",
    ),
    Setting(
        name="page_orders",
        label="Web page of an order",
        required=False,
        help="Its address with {key} for the order number; lists link to it.",
    ),
    Setting(name="webhook_header", label="Signature header", required=False, default="X-ChannelAdvisor-Signature", help=PUBLISHED_ONLY),
    Setting(
        name="webhook_algorithm",
        label="Signature algorithm",
        required=False,
        default="hmac-sha256",
        choices=ALGORITHMS,
        help=PUBLISHED_ONLY,
    ),
    Setting(
        name="webhook_encoding",
        label="Signature encoding",
        required=False,
        default="base64",
        choices=(("base64", "Base64"), ("hex", "Hexadecimal")),
        help=PUBLISHED_ONLY,
    ),
    Setting(
        name="webhook_prefix",
        label="Signature prefix",
        required=False,
        help=f"{PUBLISHED_ONLY} Text before the signature, such as sha256=.",
    ),
    Setting(
        name="webhook_timestamp_header",
        label="Signature time header",
        required=False,
        help=f"{PUBLISHED_ONLY} The header whose Unix time is signed before the body, joined by a point; empty = only the body is signed.",
    ),
)

CUSTOMERS = Stream(
    id="customers",
    label="Customers",
    schema="customer",
    read=lambda api, cursor: (found for order in read(api, cursor) if not order.problem and (found := derive(order.payload))),
    system="ChannelAdvisor",
    derived_from="orders",
    derive=derive,
    summary=summary,
)

CONNECTOR = Connector(
    id="channeladvisor",
    label=client.LABEL,
    settings=SETTINGS,
    connect=client.connect,
    check=check,
    streams=(ORDERS, CUSTOMERS),
    operations=(ACKNOWLEDGE_ORDER, SHIP, CANCEL_ITEMS, ORDER_STATUS),
    # 80 % of 2,000 calls a minute and profile (ChannelAdvisor API reference, A2.4); the burst leaves room for one full batch of 100.
    limits=(Limit(name="calls", label="Calls per profile", burst=200, per_second=2000 / 60 * 0.8),),
    parallel=4,
    webhook=WEBHOOK,
    package="connectors.channeladvisor",
)
