"""The control addresses under /__sandbox__/; only this machine may use them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.sandbox.clock import rfc3339
from connectors.sandbox.web import Refusal, Request, Response, Router, reply

if TYPE_CHECKING:
    from connectors.sandbox.box import Sandbox


CONTROL = Router()


@CONTROL.on("POST", "/__sandbox__/faults")
def add_fault(box: Sandbox, request: Request) -> Response:
    """`{"Match": {"Method", "Path"}, "Fault": "503", "Count", "Skip", "RetryAfter", "Seconds", "Probability"}`."""
    wish = request.json()
    match = wish.get("Match") or {}
    names = (("Count", "count"), ("Skip", "skip"), ("RetryAfter", "retry_after"), ("Seconds", "seconds"), ("Probability", "probability"))
    more = {ours: float(wish[theirs]) if ours == "probability" else wish[theirs] for theirs, ours in names if theirs in wish}
    try:
        box.faults.add(str(wish["Fault"]), match.get("Path", "*"), method=match.get("Method", "*"), **more)
    except (KeyError, ValueError) as error:
        raise Refusal(400, "invalid_parameter", str(error)) from None
    return reply(box.faults.listing())


@CONTROL.on("DELETE", "/__sandbox__/faults")
def clear_faults(box: Sandbox, request: Request) -> Response:
    """Switches all faults off."""
    box.faults.clear()
    return reply([])


@CONTROL.on("POST", "/__sandbox__/clock")
def set_clock(box: Sandbox, request: Request) -> Response:
    """`{"Now": "2026-11-20T10:00:00Z", "Frozen": true}`, `{"Advance": 3600}` or `{}` for real time."""
    wish = request.json()
    if "Now" in wish:
        box.clock.set(datetime.fromisoformat(wish["Now"]), frozen=bool(wish.get("Frozen")))
    elif "Advance" in wish:
        box.clock.advance(float(wish["Advance"]))
    else:
        box.clock.reset()
    return reply({"Now": rfc3339(box.now())})


@CONTROL.on("POST", "/__sandbox__/seed")
def seed(box: Sandbox, request: Request) -> Response:
    """Seeds with the options in the body."""
    return _done(lambda: box.seed(**(request.json() if request.body else {})), box)


@CONTROL.on("POST", "/__sandbox__/reset")
def reset(box: Sandbox, request: Request) -> Response:
    """Forgets everything and seeds again."""
    return _done(box.reset, box)


@CONTROL.on("POST", "/__sandbox__/tokens/expire")
def expire_tokens(box: Sandbox, request: Request) -> Response:
    """Ends all access tokens now."""
    return reply({"Expired": box.tokens.expire_all()})


@CONTROL.on("POST", "/__sandbox__/webhooks/flush")
def flush(box: Sandbox, request: Request) -> Response:
    """Sends everything that waits, now."""
    return reply({"Pending": box.webhooks.flush()})


@CONTROL.on("POST", "/__sandbox__/webhooks/mischief")
def mischief(box: Sandbox, request: Request) -> Response:
    """`{"twice": true, "shuffle": 5, "delay": 2, "paused": false}`, any of them."""
    for name, value in request.json().items():
        if name not in ("twice", "shuffle", "delay", "paused"):
            raise Refusal(400, "invalid_parameter", f"{name} is not known.")
        setattr(box.webhooks.mischief, name, value)
    return state(box, request)


@CONTROL.on("GET", "/__sandbox__/state")
def state(box: Sandbox, request: Request) -> Response:
    """Clock, row counts, faults, waiting webhooks and answered calls."""
    about: dict[str, Any] = {"Label": box.label, "Now": rfc3339(box.now()), "Rows": box.book.kinds(), "Faults": box.faults.listing()}
    return reply({**about, "WebhooksPending": box.webhooks.pending(), "Answered": dict(box.counted)})


@CONTROL.on("GET", "/__sandbox__/book/{kind}")
def book(box: Sandbox, request: Request) -> Response:
    """All rows of a kind as a list, for comparison."""
    return reply(list(box.book.rows(request.params["kind"])))


def _done(act: Callable[[], None], box: Sandbox) -> Response:
    with box.book.transaction():
        act()
    return reply({"Rows": box.book.kinds()})
