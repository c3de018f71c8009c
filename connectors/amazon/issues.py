"""What Amazon finds wrong with a listing, in words (Amazon SP-API reference, 8.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.amazon.client import cleaned
from connectors.errors import Problem, RejectedError

MOST_SHOWN = 3
_PLACES = {"fulfillment_availability": "quantity", "purchasable_offer": "price", "sku": "sku", "product_type": "productType"}


def errors(issues: Any) -> tuple[Problem, ...]:
    """A Problem for every attribute that an issue of severity ERROR names."""
    return tuple(problem for issue in _of(issues, ("ERROR",)) for problem in _problems(issue))


def warnings(issues: Any) -> tuple[str, ...]:
    """The messages of issues that did not stop the change."""
    return tuple(dict.fromkeys(problem.message for issue in _of(issues, ("WARNING", "INFO")) for problem in _problems(issue)[:1]))


def refusal(sku: str, problems: tuple[Problem, ...], *, also: str = "") -> RejectedError:
    """Amazon refused a change of a listing: all problems, the first ones in the message."""
    told = list(dict.fromkeys(one.message for one in problems))
    words = f"Amazon refused the change of listing {sku}{f' ({also})' if also else ''}. {' '.join(told[:MOST_SHOWN])}"
    more = f" … ({len(told)} problems in all)" if len(told) > MOST_SHOWN else ""
    return RejectedError(f"{words.strip()}{more}", code="invalid", problems=problems)


def _of(issues: Any, severities: tuple[str, ...]) -> Iterable[dict[str, Any]]:
    listed = issues if isinstance(issues, list) else ()
    return (one for one in listed if isinstance(one, dict) and str(one.get("severity") or "ERROR").upper() in severities)


def _problems(issue: dict[str, Any]) -> list[Problem]:
    code, said = str(issue.get("code") or "invalid"), cleaned(str(issue.get("message") or "Amazon gives no reason."))
    named = [str(one) for one in issue.get("attributeNames") or () if one] or [str(issue.get("attributeName") or "")]
    return [_problem(code, said, attribute) for attribute in named]


def _problem(code: str, said: str, attribute: str) -> Problem:
    path = _PLACES.get(attribute) or (f"attributes.{attribute}" if attribute else "")
    return Problem(path=path, code=code, message=said if said.endswith((".", "!", "?")) else f"{said}.", cause=f"{code}:{attribute}")
