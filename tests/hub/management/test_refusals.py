"""What the commands refuse before they call any system."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def flows() -> None:
    """One that reads orders, one that follows it, and one whose source has no second list."""
    orders = factories.flow(slug="ca-orders")
    factories.flow(slug="ca-acknowledge", after=orders, stream="", target=orders.source, operation="acknowledge_order")
    factories.flow(slug="tims-items", source=orders.target, stream="items", target=None, operation="")


@pytest.mark.parametrize("command", ["sync", "resync"])
def test_an_unknown_flow_is_named_together_with_those_there_are(command: str) -> None:
    with pytest.raises(CommandError, match=r"no flow 'nix'.*ca-orders"):
        call_command(command, "nix", *(["--failed"] if command == "resync" else []))


@pytest.mark.parametrize("time", ["yesterday", "2026-13-40", "2999-01-01"])
def test_a_time_that_is_none_or_has_not_come_is_refused(time: str) -> None:
    with pytest.raises(CommandError, match=r"is no time|has not come"):
        call_command("resync", "ca-orders", "--since", time)


@pytest.mark.django_db(transaction=True)
def test_a_flow_that_follows_another_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("sync", "ca-acknowledge")
    assert ended.value.code == 1
    assert "follows another one" in capsys.readouterr().out


def test_an_unknown_connection_is_named() -> None:
    with pytest.raises(CommandError, match="no connection nix"):
        call_command("check_connections", "nix")


def test_a_flow_without_another_list_cannot_be_counted() -> None:
    with pytest.raises(CommandError, match="offers no other list"):
        call_command("completeness", "tims-items")
