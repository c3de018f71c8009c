"""Compares the books of the channels with those of TIMS, order by order: the sum of all promises."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from connectors.base import Payload
from hub.demo.ordered import Lines, Ordered, destination, wanted_lines

PLACES = Decimal("0.0001")
STOPPED = ("held", "failed", "skipped")
ELSEWHERE = "by the other channel"
"""The verdict on an order that TIMS has, as another channel brought it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Where the hub says that an order stands: the state of its latest delivery, the reason in words and as a code."""

    state: str
    reason: str = ""
    code: str = ""


@dataclass(slots=True, kw_only=True)
class Comparison:
    """`verdicts` by order name: delivered, cancelled, by the other channel, held, failed or skipped; `differences` are sentences.

    `twins`: how many orders came through two channels.
    """

    verdicts: dict[str, str] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    twins: int = 0

    @property
    def counts(self) -> Counter[str]:
        """How many orders got which verdict."""
        return Counter(self.verdicts.values())


def compare(
    orders: Sequence[Ordered],
    sales_orders: Sequence[Payload],
    customers: Sequence[Payload],
    journeys: Mapping[str, Journey],
    *,
    may_stop: Mapping[str, str],
) -> Comparison:
    """Every order is in TIMS exactly once with the right total, lines and customer, and acknowledged; or stopped with its reason.

    `sales_orders` and `customers` are those of TIMS; `journeys` are by the orders' names. `may_stop` names the orders that are meant to be
    held, refused or left out, and why; any other that stops is a difference.
    """
    found = Comparison()
    taken: dict[str, list[Payload]] = defaultdict(list)
    for sales_order in sales_orders:
        taken[f"{sales_order.get('SourceSystem')} {sales_order.get('ExternalOrderID')}"].append(sales_order)
    people = {str(customer["CustomerID"]): customer for customer in customers}
    by_fact: dict[str, list[Ordered]] = defaultdict(list)
    for order in orders:
        by_fact[order.fact].append(order)
    for same in by_fact.values():
        held = {order.name: taken.pop(order.name, []) for order in same}
        found.twins += len(same) > 1
        for order in same:
            _judge(found, order, held, people, journeys.get(order.name, Journey(state="")), stopped=order.name in may_stop)
    found.differences += [f"TIMS has {len(more)} sales order(s) for {name!r}, which no channel ever had." for name, more in taken.items()]
    found.differences += list(_people(customers))
    return found


def _judge(
    found: Comparison, order: Ordered, held: Mapping[str, Sequence[Payload]], people: Mapping[str, Payload], journey: Journey, *,
    stopped: bool,
) -> None:  # fmt: skip
    """`held` are the sales orders of this order and of the same one at other channels."""
    mine, others = held[order.name], sum(len(rows) for name, rows in held.items() if name != order.name)
    words = list(_order(order, mine, others, people, journey))
    verdict = _verdict(order, journey, stopped=stopped, elsewhere=bool(others and not mine))
    if verdict in STOPPED:
        words = [sentence for sentence in words if "doubled" in sentence]
        if not (stopped or order.left_out) or not journey.reason:
            words.append(f"{verdict}, though nothing was wrong with it: {journey.reason or 'no reason given'}")
    elif order.left_out and any(held.values()):
        words.append(f"taken over, though it is {order.left_out}")
    found.verdicts[order.name] = verdict
    found.differences += [f"Order {order.name}: {sentence}." for sentence in words]


def _verdict(order: Ordered, journey: Journey, *, stopped: bool, elsewhere: bool) -> str:
    if elsewhere and journey.code == "owned_elsewhere":
        return ELSEWHERE
    if journey.state in STOPPED and not (order.cancelled and journey.state == "skipped" and not stopped):
        return journey.state
    return "cancelled" if order.cancelled else "delivered"


def _order(order: Ordered, mine: Sequence[Payload], others: int, people: Mapping[str, Payload], journey: Journey) -> Iterator[str]:
    if len(mine) + others > 1:
        yield f"doubled, {len(mine) + others} sales orders in TIMS"
    elif not mine and not others and not (order.cancelled and journey.state == "skipped"):
        yield "lost, TIMS does not have it" + (
            f" and the hub calls it {journey.state}" if journey.state else " and the hub does not know it"
        )
    elif not mine and others and journey.code != "owned_elsewhere":
        yield f"brought by another channel, but the hub calls it {journey.state or 'unknown'}"
    for sales_order in mine[:1]:
        yield from _same(order, sales_order)
        yield from _customer(order, people.get(str(sales_order.get("CustomerID"))))
        if not order.cancelled:
            yield from _acknowledged(order, sales_order)


def _same(order: Ordered, sales_order: Payload) -> Iterator[str]:
    status = sales_order.get("OrderStatus")
    pairs = [
        ("marketplace order id", order.number, sales_order.get("MarketplaceOrderID")),
        ("currency", order.currency, sales_order.get("Currency")),
        ("total", order.total, sales_order.get("TotalAmount") if order.total is not None else None),
        ("cancelled", order.cancelled, status == "Cancelled"),
        ("lines", order.lines, _sold(sales_order)),
        ("destination", order.destination, order.destination if not any(order.destination) else _shipped_to(sales_order)),
    ]
    for what, wanted, held in pairs:
        if wanted != held:
            yield f"{what} differs, {_shown(wanted)} at {order.system} and {_shown(held)} in TIMS"
    if order.statuses and status not in order.statuses:
        yield f"status differs, shipping at {order.system} asks for {' or '.join(order.statuses)} and TIMS says {status}"


def _shown(value: object) -> str:
    return "; ".join(" ".join(map(str, one)) for one in value) if isinstance(value, list) else str(value)


def _sold(sales_order: Payload) -> Lines:
    """The lines as the channel sold them: components give their money back to their bundle, single units are packs again."""
    rows, worth = sales_order.get("LineItems", []), _worth(sales_order)
    lines: Lines = []
    for line in rows:
        name, packed = _split(line)
        component = line.get("KitParentLineNumber") is not None
        units = Decimal(line["Quantity"]) - Decimal(line.get("QuantityCancelled") or 0)
        price = Decimal(line["Price"])
        if name in worth:
            price = (worth[name] / Decimal(line["Quantity"]) * packed).quantize(PLACES, ROUND_HALF_UP)
        lines.append((name, str(line["SKU"]), units if component else units / packed, Decimal(0) if component else price.normalize()))
    return [] if sales_order.get("OrderStatus") == "Cancelled" else wanted_lines(lines)


def _split(line: Payload) -> tuple[str, Decimal]:
    """The line's name without what it is part of, and how many make one unit."""
    name, _, units = str(line.get("ExternalLineID")).partition("*")
    return name, Decimal(units or 1)


