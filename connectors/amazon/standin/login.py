"""Login with Amazon: tokens for a seller and for the application alone (Amazon SP-API reference, 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.amazon.standin.parts import Part
from connectors.sandbox import Refusal, Request, Response, Router, reply

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

LOGIN = Router()
PATH = "/auth/o2/token"
LIFE = 3600
SCOPES = ("sellingpartnerapi::notifications", "sellingpartnerapi::client_credential:rotation")
FORM = "application/x-www-form-urlencoded"
SELLER_ID = "A2STANDIN"
CLIENT_ID = "amzn1.application-oa2-client.standin"
CLIENT_SECRET = "amzn1.oa2-cs.v1.standin"  # noqa: S105 - the stand-in's own, worth nothing elsewhere


@LOGIN.on("POST", PATH)
def token(box: AmazonSandbox, request: Request) -> Response:
    """An access token of one hour, for a refresh token or for the application alone."""
    if not request.headers.get("content-type", "").lower().startswith(FORM):
        raise Refusal(400, "invalid_request", "The Content-Type must be application/x-www-form-urlencoded")
    form = request.form()
    for name in ("grant_type", "client_id", "client_secret"):
        if not form.get(name):
            raise Refusal(400, "invalid_request", f"The request is missing a required parameter : {name}")
    grants = {"refresh_token": _for_seller, "client_credentials": _for_application}
    if form["grant_type"] not in grants:
        raise Refusal(400, "unsupported_grant_type", "The authorization grant type is not supported by the authorization server")
    if box.clients.get(form["client_id"]) != form["client_secret"]:
        raise Refusal(401, "invalid_client", "Client authentication failed")
    return grants[form["grant_type"]](box, form)


def _for_seller(box: AmazonSandbox, form: dict[str, str]) -> Response:
    given = form.get("refresh_token", "")
    row = box.book.get("refresh", given)
    if row is None or row["Client"] != form["client_id"] or row.get("Revoked"):
        raise Refusal(400, "invalid_grant", "The request has an invalid grant parameter : refresh_token")
    value = box.tokens.issue("Atza|", seconds=LIFE, client=form["client_id"], seller=row["Seller"], region=row["Region"])
    return reply({"access_token": value, "token_type": "bearer", "expires_in": LIFE, "refresh_token": given})


def _for_application(box: AmazonSandbox, form: dict[str, str]) -> Response:
    if form.get("scope", "") not in SCOPES:
        raise Refusal(400, "invalid_scope", "The request has an invalid parameter : scope")
    value = box.tokens.issue("Atc|", seconds=LIFE, client=form["client_id"], seller="", region="", scope=form["scope"])
    return reply({"access_token": value, "token_type": "bearer", "expires_in": LIFE})


PART = Part(routes=LOGIN)
