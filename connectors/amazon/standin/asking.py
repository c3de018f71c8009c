"""Reads query parameters as strictly as Amazon does: lists are comma-joined, ids are known, times are times."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING

from connectors.amazon.regions import MARKETPLACES
from connectors.amazon.times import normalised
from connectors.sandbox import Refusal, Request

if TYPE_CHECKING:
    from connectors.amazon.sandbox import AmazonSandbox

INVALID = "InvalidInput"


def invalid(message: str, details: str = "") -> Refusal:
    """400 in Amazon's words."""
    return Refusal(400, INVALID, message, details=details)


def known(request: Request, names: Collection[str]) -> None:
    """Raises Refusal 400 for a parameter that the operation does not have."""
    for name in request.query:
        if name not in names:
            raise invalid(f"Unknown parameter {name}.")


def listed(request: Request, name: str, *, most: int = 0, of: Collection[str] = ()) -> list[str]:
    """A comma-joined list; [] when it is not given. Raises Refusal 400 for a repeated key, too many entries or an unknown one."""
    given = request.query.get(name, [])
    if len(given) > 1:
        raise invalid(f"{name} must be given once, as a comma-delimited list.")
    found = [one for one in "".join(given).split(",") if one]
    if most and len(found) > most:
        raise invalid(f"{name} has {len(found)} entries; at most {most} are allowed.")
    if of and any(one not in of for one in found):
        raise invalid(f"Invalid '{name}' provided.")
    return found


def marketplaces(box: AmazonSandbox, request: Request, *, most: int = 0, name: str = "marketplaceIds") -> list[str]:
    """The marketplaces of a call, all of them the caller's. Raises Refusal 400 or 403."""
    found = listed(request, name, most=most)
    if not found:
        raise invalid(f"{name} is required.")
    admitted(box, request, found)
    return found


def admitted(box: AmazonSandbox, request: Request, wanted: Collection[str]) -> None:
    """Raises Refusal 400 for a marketplace that there is not, 403 for one where the caller does not sell or that is denied."""
    if any(one not in MARKETPLACES for one in wanted):
        raise invalid("Invalid marketplace id.")
    if box.denied_marketplaces.intersection(wanted) or set(wanted) - set(request.principal.marketplaces):
        raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")


def own(request: Request, seller: str) -> None:
    """Raises Refusal 403 for another seller's address."""
    if seller != request.principal.seller:
        raise Refusal(403, "Unauthorized", "Access to requested resource is denied.")


def number(request: Request, name: str, *, default: int, most: int) -> int:
    """A whole number from 1 to `most`."""
    text = request.arg(name) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid(f"{name} must be a number from 1 to {most}.")
    return int(text)


def time(request: Request, name: str) -> str:
    """A time in the form that sorts; "" when it is not given. Raises Refusal 400 for what is no time with a zone."""
    text = request.arg(name)
    try:
        if text and datetime.fromisoformat(text).tzinfo is None:
            raise ValueError(text)
    except ValueError:
        raise invalid(f"{name} is not a date-time in ISO 8601 format.") from None
    return normalised(text)
