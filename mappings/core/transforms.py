"""All transforms, by name: what a rule's steps may use and what the editor offers."""

from __future__ import annotations

from mappings.core.declare import Argument, Transform
from mappings.core.transforms_facts import FACTS
from mappings.core.transforms_kits import KITS
from mappings.core.transforms_money import MONEY
from mappings.core.transforms_packs import PACKS
from mappings.core.transforms_people import PEOPLE
from mappings.core.transforms_rates import RATES
from mappings.core.transforms_text import TEXT
from mappings.core.transforms_time import TIME

__all__ = ["TRANSFORMS", "Argument", "Transform"]

TRANSFORMS: dict[str, Transform] = {
    transform.name: transform for transform in (*TEXT, *MONEY, *RATES, *TIME, *PEOPLE, *FACTS, *KITS, *PACKS)
}
