"""Rate limits that all processes share: one row per limit, one statement that refills and takes."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Mapping

from django.db import connection as database
from django.db.models import F, Value
from django.db.models.functions import Least

from connectors.base import Connector, Limit
from connectors.hooks import Quota
from connectors.registry import connector
from hub.core.lanes import Lane, left_to_others, shares
from hub.models import Connection, RateLimit

LONGEST_BLOCK = 3600.0
"""Seconds that a system's own word can stop all calls, however long it asks for."""
MOST_LEARNED, LEAST_LEARNED = 10, 0.01
"""Times the declared rate between which a learned one is believed."""
_FREE = "{least}(burst, tokens + (%(now)s - refilled_at) * per_second)"
_LEFT = "{greatest}({least}(reserved * %(of_reserved)s + (burst - reserved) * %(of_rest)s, burst - %(n)s), 0)"
_TAKE = f"""
UPDATE hub_ratelimit SET tokens = {_FREE} - %(n)s, refilled_at = %(now)s
WHERE connection_id = %(connection)s AND name = %(name)s AND blocked_until <= %(now)s AND {_FREE} - %(n)s >= {_LEFT}
"""  # noqa: S608 - our own words


def ensure_limits(connection: Connection, connector: Connector) -> None:
    """Writes the connector's declared limits as rows; what was learned stays while the declaration does, what was set by hand always."""
    RateLimit.objects.bulk_create([_row(connection, limit) for limit in connector.limits], ignore_conflicts=True)
    known = {row.name: row for row in RateLimit.objects.filter(connection=connection)}
    for limit in connector.limits:
        row = known[limit.name]
        if row.declared and (row.declared, row.burst, row.reserved) != (limit.per_second, limit.burst, limit.reserved):
            new = {"declared": limit.per_second, "per_second": limit.per_second, "burst": limit.burst, "reserved": limit.reserved}
            RateLimit.objects.filter(pk=row.pk).update(**new)


def _row(connection: Connection, limit: Limit) -> RateLimit:
    return RateLimit(
        connection=connection, name=limit.name, burst=limit.burst, reserved=limit.reserved, per_second=limit.per_second,
        declared=limit.per_second, tokens=limit.burst, refilled_at=time.time(),
    )  # fmt: skip


def take(connection_id: int, name: str, n: int, *, lane: Lane = Lane.URGENT) -> bool:
    """Takes n calls at once, or none; what is left must suffice for the lanes that go first.

    False also where the system told us to wait. A connection without such a limit may always call.
    """
    of_reserved, of_rest = shares(lane)
    values: dict[str, float | str] = {"now": time.time(), "n": n, "of_reserved": of_reserved, "of_rest": of_rest}
    values |= {"connection": connection_id, "name": name}
    return bool(_execute(_TAKE, values)) or not RateLimit.objects.filter(connection_id=connection_id, name=name).exists()


def take_some(connection_id: int, name: str, n: int, *, lane: Lane = Lane.URGENT) -> int:
    """As many of n calls as are left now to this lane; 0 to n."""
    while n > 0 and not take(connection_id, name, n, lane=lane):
        n //= 2
    return n


def owe(connection_id: int, name: str, n: int) -> None:
    """Counts calls that were already made: the bucket may go below zero, and later calls wait for it.

    A negative n gives back what was taken and not used, unless the system has closed the limit meanwhile: then nothing was left.
    """
    rows = RateLimit.objects.filter(connection_id=connection_id, name=name)
    if n > 0:
        rows.update(tokens=F("tokens") - n)
    elif n:
        rows.filter(blocked_until__lte=time.time()).update(tokens=F("tokens") - n)


def wait_for(connection_id: int, name: str, n: int = 1, *, lane: Lane = Lane.URGENT) -> float:
    """Seconds until n calls are free for this lane, by what is known now."""
    row = RateLimit.objects.filter(connection_id=connection_id, name=name).first()
    if row is None:
        return 0.0
    now = time.time()
    free = min(row.burst, row.tokens + (now - row.refilled_at) * row.per_second)
    missing = n + left_to_others(lane, burst=row.burst, reserved=row.reserved, n=n) - free
    refill = max(missing, 0.0) / row.per_second if row.per_second else 60.0
    return max(refill, row.blocked_until - now, 0.0)


