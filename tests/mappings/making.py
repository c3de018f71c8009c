"""Mappings for the tests of the mappings app."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from mappings.models import Mapping, MappingVersion
from mappings.versions import draft_of, publish, write_rules

RULES: list[dict[str, Any]] = [
    {"target": "ChannelAdvisorOrderID", "source": "SourceKey"},
    {"target": "SellerOrderID", "source": "TargetKey", "steps": [{"name": "trim", "args": {"length": 50}}]},
]


def add_rules(draft: MappingVersion, rules: list[dict[str, Any]], *, by: Any = None) -> None:
    write_rules(draft, [{"position": position, **rule} for position, rule in enumerate(rules)], by=by)


def make_draft(slug: str = "ack", rules: list[dict[str, Any]] | None = None) -> MappingVersion:
    mapping = Mapping.objects.create(slug=slug, name=slug.title(), target_connector="channeladvisor", target_operation="acknowledge_order")
    draft = draft_of(mapping, by=None)
    add_rules(draft, RULES if rules is None else rules)
    return draft


def make_live(slug: str = "ack") -> Mapping:
    draft = make_draft(slug)
    publish(draft, by=None, comment="first")
    return Mapping.objects.select_related("live").get(pk=draft.mapping_id)


def logged_in(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client
