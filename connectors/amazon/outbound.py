"""Multi-channel fulfilment in words of our own, so that Amazon's versions are adapters (Amazon SP-API reference, 11)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from connectors.base import Payload, Reference
from connectors.errors import MissingError, Problem, RejectedError, TransientError
from connectors.http import JsonClient

LONGEST_ID = 40
MOST_UNITS = 250
CHANGEABLE = frozenset({"New", "Received"})
"""Amazon refuses changes once its planning has begun."""
SHIPPED = frozenset({"Complete", "CompletePartialled"})
UNSHIPPED = frozenset({"Cancelled", "Unfulfillable", "Invalid"})
FINAL = SHIPPED | UNSHIPPED
ADDRESS = (
    "name", "addressLine1", "addressLine2", "addressLine3", "city", "districtOrCounty", "stateOrRegion", "postalCode", "countryCode",
    "phone",
)  # fmt: skip
"""The fields of an address, alike in all versions."""
_STATUSES = ("New", "Received", "Planning", "Processing", "Cancelled", "Complete", "CompletePartialled", "Unfulfillable", "Invalid")
_BY_LETTERS = {one.lower(): one for one in _STATUSES} | {"completepartial": "CompletePartialled", "canceled": "Cancelled"}
_NEITHER = re.compile(r"[^A-Za-z0-9]+")
_MARK = re.compile(r"-x[0-9a-f]{8}$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One version of the API. Orders and changes are the neutral payloads of `schemas/`; paths are relative to the base address.

    `create(order_id, order, marketplace)` and `change(change)` answer bodies; `change` raises UnsupportedError for what the version
    cannot change. `order(answer)` reads one order, `page(answer)` the orders of a list and the next token; `whole`: a list shows orders
    with their shipments. `since` and `next_page` name the parameters of a list; `together`: the token goes with the same parameters.
    """

    path: str
    create: Callable[[str, Payload, str], Payload]
    change: Callable[[Payload], Payload]
    order: Callable[[Any], Payload]
    page: Callable[[Any], tuple[list[Payload], str]]
    since: str
    next_page: str
    together: bool
    whole: bool


def dialect(settings: Mapping[str, str]) -> Dialect:
    """The version that the connection chose. Raises RejectedError for one that is not known."""
    from connectors.amazon import outbound_2020, outbound_2026

    known: dict[str, Dialect] = {outbound_2020.VERSION: outbound_2020.DIALECT, outbound_2026.VERSION: outbound_2026.DIALECT}
    wanted = settings.get("outbound_version") or outbound_2020.VERSION
    if wanted not in known:
        raise RejectedError(f"Version {wanted} of Fulfilment by Amazon is not known; choose one of {', '.join(known)} in the connection.")
    return known[wanted]


def order_id(reference: Reference) -> str:
    """The fulfilment order's own number, the same on every attempt: `ChannelAdvisor-19918546`, at most 40 letters, digits and dashes.

    A name that had to be changed or cut ends with a mark of its own, so that two records never share a number.
    """
    plain = f"{reference.system}-{reference.key}".strip("-")
    name = _NEITHER.sub("-", plain).strip("-")
    if name == plain and len(name) <= LONGEST_ID and not _MARK.search(name):
        return name
    mark = "x" + hashlib.sha256(f"{reference.system}\x1f{reference.key}".encode()).hexdigest()[:8]
    return f"{name[: LONGEST_ID - len(mark) - 1]}-{mark}"


def origin(name: str) -> Payload:
    """System and number of the record behind an order's number, where that number tells them."""
    system, _, key = name.partition("-")
    return {"sourceSystem": system, "sourceKey": key} if key and not _MARK.search(name) else {}


def fetch(client: JsonClient, name: str) -> Payload:
    """A fulfilment order as Amazon has it. Raises MissingError."""
    version = dialect(client.settings)
    return version.order(client.call("GET", f"{version.path}/{name}", limit="getFulfillmentOrder").body)


def held(client: JsonClient, name: str) -> Payload | None:
    """The same, None when Amazon has none."""
    try:
        return fetch(client, name)
    except MissingError:
        return None


def status(value: Any) -> str:
    """A status in its usual spelling; Amazon itself writes it in several ways (Amazon SP-API reference, 11.3)."""
    text = str(value or "")
    return _BY_LETTERS.get(_NEITHER.sub("", text).lower(), text)


def check(order: Payload) -> None:
    """What no schema can say: at most 250 units, and line numbers that tell lines apart. Raises RejectedError."""
    lines = order.get("lines") or ()
    problems = []
    units = sum(int(line.get("quantity") or 0) for line in lines)
    if units > MOST_UNITS:
        words = f"The order has {units} units; Amazon takes at most {MOST_UNITS} in one fulfilment order. Divide it."
        problems.append(Problem(path="lines", code="too_many", message=words, cause="too_many_units"))
    names = [line.get("lineId") for line in lines]
    if len(set(names)) < len(names):
        words = "Two lines have the same number; each needs its own."
        problems.append(Problem(path="lines[].lineId", code="not_unique", message=words, cause="not_unique:lines"))
    if problems:
        raise RejectedError(" ".join(one.message for one in problems), code="rejected", problems=tuple(problems))


def money(amount: Any) -> str:
    """An amount as Amazon writes it here: a plain decimal text."""
    return f"{Decimal(str(amount)):f}"


def whole_number(value: Any) -> int:
    """A quantity; newer versions write `1.0` as text."""
    return int(Decimal(str(value or 0)))


def filled(fields: Mapping[str, Any]) -> Payload:
    """Only the fields that hold something."""
    return {name: value for name, value in fields.items() if value not in (None, "", [], {})}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The groups of a list that may be missing."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def group(value: Any) -> Mapping[str, Any]:
    """A group of fields that may be missing."""
    return value if isinstance(value, dict) else {}


def needed(value: Any) -> Mapping[str, Any]:
    """A group without which an answer makes no sense. Raises TransientError."""
    if not isinstance(value, dict) or not value:
        raise TransientError("Amazon answered with something that is not a fulfilment order.")
    return value


def boxed(packages: Sequence[Payload]) -> list[Payload]:
    """Packages in a fixed order, since a changed order is no change."""
    return sorted(packages, key=lambda one: str(one.get("packageId")))
