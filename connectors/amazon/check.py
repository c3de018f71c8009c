"""The connection test: what works, what does not, and what to do."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from connectors.amazon import queue
from connectors.amazon.account import Participation, participations
from connectors.amazon.client import AmazonClient
from connectors.amazon.orders import PATH, personal
from connectors.amazon.regions import chosen, marketplace_name
from connectors.amazon.times import written
from connectors.base import Finding
from connectors.errors import ConnectorError, CredentialsError
from connectors.http import JsonClient

REMIND = 150
LASTS = 180
"""Days after which Amazon no longer accepts a client secret (Amazon SP-API reference, 3.3)."""
RECENT = timedelta(days=14)
NOT_ASKED = Finding(what="Personal data", ok=True, words="It is not asked for: no flow reads an address, or the connection forbids it.")


def check(client: JsonClient) -> list[Finding]:
    """Address, credentials, marketplaces, orders, personal data, queue and age of the secret; stops where nothing further can work."""
    findings = _signed_in(client)
    if not all(finding.ok for finding in findings):
        return findings
    if isinstance(client, AmazonClient):
        client.shut.clear()
    today = datetime.fromtimestamp(time.time(), UTC)
    return [
        *findings,
        *_marketplaces(client),
        *_orders(client, today),
        *queue.findings(client),
        *_secret(client.settings.get("secret_rotated_on", ""), today.date()),
    ]


def environment(client: JsonClient) -> str:
    """`production`; `qa` at Amazon's own sandbox, `dev` at a stand-in."""
    host = urlsplit(client.base_url).hostname or ""
    if host.startswith("sandbox."):
        return "qa"
    return "production" if host.endswith(".amazon.com") else "dev"


def _signed_in(client: JsonClient) -> list[Finding]:
    reached = Finding(what="Address", ok=True, words="Login with Amazon answers.")
    try:
        client.auth.headers(client)
    except CredentialsError as error:
        return [reached, Finding(what="Credentials", ok=False, words=error.message)]
    except ConnectorError as error:
        return [Finding(what="Address", ok=False, words=f"{error.message} Check the address of Login with Amazon.")]
    return [reached, Finding(what="Credentials", ok=True, words="Amazon accepts the credentials.")]


def _marketplaces(client: JsonClient) -> list[Finding]:
    what = "Marketplaces"
    try:
        seen = {one.marketplace_id: one for one in participations(client) if one.active}
    except ConnectorError as error:
        return [Finding(what=what, ok=False, words=error.message)]
    wanted = chosen(client.settings)
    there = [seen[one] for one in wanted if one in seen]
    if not there:
        words = "The account takes part in none of the connection's marketplaces. Check the region and the marketplaces."
        return [Finding(what=what, ok=False, words=words)]
    findings = [Finding(what=what, ok=True, words=f"{', '.join(one.name for one in there)}.")]
    if client.settings.get("marketplace_ids", "").strip():
        findings += [_not_there(one) for one in wanted if one not in seen]
    return [*findings, *(_suspended(one) for one in there if one.suspended)]


def _not_there(marketplace_id: str) -> Finding:
    name = marketplace_name(marketplace_id)
    words = f"The account does not take part in {name}; nothing is read from there. Take it out of the connection's marketplaces."
    return Finding(what=name, ok=False, vital=False, words=words)


def _suspended(place: Participation) -> Finding:
    words = f"Amazon has suspended the listings in {place.name}. Open the account health page of Seller Central."
    return Finding(what=place.name, ok=False, vital=False, words=words)


def _orders(client: JsonClient, today: datetime) -> list[Finding]:
    """Whether orders can be read, and whether the newest of them come with an address."""
    addressed = "RECIPIENT" in personal(client)
    query = {
        "lastUpdatedAfter": written(today - RECENT),
        "marketplaceIds": ",".join(chosen(client.settings)),
        "fulfillmentStatuses": "UNSHIPPED,PARTIALLY_SHIPPED,SHIPPED",
        "fulfilledBy": "MERCHANT",
        "maxResultsPerPage": 10,
        "includedData": "RECIPIENT,FULFILLMENT" if addressed else "FULFILLMENT",
    }
    try:
        body = client.call("GET", PATH, query=query, limit="searchOrders").body
    except ConnectorError as error:
        return [Finding(what="Orders", ok=False, words=error.message)]
    found = body.get("orders") if isinstance(body, dict) else None
    if not isinstance(found, list):
        return [Finding(what="Orders", ok=False, words="Something answers at this address, but it is not Amazon. Check the base address.")]
    readable = Finding(what="Orders", ok=True, words="Orders can be read.")
    return [readable, _personal(found) if addressed else NOT_ASKED]


def _personal(orders: list[object]) -> Finding:
    what = "Personal data"
    if not orders:
        return Finding(what=what, ok=True, words="Cannot be tried: no recent order that the seller ships.")
    if any(isinstance(order, dict) and order.get("recipient") for order in orders):
        return Finding(what=what, ok=True, words="Orders come with the address of delivery.")
    words = (
        "Orders come without the address of delivery: the application lacks the role Direct-to-Consumer Delivery (Restricted). "
        "Ask Amazon for it in the developer console, then authorise the application again."
    )
    return Finding(what=what, ok=False, vital=False, words=words)


def _secret(rotated_on: str, today: date) -> list[Finding]:
    what = "Age of the client secret"
    if not rotated_on.strip():
        return []
    try:
        renewed = date.fromisoformat(rotated_on.strip())
    except ValueError:
        words = "The date on which the client secret was renewed cannot be read. Enter it as 2026-11-20."
        return [Finding(what=what, ok=False, vital=False, words=words)]
    age, ends = (today - renewed).days, (renewed + timedelta(days=LASTS)).isoformat()
    if age < REMIND:
        return [Finding(what=what, ok=True, words=f"{age} days; Amazon accepts it until {ends}.")]
    words = f"It is {age} days old; Amazon accepts it until {ends}. Renew it in the developer console and enter it here with the new date."
    return [Finding(what=what, ok=False, vital=False, words=words)]
