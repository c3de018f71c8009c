"""The flows of both roads: orders into TIMS, shipments, cancellations and statuses back, and what Amazon ships for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.models import Connection, Flow
from mappings.models import Mapping as FieldMapping

ITEMS, ORDERS, CUSTOMERS, ACKNOWLEDGE = "tims-items", "ca-orders", "ca-customers", "ca-acknowledge"
AMAZON_ORDERS, TO_CHANNELADVISOR, TO_AMAZON = "amazon-orders", "shipments-to-channeladvisor", "shipments-to-amazon"
_STATUS, _BY = "fulfillment.fulfillmentStatus", "fulfillment.fulfilledBy"
_OWNER = 'LOOKUP("marketplace_owner", LOOKUP("site_names", salesChannel.marketplaceId, ""), "amazon")'
_CANCELLED = '(OrderStatus = "Cancelled" OR SUM(LineItems[].QuantityCancelled) > 0)'


def _this_account(order: str = "") -> str:
    """Whether the order came through the flow's own connection to Amazon; of one that no connection brought, its marketplace decides."""
    came = f'ORIGIN("orders", {order}ExternalOrderID)'
    mine = f'CONTAINS(SETTING("marketplaces"), LOOKUP("amz_marketplace", {order}MarketplaceName, "none"))'
    return f'{order}SourceSystem = "Amazon" AND {order}FulfilledBy <> "External" AND ({came} = "here" OR (ISBLANK({came}) AND {mine}))'


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A flow by names: connections by their connector's id. `poll`: minutes, None = the usual ones."""

    slug: str
    name: str
    source: str = ""
    stream: str = ""
    after: str = ""
    mapping: str = ""
    target: str = ""
    operation: str = ""
    filter: str = ""
    words: str = ""
    poll: int | None = None
    priority: int = 0


