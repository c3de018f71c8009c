"""Connects to ChannelAdvisor: OAuth with a refresh token, the profile header, and what its errors mean in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from connectors.auth import OAuth
from connectors.errors import Problem, TransientError
from connectors.hooks import Hooks
from connectors.http import TIMEOUT, JsonClient

LABEL = "ChannelAdvisor"
RENEW_EARLY = 120.0
SLOW_LISTS = (10.0, 300.0)

_NEXT_STEP = {
    "invalid_token": "ChannelAdvisor does not accept the access token. Authorise the connection again.",
    "insufficient_scope": "The authorisation lacks a right (scope). Authorise the connection again with the scope 'orders'.",
    "profile_required": "The authorisation sees several profiles. Enter the profile number in the connection.",
    "profile_forbidden": "The authorisation does not see this profile. Check the profile number in the connection.",
    "ip_not_allowed": "ChannelAdvisor does not allow calls from this server's address. Add the address in the developer console.",
    "not_found": "ChannelAdvisor does not know this record (any more).",
    "cursor_expired": "The place in ChannelAdvisor's list is no longer valid; the list is read again.",
    "cursor_mismatch": "ChannelAdvisor refused the place in the list because the filters changed.",
    "rate_limited": "ChannelAdvisor asks to slow down: too many calls in this minute.",
    "too_many_concurrent": "ChannelAdvisor asks to slow down: too many calls at the same time.",
    "version_mismatch": "The order changed at ChannelAdvisor in the meantime.",
    "payload_too_large": "The call was too large for ChannelAdvisor.",
    "unavailable": "ChannelAdvisor is not available at the moment.",
    "internal": "ChannelAdvisor had an internal error.",
}
_DENIED = "ChannelAdvisor denied the request: the token is not valid or lacks the right. Authorise the connection again."
_PERSONAL = (
    (re.compile(r"[^\s@'\"<>]+@[^\s@'\"<>]+"), "[e-mail]"),
    (re.compile(r"\b(?:ca_[ar]t_|Bearer\s+)\S+", re.IGNORECASE), "[secret]"),
    (re.compile(r"access_token=[^&\s]+", re.IGNORECASE), "access_token=[secret]"),
    (re.compile(r"\+?\d[\d\s().-]{7,}\d"), "[number]"),
)


def connect(settings: Mapping[str, str], hooks: Hooks) -> JsonClient:
    """A client of one connection. Lists of the published API may take minutes, hence its long timeout (B4)."""
    base = settings["base_url"].rstrip("/")
    auth = OAuth(
        f"{base}/oauth2/token",
        client_id=settings["application_id"],
        client_secret=settings["shared_secret"],
        grant={"grant_type": "refresh_token", "refresh_token": settings["refresh_token"]},
        early=RENEW_EARLY,
        rotates="refresh_token",
    )
    profile = settings.get("profile_id", "").strip()
    published = settings.get("dialect") == "rest-v1"
    return JsonClient(
        base,
        auth=auth,
        hooks=hooks,
        label=LABEL,
        explain=explain,
        headers={"X-ChannelAdvisor-Profile": profile} if profile and not published else {},
        timeout=SLOW_LISTS if published else TIMEOUT,
        settings=settings,
    )


def explain(status: int, body: Any) -> tuple[str, str, tuple[Problem, ...]]:
    """Code, words and problems of an error body.

    Understands the v2 form, the answer of a batch of which nothing was accepted, and the three shapes of the published API
    (ChannelAdvisor API reference, A2.3, A2.6, B4.1). Details come without the value that stood there: it may be personal.
    """
    if not isinstance(body, dict):
        return "", "", ()
    if isinstance(body.get("Results"), list):
        return "batch_refused", "ChannelAdvisor accepted nothing of this batch.", tuple(_batch_problems(body["Results"]))
    error = body.get("Error")
    if isinstance(error, dict):
        code = str(error.get("Code") or "")
        return code, _words(status, code, str(error.get("Message") or "")), tuple(_details(error))
    published = body.get("error")
    if isinstance(published, dict):
        return str(published.get("code") or ""), _words(status, "", str(published.get("message") or "")), ()
    if isinstance(published, str):
        return published, _words(status, published, ""), ()
    if isinstance(body.get("Message"), str):
        return "", _words(status, "", body["Message"]), ()
    return "", "", ()


def cleaned(text: str) -> str:
    """A foreign message without addresses, numbers and tokens, at most 200 characters."""
    for pattern, instead in _PERSONAL:
        text = pattern.sub(instead, text)
    return text if len(text) <= 200 else text[:199] + "…"


def without_token(link: str) -> str:
    """A next link without the access token that the vendor may repeat in it (ChannelAdvisor API reference, B2)."""
    parts = urlsplit(link)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name.lower() != "access_token"]
    return urlunsplit(parts._replace(query=urlencode(kept)))


def rows_of(body: Any, name: str) -> list[Any]:
    """The rows of a list answer. TransientError when the answer is not a list: nothing may be taken for an empty page."""
    rows = body.get(name) if isinstance(body, dict) else None
    if not isinstance(rows, list):
        raise TransientError(f"{LABEL} answered with something that is not a list.")
    return rows


def _words(status: int, code: str, message: str) -> str:
    if code in _NEXT_STEP:
        return _NEXT_STEP[code]
    if status == 401:
        return _DENIED
    return f"ChannelAdvisor answered {status}: {cleaned(message)}" if message else ""


def _details(error: Mapping[str, Any]) -> list[Problem]:
    details = error.get("Details")
    return [
        _problem(str(one.get("Field") or ""), str(one.get("Code") or ""), str(one.get("Message") or ""))
        for one in (details if isinstance(details, list) else [])
        if isinstance(one, dict)
    ]


def _batch_problems(results: list[Any]) -> list[Problem]:
    found = []
    for place, one in enumerate(results):
        error = one.get("Error") if isinstance(one, dict) else None
        if isinstance(error, dict):
            found.append(_problem(f"Items[{place}]", str(error.get("Code") or ""), str(error.get("Message") or "")))
    return found


def _problem(path: str, code: str, message: str) -> Problem:
    return Problem(path=path, code=code, message=cleaned(message), cause=code)
