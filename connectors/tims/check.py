"""The connection test: what was tried, whether it works, and what to do (TIMS contract 1, 1.1)."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.base import Finding
from connectors.errors import ConnectorError, CredentialsError, MissingError, RejectedError
from connectors.http import JsonClient

MOST_SKEW = 120.0
READS = (("items", "Items can be read"), ("customers", "Customers can be read"), ("sales_orders", "Sales orders can be read"))


def check(client: JsonClient) -> list[Finding]:
    """Address, credentials, company, environment, clock and rights; stops where nothing further can work."""
    try:
        ping = client.get("api/v1/ping")
    except ConnectorError as error:
        return [_unreachable(error)]
    if not isinstance(ping, dict) or "Environment" not in ping:
        words = "Something answers at this address, but it is not TIMS. Check the base address."
        return [Finding(what="Address and credentials", ok=False, words=words)]
    first = Finding(what="Address and credentials", ok=True, words=f"TIMS {ping.get('Version') or ''} answers.")
    return [first, _company(client, ping), _environment(ping), replace(_clock(ping), vital=False), *_rights(client)]


def environment(client: JsonClient) -> str:
    """`production`, `qa` or `dev`."""
    return str(client.get("api/v1/ping").get("Environment") or "dev")


def _unreachable(error: ConnectorError) -> Finding:
    if isinstance(error, CredentialsError):
        return Finding(what="Credentials", ok=False, words=error.message)
    if isinstance(error, MissingError):
        words = "Nothing answers under /api/v1 there. Check the base address; it ends before /api/v1."
        return Finding(what="Address", ok=False, words=words)
    if isinstance(error, RejectedError) and error.code == "invalid_parameter":
        return Finding(what="Company", ok=False, words="TIMS does not know this company code. Correct it in the connection.")
    return Finding(what="Address", ok=False, words=f"{error.message} Check the base address and whether TIMS runs.")


def _company(client: JsonClient, ping: dict[str, Any]) -> Finding:
    wanted, found = client.settings.get("company") or "MAIN", str(ping.get("Company") or "")
    words = f"Company {found}." if found == wanted else f"TIMS answers for company {found}, the connection says {wanted}. Correct the code."
    return Finding(what="Company", ok=found == wanted, words=words)


def _environment(ping: dict[str, Any]) -> Finding:
    found = str(ping["Environment"])
    words = "Production." if found == "production" else f"This is a test environment ({found}): personal data is masked before it is sent."
    return Finding(what="Environment", ok=True, words=words)


def _clock(ping: dict[str, Any]) -> Finding:
    try:
        skew = abs(datetime.fromisoformat(str(ping.get("ServerTime"))).timestamp() - time.time())
    except ValueError:
        return Finding(what="Clock", ok=False, words="TIMS does not say what time it is.")
    words = f"{skew:.0f} s apart." if skew <= MOST_SKEW else f"The clocks are {skew:.0f} s apart. Set the clock of this server or of TIMS."
    return Finding(what="Clock", ok=skew <= MOST_SKEW, words=words)


def _rights(client: JsonClient) -> list[Finding]:
    return [
        *(_right(client, what, "GET", path) for path, what in READS),
        _right(client, "Sales orders can be sent", "POST", "sales_orders/validate"),
        replace(_right(client, "General ledger can be read (needed for settlements)", "GET", "gl_accounts"), vital=False),
    ]


def _right(client: JsonClient, what: str, method: str, path: str) -> Finding:
    """`validate` stores nothing: a refusal of the empty order shows that the right is there."""
    try:
        client.call(
            method, f"api/v1/{path}", query={"limit": 1} if method == "GET" else None, body=None if method == "GET" else {}, safe=True
        )
    except RejectedError as error:
        return Finding(what=what, ok=error.status == 422, words="" if error.status == 422 else error.message)
    except ConnectorError as error:
        return Finding(what=what, ok=False, words=error.message)
    return Finding(what=what, ok=True)
