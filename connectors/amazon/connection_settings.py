"""What a connection to Amazon needs to know."""

from __future__ import annotations

from connectors.amazon.regions import HOSTS, TOKEN_URL
from connectors.base import Setting

_REGIONS = (("NA", "North America (NA)"), ("EU", "Europe, Middle East, India (EU)"), ("FE", "Far East (FE)"))
_ADDRESSES = "; ".join(f"{region}: {host}" for region, host in HOSTS.items())
_QUEUE = "Only where notifications come through a queue (SQS)."

SETTINGS = (
    Setting(name="region", label="Region", default="NA", choices=_REGIONS, help="An account of several regions is several connections."),
    Setting(name="base_url", label="Base address", default=HOSTS["NA"], help=_ADDRESSES),
    Setting(name="token_url", label="Address of Login with Amazon", default=TOKEN_URL),
    Setting(
        name="marketplace_ids",
        label="Marketplaces",
        required=False,
        help="Their ids or country codes, separated by commas, such as US, CA; empty = all of the region.",
    ),
    Setting(name="seller_id", label="Seller id", help="In Seller Central: account information, merchant token."),
    Setting(name="client_id", label="Client id", help="From Amazon's developer console."),
    Setting(
        name="client_secret", label="Client secret", secret=True, help="From Amazon's developer console; it must be renewed every 180 days."
    ),
    Setting(name="refresh_token", label="Refresh token", secret=True, help="Made when the account authorises the application."),
    Setting(
        name="secret_rotated_on",
        label="Client secret renewed on",
        required=False,
        help="A date such as 2026-11-20; from day 150 on the connection test reminds of it.",
    ),
    Setting(
        name="orders_since",
        label="Orders since",
        required=False,
        help="A date such as 2026-11-01 with which the first reading begins; empty = every order that Amazon still has (two years).",
    ),
    Setting(
        name="personal_data",
        label="Ask for personal data",
        default="yes",
        choices=(("yes", "Where a flow needs it"), ("no", "Never")),
        help="Buyer and address come with the orders only while the mapping of a flow reads them: where the seller ships.",
    ),
    Setting(
        name="fba_mode",
        label="Orders fulfilled by Amazon",
        default="orders",
        choices=(("orders", "One sales order per order"), ("daily_summary", "One summary per day"), ("ignore", "Not taken over")),
    ),
    Setting(name="queue_url", label="Queue", required=False, help=f"{_QUEUE} Its address."),
    Setting(name="queue_arn", label="Queue's ARN", required=False, help="Needed once, to set up what Amazon announces on it."),
    Setting(name="queue_region", label="Region of the queue", required=False, help="Such as us-east-1."),
    Setting(name="queue_access_key", label="Access key of the queue", secret=True, required=False, help=_QUEUE),
    Setting(name="queue_secret_key", label="Secret key of the queue", secret=True, required=False, help=_QUEUE),
    Setting(name="queue_endpoint", label="Endpoint of the queue", required=False, help="Empty = Amazon's own."),
    Setting(
        name="eventbridge_account",
        label="Account of the event bridge",
        required=False,
        help="The AWS account id. Only where notifications come over HTTPS: Amazon announces changes of listings no other way.",
    ),
    Setting(name="eventbridge_region", label="Region of the event bridge", required=False, help="Such as us-east-1."),
    Setting(
        name="eventbridge_key",
        label="Key of the event bridge",
        secret=True,
        required=False,
        help="At least 32 characters; the bridge sends it in the header x-api-key with every notification. Empty = none are taken.",
    ),
    Setting(
        name="outbound_version",
        label="Version of Fulfilment by Amazon",
        default="2020-07-01",
        choices=(("2020-07-01", "2020-07-01"), ("2026-07-04", "2026-07-04 (new)")),
        help="For orders of other channels that Amazon ships.",
    ),
    Setting(
        name="page_orders",
        label="Web page of an order",
        required=False,
        default="https://sellercentral.amazon.com/orders-v3/order/{key}",
        help="Its address with {key} for the order number; lists link to it.",
    ),
)
