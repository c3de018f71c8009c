"""Marketplaces and their names."""

from __future__ import annotations

import json
from importlib.resources import files

from connectors.amazon.regions import BY_COUNTRY, MARKETPLACES, chosen, derived, marketplace_name


def test_there_are_23_marketplaces_in_three_regions() -> None:
    assert len(MARKETPLACES) == 23
    assert {one.region for one in MARKETPLACES.values()} == {"NA", "EU", "FE"}


def test_names_are_those_that_the_shipped_table_of_sites_knows() -> None:
    rows = dict(json.loads((files("mappings") / "starters" / "site_names.json").read_text("utf-8"))["entries"])
    shared = {one: name for one, name in rows.items() if one in MARKETPLACES}
    assert shared
    assert {one: marketplace_name(one) for one in shared} == shared


def test_a_marketplace_is_chosen_by_id_or_by_country() -> None:
    us, uk = BY_COUNTRY["US"].id, BY_COUNTRY["UK"].id
    assert chosen({"marketplace_ids": f"us, {uk} GB A1NEW"}) == (us, uk, "A1NEW")


def test_without_a_choice_all_of_the_region_count() -> None:
    assert {MARKETPLACES[one].country for one in chosen({"region": "FE"})} == {"SG", "AU", "JP"}


def test_formulas_may_ask_which_marketplaces_a_connection_has() -> None:
    assert derived({"region": "NA", "marketplace_ids": "US, ca"}) == {"marketplaces": f"{BY_COUNTRY['US'].id},{BY_COUNTRY['CA'].id}"}
    assert BY_COUNTRY["DE"].id in derived({"region": "EU"})["marketplaces"]