def _worth(sales_order: Payload) -> dict[str, Decimal]:
    """What the bundles and packs cost, by the channel's line."""
    worth: dict[str, Decimal] = {}
    for line in sales_order.get("LineItems", []):
        name, _ = _split(line)
        if "*" in str(line.get("ExternalLineID")):
            head = name.rpartition("-")[0] if line.get("KitParentLineNumber") is not None else name
            worth[head] = worth.get(head, Decimal(0)) + Decimal(line["ExtendedAmount"])
    return worth


def _shipped_to(sales_order: Payload) -> tuple[str, str]:
    return destination(sales_order.get("ShippingAddress") or {}, "Country", "PostalCode")


def _customer(order: Ordered, customer: Payload | None) -> Iterator[str]:
    if customer is None:
        yield "its customer does not exist in TIMS"
        return
    known = {one.get("ID") for one in customer.get("ExternalIDs") or []} | {customer["CustomerID"]}
    if not order.customers & known and not (order.mail and order.mail == str(customer.get("Email") or "").casefold()):
        yield f"booked to {customer['CustomerID']}, who is someone else"


def _acknowledged(order: Ordered, sales_order: Payload) -> Iterator[str]:
    if order.thanked is None:
        return
    if not order.thanked:
        yield f"not acknowledged at {order.system}"
    elif order.thanked != sales_order.get("SalesOrderID"):
        yield f"acknowledged as {order.thanked}, but TIMS calls it {sales_order.get('SalesOrderID')}"


def _people(customers: Sequence[Payload]) -> Iterator[str]:
    names = Counter((one.get("System"), one.get("ID")) for customer in customers for one in customer.get("ExternalIDs") or [])
    for (system, key), count in names.items():
        if count > 1:
            yield f"Customer {key} of {system} exists {count} times in TIMS."
