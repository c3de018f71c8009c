"""The connection test: what works, what does not, and what to do."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from connectors.base import Finding
from connectors.channeladvisor.client import rows_of
from connectors.channeladvisor.times import from_http_date, written
from connectors.errors import ConnectorError, CredentialsError, MissingError, RejectedError
from connectors.http import Answer, JsonClient

MOST_SKEW = 60.0


def check(client: JsonClient) -> list[Finding]:
    """Address, credentials, profile, rights, webhook subscription and clock, in this order; stops where nothing further can work."""
    findings = _signed_in(client)
    if not all(finding.ok for finding in findings):
        return findings
    published = client.settings.get("dialect") == "rest-v1"
    answer, profile = _profile(client, published=published)
    findings.append(profile)
    if answer is None:
        return findings
    findings.append(_rights(client, published=published))
    if client.settings.get("webhook_secret"):
        findings.append(replace(_attempt("Webhooks", lambda: _subscription(client, published=published)), vital=False))
    return [*findings, replace(_clock(answer), vital=False)]


def _signed_in(client: JsonClient) -> list[Finding]:
    reached = Finding(what="Address", ok=True, words="ChannelAdvisor answers.")
    try:
        client.auth.headers(client)
    except CredentialsError as error:
        words = error.message
        if error.code == "invalid_grant":
            words = "ChannelAdvisor no longer accepts the refresh token: it was revoked or not used for three months. Authorise again."
        return [reached, Finding(what="Credentials", ok=False, words=words)]
    except ConnectorError as error:
        return [Finding(what="Address", ok=False, words=f"{error.message} Check the base address.")]
    return [reached, Finding(what="Credentials", ok=True, words="ChannelAdvisor accepts the credentials.")]


def _profile(client: JsonClient, *, published: bool) -> tuple[Answer | None, Finding]:
    number = client.settings.get("profile_id", "").strip()
    try:
        if not published:
            return client.call("GET", "v2/orders", query={"limit": 1}), Finding(what="Profile", ok=True, words="Orders can be read.")
        answer = client.call("GET", "v1/Profiles")
        seen = [str(row.get("ID")) for row in rows_of(answer.body, "value") if isinstance(row, dict)]
    except ConnectorError as error:
        return None, Finding(what="Profile", ok=False, words=error.message)
    if number in seen:
        return answer, Finding(what="Profile", ok=True, words=f"The authorisation sees profile {number}.")
    return answer, Finding(
        what="Profile", ok=False, words=f"The authorisation does not see profile {number or '(none entered)'}. Check the number."
    )


def _rights(client: JsonClient, *, published: bool) -> Finding:
    """Whether orders may be written: an empty batch changes nothing, but is refused differently without the right."""
    if published:
        return _attempt("Rights", lambda: _readable(client))
    try:
        client.call("PUT", "v2/orders", body={"Items": []}, safe=True)
    except RejectedError:
        pass
    except ConnectorError as error:
        return Finding(what="Rights", ok=False, words=error.message)
    return Finding(what="Rights", ok=True, words="Orders can be read and marked as taken.")


def _readable(client: JsonClient) -> Finding:
    client.get("v1/Orders", exported="false", **{"$filter": "ID eq 0"})
    return Finding(
        what="Rights", ok=True, words="Orders can be read. Whether they may be changed shows with the first order marked as taken."
    )


def _subscription(client: JsonClient, *, published: bool) -> Finding:
    body = client.get("v1/Webhooks" if published else "v2/webhooks")
    rows = [row for row in rows_of(body, "value" if published else "Data") if isinstance(row, dict)]
    states = {str(row.get("Status")) for row in rows if _speaks_of_orders(row)}
    if "Enabled" in states:
        return Finding(what="Webhooks", ok=True, words="A subscription for orders is enabled.")
    if "Suspended" in states:
        return Finding(
            what="Webhooks", ok=False, words="ChannelAdvisor suspended the subscription after failed deliveries. Subscribe again."
        )
    return Finding(what="Webhooks", ok=False, words="There is no subscription for orders; they arrive by schedule only. Press Subscribe.")


def _speaks_of_orders(row: dict[str, Any]) -> bool:
    kinds = row.get("EventTypes")
    return isinstance(kinds, list) and any(str(kind).startswith("order.") or "PaymentCleared" in str(kind) for kind in kinds)


def _attempt(what: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except MissingError:
        return Finding(what=what, ok=False, words="ChannelAdvisor does not offer this under the expected address.")
    except ConnectorError as error:
        return Finding(what=what, ok=False, words=error.message)


def _clock(answer: Answer) -> Finding:
    theirs = from_http_date(answer.headers.get("Date", ""))
    if not theirs:
        return Finding(what="Clock", ok=True, words="ChannelAdvisor does not tell its time.")
    ours = time.time()
    if _from_epoch(ours - MOST_SKEW) <= theirs <= _from_epoch(ours + MOST_SKEW):
        return Finding(what="Clock", ok=True, words="This server's clock agrees with ChannelAdvisor's.")
    return Finding(what="Clock", ok=False, words="This server's clock differs by more than a minute from ChannelAdvisor's. Set it by NTP.")


def _from_epoch(seconds: float) -> str:
    return written(datetime.fromtimestamp(seconds, UTC))
