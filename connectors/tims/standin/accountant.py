"""What the people of TIMS's accounting do to the stand-in: close periods, change accounts and switches, look at the balances."""

from __future__ import annotations

from typing import Any

from connectors.sandbox import Request, Response, Router, Sandbox, reply
from connectors.tims.standin import documents, ledger

ACCOUNTANT = Router()


@ACCOUNTANT.on("POST", "/__sandbox__/edit/{kind}/{key}")
def edit(box: Any, request: Request) -> Response:
    """A person changes a document, such as closing a period: `{"Status": "Closed"}`."""
    return reply(documents.public(box.edit(request.params["kind"], request.params["key"], request.json())))


@ACCOUNTANT.on("POST", "/__sandbox__/company")
def switch(box: Sandbox, request: Request) -> Response:
    """Switches of the company, such as `{"InvoicesShipments": true}`."""
    ledger.set_company(box, **request.json())
    return reply(ledger.company(box))


@ACCOUNTANT.on("GET", "/__sandbox__/trial_balance")
def trial_balance(box: Sandbox, request: Request) -> Response:
    """Debits less credits by account; all of them together are zero."""
    return reply(ledger.balances(box))
