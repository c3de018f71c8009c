"""Orders with bundles and their shipments as plain values, and a warehouse that does anything."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from connectors.base import Payload
from connectors.tims.bundles import completed

START = datetime(2026, 11, 20, 8, tzinfo=UTC)


def order(*lines: Payload) -> Payload:
    return {"SalesOrderID": "SO-1", "LineItems": list(lines)}


def line(number: int, name: str | None, quantity: int | Decimal, **more: Any) -> Payload:
    return {"LineNumber": number, "ExternalLineID": name, "Quantity": quantity, **more}


def shipment(minute: int, *boxes: list[tuple[int, int | Decimal]], voided: int = 0) -> Payload:
    """One that left in that minute, with what its packages hold by line number; `voided` in that minute."""
    packages = [
        {"PackageNumber": at, "Lines": [{"LineNumber": number, "Quantity": units} for number, units in box]}
        for at, box in enumerate(boxes, 1)
    ]
    return {
        "ShipmentID": f"SH-{minute}", "Sequence": minute, "Status": "Voided" if voided else "Shipped", "Packages": packages,
        "ShippedAt": _at(minute), "CreatedAt": _at(minute), "UpdatedAt": _at(voided or minute),
    }  # fmt: skip


def told(about: Payload, shipments: list[Payload]) -> dict[str, dict[str, int]]:
    """The completed units by package and line."""
    found = completed(about, shipments)
    return {f"{key}-{number}": {str(one["ExternalLineID"]): one["Quantity"] for one in units} for (key, number), units in found.items()}


def _at(minute: int) -> str:
    return (START + timedelta(minutes=minute)).isoformat()


class Warehouse:
    """Packs what an order has left in any parts and packages, voids, and packs again."""

    def __init__(self, data: st.DataObject) -> None:
        self.data, self.minute = data, 0
        self.rows: list[Payload] = []
        self.voided: set[str] = set()
        lines, number = [], 1
        for bundle in range(1, data.draw(st.integers(1, 2)) + 1):
            ordered = data.draw(st.integers(1, 3))
            for place in range(1, data.draw(st.integers(1, 3)) + 1):
                need = data.draw(st.integers(1, 3))
                lines.append(line(number, f"{bundle}-{place}*{need}", ordered * need))
                number += 1
        self.order = order(*lines, line(number, "plain", 2))

    def shipped(self) -> dict[int, Fraction]:
        """The units by line that are on their way."""
        units: dict[int, Fraction] = defaultdict(Fraction)
        for row in self.rows:
            for box in row["Packages"] if row["Status"] == "Shipped" else ():
                for one in box["Lines"]:
                    units[one["LineNumber"]] += one["Quantity"]
        return units

    def act(self) -> None:
        """One shipment in up to three packages, or one that is voided."""
        self.minute += 1
        sent = [row for row in self.rows if row["Status"] == "Shipped"]
        if sent and self.data.draw(st.integers(0, 4)) == 0:
            row = self.data.draw(st.sampled_from(sent))
            row |= {"Status": "Voided", "UpdatedAt": _at(self.minute)}
            self.voided |= {f"{row['ShipmentID']}-{box['PackageNumber']}" for box in row["Packages"]}
            return
        left, boxes = self._left(), []
        for _ in range(self.data.draw(st.integers(1, 3))):
            box = [(number, self.data.draw(st.integers(0, int(units)))) for number, units in left.items()]
            left = {number: left[number] - units for number, units in box}
            boxes.append(box)
        self.rows.append(shipment(self.minute, *boxes))

    def ship_the_rest(self) -> None:
        """Whatever is still there leaves in one package."""
        self.minute += 1
        self.rows.append(shipment(self.minute, list(self._left().items())))

    def _left(self) -> dict[int, int]:
        sent = self.shipped()
        return {one["LineNumber"]: int(one["Quantity"] - sent[one["LineNumber"]]) for one in self.order["LineItems"]}