def refused(connection_id: int, name: str, retry_after: float | None) -> float | None:
    """The system takes no more calls of this limit: it is empty, and nobody calls for as long as the system says, or until one call is
    refilled. Answers the seconds to wait; None where neither is known."""
    row = RateLimit.objects.filter(connection_id=connection_id, name=name).first()
    if row is None:
        return retry_after
    now, wait = time.time(), retry_after
    if wait is None:
        wait = (1.0 + random.uniform(0.05, 0.25)) / row.per_second if row.per_second else 60.0  # noqa: S311 - parts the crowd
    RateLimit.objects.filter(pk=row.pk).update(tokens=Least(F("tokens"), Value(0.0)), refilled_at=now, refused_at=now)
    block(connection_id, name, wait)
    return wait


def block(connection_id: int, name: str, seconds: float) -> None:
    """The system asked us to wait: nobody calls until then."""
    until = time.time() + min(seconds, LONGEST_BLOCK)
    RateLimit.objects.filter(connection_id=connection_id, name=name, blocked_until__lt=until).update(blocked_until=until)


def learn(connection_id: int, name: str, quota: Quota) -> None:
    """Lowers the bucket to what the system says is left; its own count knows of callers that we do not. Its own rate replaces ours."""
    if quota.per_second is not None:
        _learn_rate(connection_id, name, quota.per_second)
    if quota.remaining is not None:
        RateLimit.objects.filter(connection_id=connection_id, name=name, tokens__gt=quota.remaining).update(
            tokens=quota.remaining, refilled_at=time.time()
        )
    if quota.remaining == 0 and quota.reset_after:
        block(connection_id, name, quota.reset_after)


_RATE = """
UPDATE hub_ratelimit SET tokens = {least}(burst, tokens + {greatest}(%(now)s - refilled_at, 0) * per_second),
  refilled_at = {greatest}(refilled_at, %(now)s), per_second = %(rate)s
WHERE connection_id = %(connection)s AND name = %(name)s AND per_second <> %(rate)s
"""


def _learn_rate(connection_id: int, name: str, per_second: float) -> None:
    """From now on the bucket fills as fast as the system says; what was refilled until now stays."""
    row = RateLimit.objects.filter(connection_id=connection_id, name=name).values_list("declared", "per_second").first()
    if row is None or not row[0] or not math.isfinite(per_second):
        return
    rate = min(max(per_second, row[0] * LEAST_LEARNED), row[0] * MOST_LEARNED)
    if rate != row[1]:
        _execute(_RATE, {"now": time.time(), "rate": rate, "connection": connection_id, "name": name})


def set_rate(limit: RateLimit, per_second: float | None) -> None:
    """A person sets the rate; None lets the system's own hold again: the declared one, until an answer tells another."""
    if per_second is None:
        declared = connector(limit.connection.connector).limits
        per_second = next((one.per_second for one in declared if one.name == limit.name), limit.per_second)
        RateLimit.objects.filter(pk=limit.pk).update(declared=per_second)
    else:
        RateLimit.objects.filter(pk=limit.pk).update(declared=0)
    _execute(_RATE, {"now": time.time(), "rate": per_second, "connection": limit.connection_id, "name": limit.name})


def _execute(statement: str, values: Mapping[str, float | str]) -> int:
    """Runs one of our statements; answers how many rows it changed. SQLite calls least and greatest MIN and MAX."""
    least, greatest = ("MIN", "MAX") if database.vendor == "sqlite" else ("LEAST", "GREATEST")
    with database.cursor() as cursor:
        cursor.execute(statement.format(least=least, greatest=greatest), values)
        return int(cursor.rowcount)
