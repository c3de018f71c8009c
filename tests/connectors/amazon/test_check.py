"""The connection test tells a person what works and what to do."""

from __future__ import annotations

from typing import Any

import pytest
import responses

from connectors.amazon import CONNECTOR
from connectors.amazon.check import check, environment
from connectors.amazon.client import AmazonClient
from connectors.base import Finding
from tests.connectors.amazon.offline import BASE, TOKENS, Connect
from tests.connectors.amazon.orders import order

LIST = f"{BASE}/orders/2026-01-01/orders"
PARTICIPATIONS = f"{BASE}/sellers/v1/marketplaceParticipations"
NOW = 1795000000.0
"""18 November 2026."""


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)


def place(marketplace_id: str, name: str, **part: bool) -> dict[str, Any]:
    return {
        "marketplace": {"id": marketplace_id, "name": name},
        "participation": {"isParticipating": True, "hasSuspendedListings": False, **part},
    }


US, CA = place("ATVPDKIKX0DER", "Amazon.com"), place("A2EUQ1WTGCTBG2", "Amazon.ca")


def found(client: AmazonClient, web: responses.RequestsMock, *places: Any, orders: list[Any] | None = None) -> dict[str, Finding]:
    web.get(PARTICIPATIONS, json={"payload": list(places or (US, CA))})
    web.get(LIST, json={"orders": [order()] if orders is None else orders})
    return {one.what: one for one in check(client)}


def test_everything_works(web: responses.RequestsMock, connected: Connect) -> None:
    findings = found(connected(), web)
    assert list(findings) == ["Address", "Credentials", "Marketplaces", "Orders", "Personal data"]
    assert all(one.ok for one in findings.values())
    assert findings["Marketplaces"].words == "Amazon.com, Amazon.ca."


def test_wrong_credentials_end_the_test(web: responses.RequestsMock, connected: Connect) -> None:
    client = connected()
    web.replace("POST", TOKENS, json={"error": "invalid_grant"}, status=400)
    assert [(one.what, one.ok) for one in check(client)] == [("Address", True), ("Credentials", False)]


def test_an_unreachable_sign_in_is_a_matter_of_the_address(web: responses.RequestsMock, connected: Connect) -> None:
    client = connected()
    web.replace("POST", TOKENS, status=503)
    assert [one.what for one in check(client) if not one.ok] == ["Address"]


def test_a_chosen_marketplace_that_the_account_does_not_see_is_a_warning(web: responses.RequestsMock, connected: Connect) -> None:
    finding = found(connected(), web, US)["Amazon CA"]
    assert (finding.ok, finding.vital) == (False, False)
    assert "nothing is read from there" in finding.words


def test_where_none_was_chosen_none_is_missed(web: responses.RequestsMock, connected: Connect) -> None:
    assert all(one.ok for one in found(connected(marketplace_ids=""), web, US).values())


def test_an_account_of_another_region_is_a_failure(web: responses.RequestsMock, connected: Connect) -> None:
    finding = found(connected(), web, place("A1PA6795UKMFR9", "Amazon.de"))["Marketplaces"]
    assert (finding.ok, finding.vital) == (False, True)


def test_suspended_listings_are_told(web: responses.RequestsMock, connected: Connect) -> None:
    findings = found(connected(), web, US, place("A2EUQ1WTGCTBG2", "Amazon.ca", hasSuspendedListings=True))
    assert "account health" in findings["Amazon.ca"].words


def test_orders_without_an_address_point_to_the_missing_role(web: responses.RequestsMock, connected: Connect) -> None:
    bare = {name: value for name, value in order().items() if name != "recipient"}
    finding = found(connected(), web, orders=[bare])["Personal data"]
    assert (finding.ok, finding.vital) == (False, False)
    assert "Direct-to-Consumer Delivery (Restricted)" in finding.words


def test_without_a_recent_order_personal_data_cannot_be_tried(web: responses.RequestsMock, connected: Connect) -> None:
    assert found(connected(), web, orders=[])["Personal data"].ok


def test_personal_data_that_nobody_wants_is_not_asked_for(web: responses.RequestsMock, connected: Connect) -> None:
    findings = found(connected(personal_data="no"), web)
    assert "not asked for" in findings["Personal data"].words
    assert "RECIPIENT" not in str(web.calls[-1].request.url)


def test_a_denied_list_of_orders_says_what_to_do(web: responses.RequestsMock, connected: Connect) -> None:
    web.get(LIST, json={"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]}, status=403)
    finding = found(connected(), web)["Orders"]
    assert not finding.ok
    assert "roles" in finding.words


@pytest.mark.parametrize(
    ("renewed", "ok", "words"),
    [
        ("2026-11-01", True, "17 days"),
        ("2026-06-21", False, "150 days old; Amazon accepts it until 2026-12-18"),
        ("2026-01-01", False, "321 days old"),
        ("yesterday", False, "cannot be read"),
    ],
)
def test_the_age_of_the_secret_is_watched(web: responses.RequestsMock, connected: Connect, renewed: str, ok: bool, words: str) -> None:
    finding = found(connected(secret_rotated_on=renewed), web)["Age of the client secret"]
    assert (finding.ok, finding.vital) == (ok, ok)
    assert words in finding.words


def test_a_test_asks_again_for_marketplaces_that_were_left_out(web: responses.RequestsMock, connected: Connect) -> None:
    client = connected()
    client.shut = {"A2EUQ1WTGCTBG2": 9e9}
    found(client, web)
    assert client.shut == {}


@pytest.mark.parametrize(
    ("address", "expected"),
    [(BASE, "production"), ("https://sandbox.sellingpartnerapi-na.amazon.com", "qa"), ("http://127.0.0.1:8003", "dev")],
)
def test_the_address_tells_the_environment(connected: Connect, address: str, expected: str) -> None:
    assert environment(connected(base_url=address)) == expected
    assert CONNECTOR.environment is environment
