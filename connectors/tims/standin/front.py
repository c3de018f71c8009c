"""The door of the stand-in: tokens and ping."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from connectors.sandbox import Request, Response, Router, reply, rfc3339

if TYPE_CHECKING:
    from connectors.tims.sandbox import TimsSandbox

FRONT = Router()
TOKEN_SECONDS = 1800
COMPANY, RELEASE = "MAIN", "V8R19"


@FRONT.on("POST", "/oauth/token")
def token(box: TimsSandbox, request: Request) -> Response:
    """Client credentials in the form or as Basic; refusals follow RFC 6749."""
    form = request.form()
    client, secret = _client(request, form)
    if form.get("grant_type") != "client_credentials":
        return reply({"error": "unsupported_grant_type"}, 400)
    if box.credentials.get(client) != secret or not secret:
        return reply({"error": "invalid_client", "error_description": "Unknown client or wrong secret."}, 401)
    wanted = form.get("scope", "").split() or list(box.scopes)
    granted = [one for one in wanted if one in box.scopes or one.removesuffix(".read") in box.scopes]
    if not granted:
        return reply({"error": "invalid_scope"}, 400)
    value = box.tokens.issue("tims_at_", seconds=TOKEN_SECONDS, name=client, scopes=granted)
    return reply({"access_token": value, "token_type": "Bearer", "expires_in": TOKEN_SECONDS, "scope": " ".join(granted)})


def _client(request: Request, form: dict[str, str]) -> tuple[str, str]:
    basic = request.headers.get("authorization", "")
    if not basic.startswith("Basic "):
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
    except ValueError:
        return "", ""
    return client, secret


@FRONT.on("GET", "/api/v1/ping")
def ping(box: TimsSandbox, request: Request) -> Response:
    """Which TIMS this is."""
    return reply({"Company": COMPANY, "Environment": box.environment, "Version": RELEASE, "ServerTime": rfc3339(box.now())})
