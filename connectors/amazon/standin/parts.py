"""What an area of the stand-in is made of: operations with their usage plans, tables, and what happens by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from connectors.amazon.plans import USAGE
from connectors.sandbox import Router
from connectors.sandbox.web import Act

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

PLANS: dict[str, tuple[float, int]] = {
    **{name: (per_second, burst) for name, _label, per_second, burst, _reserved in USAGE},
    "deleteListingsItem": (5, 5),
    "JSON_LISTINGS_FEED": (5 / 300, 5),
    "cancelFeed": (2, 15),
    "cancelReport": (0.0222, 10),
    "listBalances": (0.5, 10),
}
"""Calls per second and burst by operation (Amazon SP-API reference, 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation as Amazon names it. `plan` names its usage plan; a grantless one takes the application's own token."""

    name: str
    plan: str
    grantless: bool = False


NAMED: dict[Act, Operation] = {}
"""What each act stands for."""


class Operations(Router):
    """Routes that stand for operations: `@OPS.operation("getOrder", "GET", "/orders/2026-01-01/orders/{order_id}")`.

    Token, user agent, content type and usage plan are checked before the act, rate and request id are added to its answer.
    """

    def operation(self, name: str, method: str, path: str, *, plan: str = "", grantless: bool = False) -> Callable[[Act], Act]:
        """Registers what follows as one operation. Without a `plan` of another name the operation's own counts (PLANS)."""
        stands_for = Operation(name=name, plan=plan or name, grantless=grantless)
        if stands_for.plan not in PLANS:
            raise KeyError(f"{stands_for.plan} has no usage plan")

        def register(act: Act) -> Act:
            NAMED[act] = stands_for
            return self.on(method, path)(act)

        return register


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One area. `declare(box)` runs once at the start: indexes, orders, listeners. `seed(box)` fills what a fresh account holds.

    `advance(box, now)` moves what happens by itself; it runs before every call, so it must be cheap when nothing is due.
    `controls` are addresses below /__sandbox__/.
    """

    routes: Router = field(default_factory=Operations)
    controls: Router = field(default_factory=Router)
    declare: Callable[[AmazonSandbox], None] | None = None
    seed: Callable[[AmazonSandbox], None] | None = None
    advance: Callable[[AmazonSandbox, datetime], None] | None = None


def joined(routers: list[Router]) -> Router:
    """All routes in one."""
    whole = Router()
    whole.add(*routers)
    return whole


def envelope(code: str, message: str, details: Any = "") -> dict[str, Any]:
    """Amazon's error body (Amazon SP-API reference, 4.3)."""
    return {"errors": [{"code": code, "message": message, "details": details}]}
