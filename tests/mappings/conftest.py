"""People for the tests of the mappings app."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def people(db: None) -> dict[str, Any]:
    from django.contrib.auth.models import Group, User

    from hub.roles import ship_roles

    ship_roles()
    made = {}
    for role in ("Operator", "Mapper", "Administrator", "Auditor"):
        made[role] = User.objects.create_user(role.lower(), is_staff=True)
        made[role].groups.add(Group.objects.get(name=role))
    return made


@pytest.fixture
def mapper(people: dict[str, Any]) -> Any:
    from tests.mappings.making import logged_in

    return logged_in(people["Mapper"])


@pytest.fixture
def auditor(people: dict[str, Any]) -> Any:
    from tests.mappings.making import logged_in

    return logged_in(people["Auditor"])
