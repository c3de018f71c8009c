"""Control addresses: how often each operation was called, and letting time pass."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.amazon.standin.parts import Part
from connectors.sandbox import Request, Response, Router, reply, rfc3339

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

CALLS = Router()


@CALLS.on("GET", "/__sandbox__/calls")
def calls(box: AmazonSandbox, request: Request) -> Response:
    """Answers by operation and status: `{"getOrder": {"200": 3, "429": 1}}`."""
    return reply(box.counts())


@CALLS.on("POST", "/__sandbox__/advance")
def advance(box: AmazonSandbox, request: Request) -> Response:
    """Lets happen what is due."""
    box.advance()
    return reply({"Now": rfc3339(box.now())})


@CALLS.on("POST", "/__sandbox__/revoke/{region}")
def revoke(box: AmazonSandbox, request: Request) -> Response:
    """The seller takes the authorisation of a region back."""
    box.revoke(request.params["region"])
    return reply({"Revoked": request.params["region"]})


PART = Part(controls=CALLS)
