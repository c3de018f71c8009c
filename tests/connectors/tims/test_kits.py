"""Orders with kits in TIMS: entered with their components, shipped by them, and told to the channel as whole units."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.base import Payload, Record
from connectors.errors import RejectedError
from connectors.tims import packages, sales_orders
from connectors.tims.client import TimsClient
from connectors.tims.sandbox import TimsSandbox
from tests.connectors.tims.orders import created, order, outside, reference, stored
from tests.connectors.tims.plain import Caller


def kit(mode: str = "explode") -> list[Payload]:
    """Two sets of one TK-1001 and two TK-1002, and a TK-1003."""
    parent = {"KitParentExternalLineID": "77"} if mode == "explode" else {}
    parts = [{"ExternalLineID": "77-1*1", "SKU": "TK-1001", "Quantity": 2}, {"ExternalLineID": "77-2*2", "SKU": "TK-1002", "Quantity": 4}]
    own = [{"ExternalLineID": "77", "SKU": "BDL-101", "Quantity": 2, "IsKit": True}] if parent else []
    plain = {"ExternalLineID": "78", "SKU": "TK-1003", "Quantity": 1}
    return [{"Price": 1, **one} for one in [*own, *(part | parent for part in parts), plain]]


def entered(client: TimsClient, mode: str = "explode") -> str:
    lines = kit(mode)
    return created(client, LineItems=lines, Charges=[], TotalAmount=sum(line["Quantity"] for line in lines)).key


def packed(*units: tuple[int, int]) -> list[Payload]:
    return [{"LineNumber": number, "Quantity": quantity} for number, quantity in units]


def completes(records: list[Record]) -> dict[str, dict[str, int]]:
    return {one.key: {line["ExternalLineID"]: line["Quantity"] for line in one.payload["Package"]["Completes"]} for one in records}


def units(box: TimsSandbox, name: str) -> list[Any]:
    return [line[name] for line in stored(box)["LineItems"]]


def test_components_are_entered_with_the_number_of_their_kits_line(client: TimsClient, box: TimsSandbox) -> None:
    entered(client)
    assert [line.get("KitParentLineNumber") for line in stored(box)["LineItems"]] == [None, 1, 1, None]
    assert "KitParentExternalLineID" not in repr(stored(box))


def test_an_order_is_no_other_when_it_comes_again(client: TimsClient, box: TimsSandbox) -> None:
    entered(client)
    lines = kit()
    again = order(LineItems=lines, Charges=[], TotalAmount=sum(line["Quantity"] for line in lines))
    assert sales_orders.send(client, again, reference(version="v2")).outcome == "unchanged"


def test_a_component_whose_kit_is_not_in_the_order_goes_alone(client: TimsClient, box: TimsSandbox) -> None:
    created(client, LineItems=kit()[1:2], Charges=[], TotalAmount=2)
    assert "KitParentLineNumber" not in stored(box)["LineItems"][0]


def test_tims_itself_knows_no_channels_line_for_a_kit(call: Caller) -> None:
    assert call("POST", "sales_orders/validate", order(SourceSystem="Web", ExternalOrderID="1", LineItems=kit())).status_code == 422


def test_a_kit_is_reserved_and_shipped_by_its_components_and_its_own_line_follows(client: TimsClient, box: TimsSandbox) -> None:
    order_id = entered(client)
    assert units(box, "QuantityAllocated") == [0, 2, 4, 1]
    box.ship(order_id, packed((2, 2), (3, 3)))
    assert (units(box, "QuantityShipped"), stored(box)["OrderStatus"]) == ([1, 2, 3, 0], "PartiallyFulfilled")
    box.ship(order_id)
    assert (units(box, "QuantityShipped"), stored(box)["OrderStatus"]) == ([2, 2, 4, 1], "Fulfilled")
    box.void("SH-000772")
    assert (units(box, "QuantityShipped"), stored(box)["OrderStatus"]) == ([1, 2, 3, 0], "PartiallyFulfilled")


def test_a_kit_itself_goes_into_no_package(client: TimsClient, call: Caller) -> None:
    lines = [{"LineNumber": 1, "SKU": "BDL-101", "Quantity": 1}]
    answer = call("POST", "shipments", outside(entered(client), Packages=[{"Lines": lines}]))
    assert "shipped by its components" in answer.text


def test_a_component_that_is_cancelled_takes_its_kits_unit_along(client: TimsClient, box: TimsSandbox) -> None:
    order_id = entered(client)
    client.call("POST", f"api/v1/sales_orders/{order_id}/cancel", body={"Lines": packed((3, 1))}, headers={"If-Match": 'W/"1"'})
    assert units(box, "QuantityCancelled") == [1, 0, 1, 0]


def test_a_bundle_that_the_channel_cancels_is_cancelled_with_its_components(client: TimsClient, box: TimsSandbox) -> None:
    entered(client)
    fewer = [{**line, "Quantity": line["Quantity"] // 2} for line in kit()[:3]]
    again = order(LineItems=[*fewer, kit()[3]], Charges=[], TotalAmount=5)
    assert sales_orders.send(client, again, reference(version="v2")).outcome == "changed"
    assert units(box, "QuantityCancelled") == [1, 1, 2, 0]


@pytest.mark.parametrize(("mode", "first"), [("explode", 2), ("component_only", 1)])
def test_the_shipment_that_brings_the_last_component_completes_the_bundle(
    client: TimsClient, box: TimsSandbox, mode: str, first: int
) -> None:
    order_id = entered(client, mode)
    box.ship(order_id, packed((first, 2), (first + 2, 1)))
    assert completes(list(packages.read(client, ""))) == {"SH-000771-1": {"78": 1}}
    box.ship(order_id, parcels=[packed((first + 1, 1)), packed((first + 1, 3))])
    told = {"SH-000771-1": {"78": 1}, "SH-000772-1": {}, "SH-000772-2": {"77": 2}}
    assert completes(list(packages.read(client, ""))) == told
    assert completes(packages.read_many(client, ["SH-000772-2"])) == {"SH-000772-2": {"77": 2}}


def test_packages_of_one_bundle_are_read_together_and_each_once(client: TimsClient, box: TimsSandbox) -> None:
    order_id = entered(client)
    box.ship(order_id, packed((2, 2)))
    box.clock.advance(3600)
    box.ship(order_id)
    (*_, last) = packages.read(client, "")
    assert [one.key for one in packages.read(client, "")] == ["SH-000771-1", "SH-000772-1"]
    box.clock.advance(3600)
    box.correct_tracking("SH-000772", "NEW1")
    again = list(packages.read(client, last.cursor))
    assert [one.key for one in again] == ["SH-000771-1", "SH-000772-1"]
    assert min(one.version for one in again) > last.version
    assert len({one.cursor for one in again}) == 1


def test_a_voided_shipment_leaves_what_another_one_completed(client: TimsClient, box: TimsSandbox) -> None:
    order_id = entered(client)
    box.ship(order_id, packed((2, 2)))
    box.clock.advance(60)
    box.ship(order_id)
    box.clock.advance(60)
    box.void("SH-000771")
    box.clock.advance(60)
    box.ship(order_id)
    told = {"SH-000771-1": {}, "SH-000772-1": {"77": 2, "78": 1}, "SH-000773-1": {}}
    assert completes(list(packages.read(client, ""))) == told


def test_a_shipment_without_its_number_in_the_list_stops_nobody_else(client: TimsClient, box: TimsSandbox) -> None:
    order_id = entered(client)
    box.ship(order_id, packed((2, 2)))
    box.ship(order_id)
    box.book.put("shipments", "SH-000771", {**(box.book.get("shipments", "SH-000771") or {}), "ShipmentID": None})
    assert completes([one for one in packages.read(client, "") if not one.problem]) == {"SH-000772-1": {"78": 1}}


def test_an_order_that_tims_refuses_names_the_line(client: TimsClient) -> None:
    lines = [{**kit()[0], "KitParentLineNumber": 9}]
    with pytest.raises(RejectedError) as caught:
        created(client, LineItems=lines, Charges=[], TotalAmount=2)
    assert caught.value.problems[0].path == "LineItems[0].KitParentLineNumber"