PLANS = (
    Plan(slug=ITEMS, name="What TIMS can sell", source="tims", stream="items", poll=60),
    Plan(
        slug=CUSTOMERS, name="Buyers become TIMS customers", source="channeladvisor", stream="customers",
        mapping="ca-customer-to-tims-customer", target="tims", operation="customers", poll=0, priority=10,
    ),
    Plan(
        slug=ORDERS, name="Orders become TIMS sales orders", source="channeladvisor", stream="orders",
        mapping="ca-order-to-tims-sales-order", target="tims", operation="sales_orders",
        filter='OrderStatus = "New" AND LOOKUP("marketplace_owner", Marketplace.Name, "channeladvisor") = "channeladvisor"',
        words=(
            '=IF(OrderStatus = "New", "Orders of this marketplace come through its own connection (lookup table marketplace_owner).", '
            '"Only orders that are new at ChannelAdvisor are taken over.")'
        ),
    ),
    Plan(
        slug=ACKNOWLEDGE, name="Taken orders are acknowledged", after=ORDERS, mapping="ca-acknowledge", target="channeladvisor",
        operation="acknowledge_order", poll=0,
    ),
    Plan(
        slug=TO_CHANNELADVISOR, name="Shipments are told to ChannelAdvisor", source="tims", stream="packages",
        mapping="tims-package-to-ca-shipment", target="channeladvisor", operation="ship", priority=5,
        filter='Order.SourceSystem = "ChannelAdvisor" AND Order.FulfilledBy <> "External"',
        words="Only parcels of ChannelAdvisor's orders that the seller ships are told there.",
    ),
    Plan(
        slug="status-to-channeladvisor", name="Holds and completions are told to ChannelAdvisor", source="tims", stream="sales_orders",
        mapping="tims-order-to-ca-status", target="channeladvisor", operation="order_status",
        filter='SourceSystem = "ChannelAdvisor" AND FulfilledBy <> "External" AND (OrderStatus = "OnHold" OR OrderStatus = "Completed")',
        words="Only holds and completions of ChannelAdvisor's orders are told there; shipments and cancellations have their own flows.",
    ),
    Plan(
        slug="cancellations-to-channeladvisor", name="Cancelled units are told to ChannelAdvisor", source="tims", stream="sales_orders",
        mapping="tims-order-to-ca-cancellation", target="channeladvisor", operation="cancel_items", priority=5,
        filter=f'SourceSystem = "ChannelAdvisor" AND {_CANCELLED}',
        words="Nothing of this order was cancelled, or it came from elsewhere.",
    ),
    Plan(
        slug=AMAZON_ORDERS, name="Amazon's orders become TIMS sales orders", source="amazon", stream="orders",
        mapping="amazon-order-to-tims-sales-order", target="tims", operation="sales_orders",
        filter=(
            f'salesChannel.channelName <> "NON_AMAZON" AND {_OWNER} = "amazon" AND (({_BY} = "MERCHANT" AND {_STATUS} = "UNSHIPPED") OR '
            f'({_BY} = "AMAZON" AND {_STATUS} = "SHIPPED" AND SETTING("fba_mode", "orders") = "orders"))'
        ),
        words=(
            '=IF(salesChannel.channelName = "NON_AMAZON", "Amazon ships this for another channel, whose own order is taken over.", '
            f'IF({_OWNER} <> "amazon", "Orders of this marketplace come through another connection (lookup table marketplace_owner).", '
            f'IF(STARTSWITH({_STATUS}, "PENDING"), "The buyer has not paid yet; the order is taken over as soon as Amazon has the money.", '
            f'IF({_BY} = "AMAZON" AND SETTING("fba_mode", "orders") = "daily_summary", "Part of the summary of its day.", '
            f'IF({_BY} = "AMAZON" AND SETTING("fba_mode", "orders") = "ignore", "Orders that Amazon ships are not taken over (setting).", '
            f'IF({_BY} = "AMAZON", "Amazon ships this order; it is taken over when it has been shipped.", '
            '"It was shipped or cancelled before the hub saw it."))))))'
        ),
    ),
    Plan(
        slug="amazon-fba-days", name="Days of sales by Amazon become TIMS sales orders", source="amazon", stream="fba_days",
        mapping="amazon-fba-day-to-tims-sales-order", target="tims", operation="sales_orders", poll=720,
        filter='SETTING("fba_mode", "orders") = "daily_summary"', words="Orders that Amazon ships are not summed up by day (setting).",
    ),
    Plan(
        slug=TO_AMAZON, name="Shipments are confirmed to Amazon", source="tims", stream="packages",
        mapping="tims-package-to-amazon-shipment", target="amazon", operation="confirm_shipment", priority=10,
        filter=_this_account("Order."), words="Only parcels of this account's orders that the seller ships are confirmed there.",
    ),
    Plan(
        slug="cancellations-to-amazon", name="Cancellations are told to Amazon", source="tims", stream="sales_orders",
        mapping="tims-order-to-amazon-cancellation", target="amazon", operation="cancel_order", priority=5,
        filter=f"{_CANCELLED} AND {_this_account()}", words="Nothing of this order was cancelled, or it came from elsewhere.",
    ),
    Plan(
        slug="mcf-orders", name="Orders at Amazon's warehouse are shipped by Amazon", source="tims", stream="sales_orders",
        mapping="tims-order-to-amazon-fulfilment", target="amazon", operation="create_fulfilment_order", priority=5,
        filter=(
            'CONTAINS(SETTING("marketplaces"), LOOKUP("mcf_marketplace", FulfillmentLocationCode, "none")) AND SourceSystem <> "Amazon" '
            'AND FulfilledBy <> "External" AND OrderStatus = "Open"'
        ),
        words="Only open orders of other channels that lie in this account's warehouses at Amazon are shipped by Amazon.",
    ),
    Plan(
        slug="mcf-shipments", name="What Amazon shipped for others becomes TIMS shipments", source="amazon", stream="fulfilment_packages",
        mapping="amazon-package-to-tims-shipment", target="tims", operation="shipments", priority=5,
        filter='order.sourceSystem = "TIMS"', words="This order at Amazon was not made by the hub.",
    ),
)  # fmt: skip


def install_flows(connections: Mapping[str, Connection], *, poll_minutes: int) -> None:
    """Makes the flows whose connections there are; those that are there already stay as people left them."""
    made: dict[str, Flow] = {}
    for plan in PLANS:
        if {plan.source, plan.target} - {""} <= set(connections):
            made[plan.slug] = _flow(plan, connections, made, poll_minutes=poll_minutes)


def _flow(plan: Plan, connections: Mapping[str, Connection], made: Mapping[str, Flow], *, poll_minutes: int) -> Flow:
    values = {
        "name": plan.name, "source": connections.get(plan.source), "stream": plan.stream, "after": made.get(plan.after),
        "mapping": FieldMapping.objects.get(slug=plan.mapping) if plan.mapping else None, "target": connections.get(plan.target),
        "operation": plan.operation, "filter": plan.filter, "filter_words": plan.words, "priority": plan.priority,
        # Of what TIMS ships and changes every flow takes only its own channel's part: the others need no line in each.
        "list_others": plan.source != "tims" or not plan.operation,
        "poll_minutes": poll_minutes if plan.poll is None else plan.poll,
    }  # fmt: skip
    flow, _ = Flow.objects.get_or_create(slug=plan.slug, defaults=values)
    return flow
