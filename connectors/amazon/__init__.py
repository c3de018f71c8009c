"""Amazon, through the Selling Partner API: one selling account in one region."""

from __future__ import annotations

from connectors.amazon import client, notifications, queue
from connectors.amazon.cancel_order import CANCEL_ORDER
from connectors.amazon.check import check, environment
from connectors.amazon.confirm_shipment import CONFIRM_SHIPMENT
from connectors.amazon.connection_settings import SETTINGS
from connectors.amazon.fba_days import FBA_DAYS
from connectors.amazon.fulfilment import CANCEL_FULFILMENT_ORDER, CREATE_FULFILMENT_ORDER, UPDATE_FULFILMENT_ORDER
from connectors.amazon.fulfilment_orders import FULFILMENT_ORDERS
from connectors.amazon.fulfilment_packages import FULFILMENT_PACKAGES
from connectors.amazon.inventory import FBA_INVENTORY
from connectors.amazon.listing_changes import CREATE_LISTING, PATCH_LISTING
from connectors.amazon.listings import LISTINGS
from connectors.amazon.listings_feed import LISTINGS_FEED
from connectors.amazon.orders import ORDERS
from connectors.amazon.plans import LIMITS
from connectors.amazon.regions import derived
from connectors.amazon.returns import FBA_RETURNS, RETURNS
from connectors.amazon.settlements import SETTLEMENTS
from connectors.amazon.transactions import TRANSACTIONS
from connectors.base import Connector

CONNECTOR = Connector(
    id="amazon",
    label=client.LABEL,
    settings=SETTINGS,
    connect=client.connect,
    check=check,
    streams=(
        ORDERS,
        LISTINGS,
        FULFILMENT_ORDERS,
        FULFILMENT_PACKAGES,
        FBA_INVENTORY,
        RETURNS,
        FBA_RETURNS,
        SETTLEMENTS,
        TRANSACTIONS,
        FBA_DAYS,
    ),
    operations=(
        CONFIRM_SHIPMENT,
        PATCH_LISTING,
        CREATE_LISTING,
        LISTINGS_FEED,
        CREATE_FULFILMENT_ORDER,
        UPDATE_FULFILMENT_ORDER,
        CANCEL_FULFILMENT_ORDER,
        CANCEL_ORDER,
    ),
    limits=LIMITS,
    parallel=4,
    environment=environment,
    derived=derived,
    webhook=notifications.WEBHOOK,
    inbox=queue.INBOX,
    package=client.PACKAGE,
)
