"""Compares the books of both systems, order by order: the sum of all promises."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.base import Payload
from connectors.channeladvisor.customers import customer_key

STOPPED = ("held", "failed", "skipped")
Lines = list[tuple[str, str, Decimal, Decimal]]
"""Line id, SKU, units that are still wanted, price of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Where the hub says that an order stands: the state of its latest delivery and the reason in words."""

    state: str
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class Comparison:
    """`verdicts` by order id: delivered, cancelled, held, failed or skipped; `differences` are sentences, empty when the books agree."""

    verdicts: dict[str, str] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    @property
    def counts(self) -> Counter[str]:
        """How many orders got which verdict."""
        return Counter(self.verdicts.values())


def compare(
    orders: Sequence[Payload],
    sales_orders: Sequence[Payload],
    customers: Sequence[Payload],
    journeys: Mapping[str, Journey],
    *,
    may_stop: Mapping[str, str],
    aliases: Mapping[str, str] | None = None,
) -> Comparison:
    """Every order is in TIMS exactly once with the right total, lines and customer, and acknowledged; or stopped with its reason.

    `orders` are ChannelAdvisor's (v2 shape), `sales_orders` and `customers` those of TIMS. `may_stop` names the orders that are
    meant to be held, refused or left out, and why; any other that stops is a difference. `aliases` are SKUs with another name in TIMS.
    """
    found = Comparison()
    taken: dict[str, list[Payload]] = defaultdict(list)
    for sales_order in sales_orders:
        taken[str(sales_order.get("ExternalOrderID"))].append(sales_order)
    people = {str(customer["CustomerID"]): customer for customer in customers}
    for order in orders:
        key = str(order["ChannelAdvisorOrderID"])
        journey = journeys.get(key, Journey(state=""))
        words = list(_order(order, taken.pop(key, []), people, journey, aliases or {}))
        verdict = _verdict(order, journey, stopped=key in may_stop)
        if verdict in STOPPED:
            words = [sentence for sentence in words if "doubled" in sentence]
            if key not in may_stop or not journey.reason:
                words.append(f"{verdict}, though nothing was wrong with it: {journey.reason or 'no reason given'}")
        found.verdicts[key] = verdict
        found.differences += [f"Order {key}: {sentence}." for sentence in words]
    found.differences += [
        f"TIMS has {len(more)} sales order(s) for {key!r}, which ChannelAdvisor never had." for key, more in taken.items()
    ]
    found.differences += list(_people(customers))
    return found


def _verdict(order: Payload, journey: Journey, *, stopped: bool) -> str:
    cancelled = order["OrderStatus"] == "Cancelled"
    if journey.state in STOPPED and not (cancelled and journey.state == "skipped" and not stopped):
        return journey.state
    return "cancelled" if cancelled else "delivered"


def _order(
    order: Payload, taken: Sequence[Payload], people: Mapping[str, Payload], journey: Journey, aliases: Mapping[str, str]
) -> Iterator[str]:
    cancelled = order["OrderStatus"] == "Cancelled"
    if len(taken) > 1:
        yield f"doubled, {len(taken)} sales orders in TIMS"
    elif not taken and not (cancelled and journey.state == "skipped"):
        yield "lost, TIMS does not have it" + (
            f" and the hub calls it {journey.state}" if journey.state else " and the hub does not know it"
        )
    for sales_order in taken[:1]:
        yield from _same(order, sales_order, aliases)
        yield from _customer(order, people.get(str(sales_order.get("CustomerID"))))
        if not cancelled:
            yield from _acknowledged(order, sales_order)


def _same(order: Payload, sales_order: Payload, aliases: Mapping[str, str]) -> Iterator[str]:
    pairs = [
        ("marketplace order id", order["OrderID"], sales_order.get("MarketplaceOrderID")),
        ("currency", order["Currency"], sales_order.get("Currency")),
        ("total", order["Totals"]["Grand"], sales_order.get("TotalAmount")),
        ("cancelled", order["OrderStatus"] == "Cancelled", sales_order.get("OrderStatus") == "Cancelled"),
        ("lines", _ordered(order, aliases), _sold(sales_order)),
        ("destination", _destination(order), _destination(sales_order)),
    ]
    for what, wanted, held in pairs:
        if wanted != held:
            yield f"{what} differs, {_shown(wanted)} at ChannelAdvisor and {_shown(held)} in TIMS"


def _shown(value: object) -> str:
    return "; ".join(" ".join(map(str, one)) for one in value) if isinstance(value, list) else str(value)


def _ordered(order: Payload, aliases: Mapping[str, str]) -> Lines:
    cancelled = order["OrderStatus"] == "Cancelled"
    lines: Lines = []
    for line in order["OrderItem"]:
        units = 0 if cancelled else line["Quantity"] - line.get("QuantityCancelled", 0)
        lines.append(
            (str(line["ItemID"]), str(aliases.get(line["SKU"], line["SKU"])), Decimal(units), Decimal(line["UnitPrice"]).normalize())
        )
    return lines


def _sold(sales_order: Payload) -> Lines:
    lines: Lines = []
    for line in sales_order.get("LineItems", []):
        units = Decimal(line["Quantity"]) - Decimal(line.get("QuantityCancelled") or 0)
        lines.append((str(line.get("ExternalLineID")), str(line["SKU"]), units, Decimal(line["Price"]).normalize()))
    return lines


def _destination(order: Payload) -> tuple[str, str]:
    address = order.get("ShippingAddress") or {}
    postal = "".join(sign for sign in str(address.get("PostalCode") or "") if sign.isalnum())
    return str(address.get("Country") or ""), postal[:3].upper()


def _customer(order: Payload, customer: Payload | None) -> Iterator[str]:
    if customer is None:
        yield "its customer does not exist in TIMS"
        return
    info = order.get("CustomerInfo") or {}
    site = (order.get("Marketplace") or {}).get("SiteID")
    names = {customer_key(order), f"{site}:{info.get('UserID')}"}
    known = {one.get("ID") for one in customer.get("ExternalIDs") or []}
    mail = str(info.get("Email") or "").casefold()
    if not names & known and not (mail and mail == str(customer.get("Email") or "").casefold()):
        yield f"booked to {customer['CustomerID']}, who is someone else"


def _acknowledged(order: Payload, sales_order: Payload) -> Iterator[str]:
    if not order.get("Exported"):
        yield "not acknowledged at ChannelAdvisor"
    elif order.get("SellerOrderID") != sales_order.get("SalesOrderID"):
        yield f"acknowledged as {order.get('SellerOrderID') or 'nothing'}, but TIMS calls it {sales_order.get('SalesOrderID')}"


def _people(customers: Sequence[Payload]) -> Iterator[str]:
    names = Counter((one.get("System"), one.get("ID")) for customer in customers for one in customer.get("ExternalIDs") or [])
    for (system, key), count in names.items():
        if count > 1:
            yield f"Customer {key} of {system} exists {count} times in TIMS."
