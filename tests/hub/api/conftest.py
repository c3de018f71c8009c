"""A connection that webhooks arrive for, and people of every role."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.hub.api.signed import SECRET, signature

if TYPE_CHECKING:
    from django.test import Client

    from hub.models import Connection


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    from django.core.cache import cache

    from hub.api import addresses

    addresses.forget()
    cache.clear()


@pytest.fixture
def connection(db: None) -> Connection:
    from hub.models import Connection
    from hub.vault import seal_secrets

    secrets = seal_secrets({"webhook_secret": SECRET})
    return Connection.objects.create(
        slug="ca-us", name="ChannelAdvisor US", connector="channeladvisor", settings={"dialect": "v2"}, secrets=secrets
    )


@pytest.fixture
def send(connection: Connection, client: Client) -> Callable[..., Any]:
    """Posts a signed event (a dict, or raw bytes) to the connection's address."""

    def post(
        content: dict[str, Any] | bytes, *, kind: str = "application/json", at: float | None = None, signed: str = "", path: str = ""
    ) -> Any:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        address = path or f"/api/webhooks/{connection.slug}/{connection.webhook_token}"
        return client.post(address, body, content_type=kind, headers={"X-ChannelAdvisor-Signature": signed or signature(body, at=at)})

    return post


@pytest.fixture
def caller(db: None) -> Callable[[str], Client]:
    """An API client with the token of a new user of that role ("" = no role)."""
    from django.contrib.auth.models import Group, User
    from django.test import Client
    from rest_framework.authtoken.models import Token

    from hub.roles import ship_roles

    ship_roles()

    def make(role: str) -> Client:
        user = User.objects.create_user(f"person-{role or 'nobody'}")
        if role:
            user.groups.add(Group.objects.get(name=role))
        return Client(headers={"Authorization": f"Token {Token.objects.create(user=user).key}"})

    return make
