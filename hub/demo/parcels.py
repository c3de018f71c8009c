"""Compares what the warehouse shipped with what the channels were told, package by package."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connectors.base import Payload
from hub.demo.ordered import AMAZON, CHANNELADVISOR

Wholes = dict[tuple[str, str], int]
"""Units of bundles and packs, by the order's name and the channel's line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One package. `order` is the order's name (`Amazon 112-…`), `name` the package's own at that channel; `units` by line id.

    `parts`: it holds parts of bundles or packs, which the channel is told of with the parcel that completes them.
    """

    order: str
    name: str
    carrier: str
    tracking: str
    units: tuple[tuple[str, Decimal], ...]
    parts: bool = False

    @property
    def system(self) -> str:
        """The channel."""
        return self.order.partition(" ")[0]


@dataclass(slots=True, kw_only=True)
class Parcels:
    """How many orders and packages left the house and how many packages are confirmed, by channel; `differences` are sentences.

    `wholes`: the units of bundles and packs that left complete.
    """

    orders: Counter[str] = field(default_factory=Counter)
    packages: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    wholes: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


def compare_parcels(shipped: Sequence[Parcel], told: Iterable[Parcel], *, wholes: Wholes) -> Parcels:
    """Every package that left is at its channel exactly once, with its carrier, tracking number and contents.

    Of what is sold in bundles and packs the channel knows as many units as are complete, in whichever packages.
    """
    found = Parcels()
    held: dict[tuple[str, str], list[Parcel]] = defaultdict(list)
    complete = Counter[tuple[str, str]]()
    for one in told:
        complete.update({(one.order, line): int(units) for line, units in one.units if (one.order, line) in wholes})
        plain = tuple((line, units) for line, units in one.units if (one.order, line) not in wholes)
        held[one.order, one.name].append(replace(one, units=plain))
    for parcel in shipped:
        theirs = held.pop((parcel.order, parcel.name), [])
        if not theirs and parcel.parts and not parcel.units:
            continue
        found.packages[parcel.system] += 1
        words = list(_words(parcel, theirs))
        found.confirmed[parcel.system] += bool(theirs) and not words
        found.differences += [f"Package {parcel.name} of order {parcel.order}: {sentence}." for sentence in words]
    found.orders = Counter(name.partition(" ")[0] for name in {parcel.order for parcel in shipped})
    for (order, line), units in wholes.items():
        found.wholes[order.partition(" ")[0]] += units
        if complete[order, line] != units:
            known = f"{units} whole units of line {line} were shipped and {order.partition(' ')[0]} knows of {complete[order, line]}"
            found.differences.append(f"Order {order}: {known}.")
    found.differences += [f"Order {order} has a package {name} that TIMS never sent." for order, name in held]
    return found


def _words(parcel: Parcel, theirs: Sequence[Parcel]) -> Iterator[str]:
    if len(theirs) != 1:
        yield f"{parcel.system} was never told of it" if not theirs else f"{parcel.system} has it {len(theirs)} times"
        return
    pairs = (
        ("carrier", parcel.carrier, theirs[0].carrier), ("tracking number", parcel.tracking, theirs[0].tracking),
        ("contents", parcel.units, theirs[0].units),
    )  # fmt: skip
    for what, ours, other in pairs:
        if ours != other:
            yield f"{what} differs, {ours or 'nothing'} in TIMS and {other or 'nothing'} at {parcel.system}"


def shipped_by_tims(sales_orders: Iterable[Payload], shipments: Iterable[Payload]) -> list[Parcel]:
    """The packages that left our own warehouse."""
    by_id = {order["SalesOrderID"]: order for order in sales_orders if order["FulfilledBy"] == "Seller"}
    left = (row for row in shipments if row["Status"] in ("Shipped", "Delivered") and row["SalesOrderID"] in by_id)
    return [_of_tims(row, box, by_id[row["SalesOrderID"]]) for row in left for box in row["Packages"]]


def _of_tims(shipment: Payload, box: Payload, order: Payload) -> Parcel:
    lines, system = {line["LineNumber"]: str(line.get("ExternalLineID")) for line in order["LineItems"]}, str(order["SourceSystem"])
    contents = [(lines[one["LineNumber"]], one["Quantity"]) for one in box["Lines"]]
    names = {
        AMAZON: str(shipment["Sequence"] * 100 + box["PackageNumber"]), CHANNELADVISOR: f"{shipment['ShipmentID']}-{box['PackageNumber']}",
    }  # fmt: skip
    return Parcel(
        order=f"{system} {order['ExternalOrderID']}", name=names.get(system, ""), carrier=str(shipment.get("CarrierID")).casefold(),
        tracking=str(box.get("TrackingNumber") or ""), units=_units(one for one in contents if "*" not in one[0]),
        parts=any("*" in line for line, _ in contents),
    )  # fmt: skip


def whole_units(sales_orders: Iterable[Payload], shipments: Iterable[Payload]) -> Wholes:
    """How many units of bundles and packs have left with all of their parts, by order and the channel's line."""
    sent = Counter[tuple[str, int]]()
    for row in shipments:
        for line in (line for box in row["Packages"] for line in box["Lines"]) if row["Status"] in ("Shipped", "Delivered") else ():
            sent[row["SalesOrderID"], line["LineNumber"]] += int(line["Quantity"])
    found: Wholes = {}
    for order in sales_orders:
        for line in order["LineItems"] if order["FulfilledBy"] == "Seller" else ():
            name, mark, need = str(line.get("ExternalLineID")).partition("*")
            if mark:
                key = (f"{order['SourceSystem']} {order['ExternalOrderID']}", name.partition("-")[0])
                units = sent[order["SalesOrderID"], line["LineNumber"]] // int(need)
                found[key] = min(units, found.get(key, units))
    return found


def at_channeladvisor(shipments: Mapping[int, Sequence[Payload]]) -> Iterator[Parcel]:
    """The packages of ChannelAdvisor's orders, by order number."""
    for number, rows in shipments.items():
        for row in rows:
            yield Parcel(
                order=f"{CHANNELADVISOR} {number}", name=str(row["SellerShipmentID"]), carrier=str(row["Carrier"]).casefold(),
                tracking=str(row["TrackingNumber"] or ""), units=_units((str(one["ItemID"]), one["Quantity"]) for one in row["Items"]),
            )  # fmt: skip


def at_amazon(orders: Iterable[Payload]) -> Iterator[Parcel]:
    """The packages of Amazon's orders."""
    for order in orders:
        for row in order["packages"]:
            units = _units((one["orderItemId"], one["quantity"]) for one in row["packageItems"])
            yield Parcel(
                order=f"{AMAZON} {order['orderId']}", name=row["packageReferenceId"], carrier=row["carrier"].casefold(),
                tracking=row["trackingNumber"], units=units,
            )  # fmt: skip


def _units(pairs: Iterable[tuple[str, int | Decimal]]) -> tuple[tuple[str, Decimal], ...]:
    sums: dict[str, Decimal] = {}
    for line, quantity in pairs:
        sums[line] = sums.get(line, Decimal(0)) + Decimal(quantity)
    return tuple(sorted(sums.items()))
