"""Connects to Amazon: Login with Amazon, and what Amazon's errors mean in words (Amazon SP-API reference, 3, 4)."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Mapping
from typing import Any

from connectors.amazon.regions import TOKEN_URL
from connectors.auth import OAuth
from connectors.errors import CredentialsError, Problem
from connectors.hooks import Hooks, Quota
from connectors.http import JsonClient

LABEL = "Amazon"
PACKAGE = "connectors.amazon"
EARLY = 60.0
EXPIRED = "expired_token"
TOKEN_HEADER = "x-amz-access-token"  # noqa: S105 - a header's name
NOTIFICATIONS_SCOPE = "sellingpartnerapi::notifications"
RATE_IS_TOLD = frozenset({400, 404})

TOKEN_WORDS = {
    "invalid_grant": "Amazon no longer accepts the refresh token: the authorisation was revoked or has lapsed. "
    "Authorise the application again in Seller Central and enter the new refresh token in the connection.",
    "invalid_client": "Amazon does not accept the client id or the client secret. A secret must be renewed every 180 days: "
    "enter the current one from Amazon's developer console in the connection.",
    "unauthorized_client": "Amazon does not let this application sign in for the account. Check its roles in the developer console.",
}
_DENIED = (
    "Amazon denied access: the application has no role for this, or the account did not authorise it for this marketplace. "
    "Check the roles in Amazon's developer console and the marketplaces of the connection."
)
_MISSING_TOKEN = "Amazon did not accept the access token. Press Test connection; if it stays, authorise the application again."  # noqa: S105
_WORDS = {
    404: "Amazon does not know this record (any more), or it belongs to another account.",
    413: "The call was too large for Amazon.",
    415: "Amazon did not accept the form of the call.",
    429: "Amazon asks to slow down: the quota of this kind of call is used up for now.",
    500: "Amazon had an internal error.",
    503: "Amazon is not available at the moment.",
}
_PERSONAL = (
    (re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+"), "[e-mail]"),
    (re.compile(r"\b(?:Atz[ar]|amzn1\.oa2-cs)[.|]\S+"), "[secret]"),
    (re.compile(r"\+\d[\d\s().-]{7,}\d"), "[number]"),
)


class AmazonClient(JsonClient):
    """A JsonClient that reads Amazon's rates and knows that an expired token is a 403.

    `grantless` is the access of the application itself, without a seller: `call(..., auth=client.grantless)`. `shut` holds the marketplaces
    that denied access, each with the moment (monotonic seconds) from which it is asked again.
    """

    content_type = "application/json"
    request_id_header = "x-amzn-RequestId"
    grantless: OAuth
    shut: dict[str, float]

    def token_refused(self, error: CredentialsError) -> bool:
        return error.status == 401 or error.code == EXPIRED

    def quota(self, status: int, headers: Mapping[str, str]) -> Quota | None:
        """The rate in force. Only 2xx, 400 and 404 tell it (Amazon SP-API reference, 4.2)."""
        told = 200 <= status < 300 or status in RATE_IS_TOLD
        try:
            rate = float(headers.get("x-amzn-RateLimit-Limit", "") if told else "")
        except ValueError:
            return None
        return Quota(per_second=rate) if math.isfinite(rate) and rate > 0 else None


def connect(settings: Mapping[str, str], hooks: Hooks) -> AmazonClient:
    """A client of one selling account in one region."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    client = AmazonClient(
        settings["base_url"],
        auth=_sign_in(settings, "seller", {"grant_type": "refresh_token", "refresh_token": settings.get("refresh_token", "")}),
        hooks=hooks,
        label=LABEL,
        explain=explain,
        headers={"User-Agent": f"Throughline/0.1 (Language=Python/{version})"},
        settings=settings,
    )
    client.grantless = _sign_in(settings, "grantless", {"grant_type": "client_credentials", "scope": NOTIFICATIONS_SCOPE})
    client.shut = {}
    return client


def explain(status: int, body: Any) -> tuple[str, str, tuple[Problem, ...]]:
    """Code, words and problems of an error body. Amazon's codes are not uniform: the status decides (Amazon SP-API reference, 4.3)."""
    errors = [one for one in (body.get("errors") if isinstance(body, dict) else None) or () if isinstance(one, dict)]
    code = str(errors[0].get("code") or "") if errors else ""
    message, details = (cleaned(str(errors[0].get(name) or "")) if errors else "" for name in ("message", "details"))
    if status == 403 and "token" in f"{message} {details}".lower():
        return EXPIRED, _MISSING_TOKEN, ()
    if status in (401, 403):
        return code, _MISSING_TOKEN if status == 401 else _DENIED, ()
    if status in _WORDS:
        return code, _WORDS[status], ()
    said = " ".join(part for part in (message, details if details != message else "") if part)
    problems = tuple(_problem(one) for one in errors)
    return code, f"Amazon answered {status}: {said}" if said else "", problems


def cleaned(text: str) -> str:
    """A foreign message without addresses, telephone numbers and tokens, at most 300 characters."""
    for pattern, instead in _PERSONAL:
        text = pattern.sub(instead, text)
    return text if len(text) <= 300 else text[:299] + "…"


def _sign_in(settings: Mapping[str, str], name: str, grant: Mapping[str, str]) -> OAuth:
    return OAuth(
        settings.get("token_url") or TOKEN_URL,
        client_id=settings.get("client_id", ""),
        client_secret=settings.get("client_secret", ""),
        grant=grant,
        early=EARLY,
        in_form=True,
        header=TOKEN_HEADER,
        name=name,
        words=TOKEN_WORDS,
    )


def _problem(error: Mapping[str, Any]) -> Problem:
    code = str(error.get("code") or "")
    return Problem(path="", code=code, message=cleaned(str(error.get("message") or code)), cause=code)
