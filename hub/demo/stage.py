"""Everything that must be there before a demonstration starts: tables, roles, mappings, connections, flows, somebody to log in as."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from hub import schedules
from hub.demo.setup import install, packs, rates
from hub.engine.subscribe import subscribe
from hub.models import Connection
from hub.roles import ship_roles
from mappings.starting import load_starters

ADMIN = "admin"


def prepare(settings: Mapping[str, Mapping[str, str]]) -> dict[str, Connection]:
    """Brings the database to where the order road can run; answers the connections. Safe to repeat."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("collectstatic", verbosity=0, interactive=False)
    ship_roles()
    load_starters()
    rates(timezone.localdate())
    packs()
    made = install(settings)
    schedules.sync()
    return made


def subscribe_all(connections: Iterable[Connection], hub_address: str) -> None:
    """Every system announces its changes; Amazon only where it has a queue for that. Safe to repeat."""
    for connection in connections:
        if connection.connector != "amazon" or connection.settings.get("queue_url"):
            subscribe(connection, hub_address)


def admin_password(note: Path) -> str:
    """The password of the demonstration's administrator, made at the first start and kept in `note` for the next ones.

    "" where somebody made the user or changed the password since: then it is theirs.
    """
    user = User.objects.filter(username=ADMIN).first()
    if user is None:
        password = secrets.token_urlsafe(9)
        User.objects.create_superuser(ADMIN, password=password)
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch(mode=0o600)
        note.write_text(password)
        return password
    kept = note.read_text() if note.exists() else ""
    return kept if kept and user.check_password(kept) else ""
