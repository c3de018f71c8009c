"""Orders as their channels tell them, in one form that the books of TIMS are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connectors.amazon.regions import MARKETPLACES, marketplace_name
from connectors.base import Payload
from connectors.channeladvisor.customers import customer_key

CHANNELADVISOR, AMAZON = "ChannelAdvisor", "Amazon"
OTHERS_ORDERS = "NON_AMAZON"
STATUSES = {
    "Shipped": ("Fulfilled", "Completed"), "PartiallyShipped": ("PartiallyFulfilled",),
    "SHIPPED": ("Fulfilled", "Completed"), "PARTIALLY_SHIPPED": ("PartiallyFulfilled",),
}  # fmt: skip
AT_AMAZON = {"SHIPPED": ("Completed",)}
"""Amazon's own shipments are over for TIMS when they have left (entity map 3.1)."""
Lines = list[tuple[str, str, Decimal, Decimal]]
"""Line id, SKU, units that are still wanted, price of one; lines of which nothing is wanted are left out.

A component of a bundle is `900001-2` and costs nothing by itself.
"""
Aliases = Mapping[str, str]
"""SKUs that have another name in TIMS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """One order of a channel. `fact` is what both channels call it: `Amazon US:112-…`.

    `total` None = the channel does not tell it any more. `statuses` are those that TIMS may have after what the channel knows of the
    shipping, empty where TIMS decides. `customers` are the names of which TIMS must know one, `mail` does as well. `thanked` is the number
    by which the order was acknowledged, None where the channel keeps none; `left_out` why the hub must not take the order.
    """

    system: str
    key: str
    fact: str
    number: str
    currency: str
    total: Decimal | None
    cancelled: bool
    lines: Lines
    destination: tuple[str, str]
    statuses: tuple[str, ...] = ()
    customers: frozenset[str] = frozenset()
    mail: str = ""
    thanked: str | None = None
    left_out: str = ""

    @property
    def name(self) -> str:
        """Unique over all channels: `Amazon 112-…`."""
        return f"{self.system} {self.key}"


def from_channeladvisor(order: Payload, aliases: Aliases) -> Ordered:
    """An order in ChannelAdvisor's v2 shape."""
    cancelled, info = order["OrderStatus"] == "Cancelled", order.get("CustomerInfo") or {}
    site = order.get("Marketplace") or {}
    return Ordered(
        system=CHANNELADVISOR, key=str(order["ChannelAdvisorOrderID"]), fact=f"{site.get('Name')}:{order['OrderID']}",
        number=order["OrderID"], currency=order["Currency"], total=order["Totals"]["Grand"], cancelled=cancelled,
        lines=[] if cancelled else wanted_lines([part for line in order["OrderItem"] for part in _channel_lines(line, aliases)]),
        destination=destination(order.get("ShippingAddress") or {}, "Country", "PostalCode"),
        statuses=STATUSES.get(order["OrderStatus"], ()),
        customers=frozenset({customer_key(order), f"{site.get('SiteID')}:{info.get('UserID')}"}),
        mail=str(info.get("Email") or "").casefold(), thanked=str(order.get("SellerOrderID") or "") if order.get("Exported") else "",
    )  # fmt: skip


def _channel_lines(line: Payload, aliases: Aliases) -> Lines:
    units, ordered = Decimal(line["Quantity"] - line.get("QuantityCancelled", 0)), Decimal(line["Quantity"])
    own = (str(line["ItemID"]), str(aliases.get(line["SKU"], line["SKU"])), units, Decimal(line["UnitPrice"]).normalize())
    parts = line.get("BundleComponents") or () if line.get("IsBundle") else ()
    return [own, *((f"{own[0]}-{at}", one["SKU"], one["Quantity"] * units / ordered, Decimal(0)) for at, one in enumerate(parts, 1))]


def from_amazon(order: Payload, aliases: Aliases) -> Ordered:
    """An order of the Orders API 2026-01-01 with all its blocks."""
    fulfillment, channel = order["fulfillment"], order["salesChannel"]
    # An order that Amazon ships for another channel has no amounts.
    total = order.get("proceeds", {}).get("grandTotal", {})
    status, market = fulfillment["fulfillmentStatus"], str(channel.get("marketplaceId"))
    cancelled, ours = status == "CANCELLED", fulfillment["fulfilledBy"] != "AMAZON"
    address = order.get("recipient", {}).get("deliveryAddress", {}) if ours and not cancelled else {}
    return Ordered(
        system=AMAZON, key=order["orderId"], fact=f"{marketplace_name(market)}:{order['orderId']}", number=order["orderId"],
        currency=str(total.get("currencyCode", "")), total=Decimal(total["amount"]) if total and not cancelled else None,
        cancelled=cancelled,
        lines=[] if cancelled else wanted_lines([_amazon_line(line, aliases) for line in order["orderItems"]]),
        destination=destination(address, "countryCode", "postalCode"),
        statuses=(STATUSES if ours else AT_AMAZON).get(status, ()),
        customers=frozenset({f"C-AMZ-{MARKETPLACES[market].country}"} if market in MARKETPLACES else ()),
        left_out=_left_out(status, channel, ours=ours),
    )  # fmt: skip


def _amazon_line(line: Payload, aliases: Aliases) -> tuple[str, str, Decimal, Decimal]:
    sku, units = str(line["product"].get("sellerSku", "")), Decimal(line["quantityOrdered"])
    rows = line.get("proceeds", {}).get("breakdowns", [])
    whole = next((Decimal(row["subtotal"]["amount"]) for row in rows if row["type"] == "ITEM"), Decimal(0))
    price = (whole / units).quantize(Decimal("0.0001"), ROUND_HALF_UP) if units else Decimal(0)
    return str(line["orderItemId"]), str(aliases.get(sku, sku)), units, price.normalize()


def _left_out(status: str, channel: Payload, *, ours: bool) -> str:
    if channel.get("channelName") == OTHERS_ORDERS:
        return "another channel's"
    if status.startswith("PENDING"):
        return "not paid yet"
    return "Amazon's to ship and still there" if not ours and status == "UNSHIPPED" else ""


def wanted_lines(lines: Lines) -> Lines:
    """The lines of which something is wanted."""
    return [line for line in lines if line[2]]


def destination(address: Payload, country: str, postal: str) -> tuple[str, str]:
    """Country and how its postal code begins."""
    code = "".join(sign for sign in str(address.get(postal) or "") if sign.isalnum())
    return str(address.get(country) or ""), code[:3].upper()
