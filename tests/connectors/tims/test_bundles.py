"""Bundles and multipacks that leave in parts: which package completes which units, whatever is read when."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Payload
from connectors.parts import PartOf, bundles_of, part_name, part_of
from connectors.tims.bundles import completed
from tests.connectors.tims.bundles import Warehouse, line, order, shipment, told

KIT = order(
    line(1, "77", 2, IsKit=True), line(2, "77-1*1", 2, KitParentLineNumber=1), line(3, "77-2*2", 4, KitParentLineNumber=1), line(4, "78", 3)
)
ALONE = order(line(1, "77-1*1", 2), line(2, "77-2*2", 4))
PACKS = order(line(1, "900*6", 18))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("900001-2*3", PartOf("900001", Fraction(3))), ("900001*6", PartOf("900001", Fraction(6))),
        ("A-1-2*5/2", PartOf("A-1", Fraction(5, 2))),
    ],
)  # fmt: skip
def test_the_name_of_a_part_says_what_it_is_part_of(name: str, meant: PartOf) -> None:
    assert part_of(name) == meant


@pytest.mark.parametrize("name", ["", "900001", "900001-2", "900001*", "900001*0", "900001*1/0", "*6", "900001*six", "900001*6 "])
def test_any_other_name_is_no_part(name: str) -> None:
    assert part_of(name) is None


def test_a_name_is_read_as_it_was_written() -> None:
    assert part_of(part_name("77", Fraction(4, 2), place=12)) == PartOf("77", Fraction(2))


def test_a_whole_bundle_in_one_package_is_its_line_at_the_channel() -> None:
    assert told(KIT, [shipment(1, [(2, 2), (3, 4), (4, 3)])]) == {"SH-1-1": {"77": 2, "78": 3}}


def test_the_package_that_brings_the_last_part_completes_the_unit() -> None:
    rows = [shipment(1, [(2, 2), (4, 1)]), shipment(2, [(3, 2)], [(3, 2)])]
    assert told(KIT, rows) == {"SH-1-1": {"78": 1}, "SH-2-1": {"77": 1}, "SH-2-2": {"77": 1}}


def test_parts_that_make_no_unit_yet_complete_nothing() -> None:
    assert told(KIT, [shipment(1, [(2, 1), (3, 1)])]) == {"SH-1-1": {}}


def test_components_without_their_bundles_line_know_it_by_their_names() -> None:
    assert told(ALONE, [shipment(1, [(1, 2)], [(2, 3)]), shipment(2, [(2, 1)])]) == {"SH-1-1": {}, "SH-1-2": {"77": 1}, "SH-2-1": {"77": 1}}


def test_components_that_people_entered_know_it_by_the_kits_line_number() -> None:
    entered = order(line(1, "77", 2), line(2, None, 2, KitParentLineNumber=1), line(3, None, 6, KitParentLineNumber=1))
    assert told(entered, [shipment(1, [(2, 2), (3, 5)]), shipment(2, [(3, 1)])]) == {"SH-1-1": {"77": 1}, "SH-2-1": {"77": 1}}


def test_a_kits_own_line_in_a_package_is_not_told_by_itself() -> None:
    assert told(KIT, [shipment(1, [(1, 2)])]) == {"SH-1-1": {}}


def test_a_multipack_is_told_in_packs_and_the_rest_waits() -> None:
    rows = [shipment(1, [(1, 5)]), shipment(2, [(1, 8)]), shipment(3, [(1, 5)])]
    assert told(PACKS, rows) == {"SH-1-1": {}, "SH-2-1": {"900": 2}, "SH-3-1": {"900": 1}}


def test_what_tims_shipped_too_much_is_not_told() -> None:
    assert told(PACKS, [shipment(1, [(1, 18)]), shipment(2, [(1, 12)])]) == {"SH-1-1": {"900": 3}, "SH-2-1": {}}


def test_a_part_voided_after_the_unit_was_complete_leaves_it_where_it_was_told() -> None:
    rows = [shipment(1, [(1, 2)], voided=30), shipment(2, [(2, 4)]), shipment(40, [(1, 2)])]
    assert told(ALONE, rows) == {"SH-1-1": {}, "SH-2-1": {"77": 2}, "SH-40-1": {}}


def test_a_part_voided_before_the_others_left_counts_no_more() -> None:
    rows = [shipment(1, [(1, 2)], voided=2), shipment(3, [(2, 4)]), shipment(4, [(1, 2)])]
    assert told(ALONE, rows) == {"SH-1-1": {}, "SH-3-1": {}, "SH-4-1": {"77": 2}}


def test_what_a_voided_package_had_completed_is_completed_by_the_one_packed_instead() -> None:
    rows = [shipment(1, [(1, 2)]), shipment(2, [(2, 4)], voided=3), shipment(4, [(2, 4)])]
    assert told(ALONE, rows) == {"SH-1-1": {}, "SH-2-1": {"77": 2}, "SH-4-1": {"77": 2}}


def test_a_shipment_that_was_packed_first_and_left_last_completes_the_unit() -> None:
    packed = shipment(1, [(1, 2)]) | {"ShippedAt": shipment(9)["ShippedAt"]}
    assert told(ALONE, [packed, shipment(2, [(2, 4)])]) == {"SH-1-1": {"77": 2}, "SH-2-1": {}}


def test_papers_that_are_dated_back_change_nothing_for_what_left_before() -> None:
    late = shipment(9, [(1, 1)]) | {"ShippedAt": shipment(1)["ShippedAt"]}
    assert told(ALONE, [shipment(2, [(1, 1)]), shipment(3, [(2, 4)]), late]) == {"SH-2-1": {}, "SH-3-1": {"77": 1}, "SH-9-1": {"77": 1}}


@pytest.mark.parametrize("odd", [None, "2", "many", [], True])
def test_an_odd_quantity_does_not_stop_the_other_packages(odd: Any) -> None:
    strange = {"ShipmentID": "SH-1", "Packages": [{"PackageNumber": 1, "Lines": [{"LineNumber": 1, "Quantity": odd}]}, "no package"]}
    assert told(ALONE, [strange | {"ShippedAt": shipment(1)["ShippedAt"]}, shipment(2, [(1, 2), (2, 4)])])["SH-2-1"] == {"77": 2}


def test_a_line_of_part_quantities_stays_exact() -> None:
    gas = order(line(1, "5*3/2", Decimal("3.0")))
    assert told(gas, [shipment(1, [(1, Decimal("1.4"))]), shipment(2, [(1, Decimal("1.6"))])]) == {"SH-1-1": {}, "SH-2-1": {"5": 2}}


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_in_any_interleaving_the_same_packages_complete_the_same_units_once(data: st.DataObject) -> None:
    warehouse = Warehouse(data)
    before: dict[str, dict[str, int]] = {}
    for _ in range(data.draw(st.integers(1, 12))):
        warehouse.act()
        now = told(warehouse.order, data.draw(st.permutations(warehouse.rows)))
        assert before.items() <= now.items(), "a package that was told says something else later"
        before = now
        for bundle in bundles_of(warehouse.order["LineItems"]):
            units = [found.get(str(bundle.line), 0) for key, found in now.items() if key not in warehouse.voided]
            assert sum(units) <= bundle.ordered
            if not warehouse.voided:
                assert sum(units) == bundle.whole(warehouse.shipped())
    warehouse.ship_the_rest()
    now = told(warehouse.order, warehouse.rows)
    for bundle in bundles_of(warehouse.order["LineItems"]):
        assert sum(found.get(str(bundle.line), 0) for key, found in now.items() if key not in warehouse.voided) == bundle.ordered


def test_packages_of_an_order_without_bundles_need_only_their_own_shipment() -> None:
    plain = order(line(1, "1", 2), line(2, None, 1))
    done: dict[Any, list[Payload]] = completed(plain, [shipment(3, [(1, 2), (2, 1), (9, 1)])])
    assert done == {("SH-3", 1): [{"ExternalLineID": "1", "Quantity": 2}, *[{"ExternalLineID": None, "Quantity": 1}] * 2]}
