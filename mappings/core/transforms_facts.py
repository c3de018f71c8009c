"""Transforms that ask about other records, and about what the target's shipping methods allow."""

from __future__ import annotations

from typing import Any

from mappings.core.declare import Argument, Given, Transform, Work
from mappings.core.lookups import found_in_table
from mappings.core.operands import is_blank, truth, txt
from mappings.core.refusal import RefusedError, UnansweredError
from mappings.core.state import State


def _reference(given: Given) -> Work:
    stream, other = given.text("stream"), given.path("key")

    def work(value: Any, state: State) -> Any:
        if other is not None and not is_blank(value):
            return value
        key = other(state) if other is not None else value
        if is_blank(key):
            return None
        answer = state.ask("reference", stream, txt(key).strip())
        if answer is None:
            raise UnansweredError("waits for the other record")
        return answer

    return work


def _known(given: Given) -> Work:
    stream, miss = given.text("stream"), given.text("miss")

    def work(value: Any, state: State) -> Any:
        key = txt(value).strip()
        answer = state.ask("record", stream, key)
        if answer is None and miss == "error":
            state.waits.pop()
            words = f'"{key[:80]}" does not exist in the target\'s {stream}. Create it there or add an alias, then retry.'
            raise RefusedError(words, code="unknown_record", value=key, cause=f"unknown_record:{stream}:{key[:80]}")
        return answer or key

    return work


def _hazmat(given: Given) -> Work:
    stream, allowed, method_of, when = given.text("stream"), given.text("allowed"), given.path("method"), given.formula("when")

    def work(value: Any, state: State) -> Any:
        method, key = txt(method_of(state)) if method_of else "", txt(value).strip()
        hazard = _hazard(stream, key, state)
        if not hazard or not method or found_in_table(state.facts.tables, allowed, method):
            return value
        if when is not None and not truth(when(state)):
            return value
        words = (
            f"{key[:80]} is hazardous goods (class {hazard}), which {method} does not carry. Choose another shipping method, then retry."
        )
        raise RefusedError(words, code="hazmat", value=key, cause=f"hazmat:{method}:{key[:80]}")

    return work


def _hazard(stream: str, key: str, state: State) -> str:
    """The hazard class, "" for none. Without an answer yet the question is noted: the record is applied again when it is there."""
    try:
        answer = state.ask("hazard", stream, key)
    except UnansweredError:
        return ""
    if answer is None:
        state.waits.pop()
    return answer or ""


def _pobox(given: Given) -> Work:
    kind_of, fallback = given.path("kind"), given.text("fallback")
    tables = {"POBox": given.text("pobox"), "Military": given.text("military")}

    def work(value: Any, state: State) -> Any:
        kind, method = txt(kind_of(state)) if kind_of else "", txt(value)
        allowed = tables.get(kind)
        if allowed is None or found_in_table(state.facts.tables, allowed, method):
            return value
        other = found_in_table(state.facts.tables, fallback, method)
        words = "a PO box" if kind == "POBox" else "a military address"
        if other is not None and found_in_table(state.facts.tables, allowed, other):
            state.warn(RefusedError(f"{method} does not deliver to {words}; {other} was chosen.", code="pobox", cause=f"pobox:{method}"))
            return other
        stuck = f"{method} does not deliver to {words} and {fallback} has no way out. Choose a method, or add a row."
        state.warn(RefusedError(stuck, code="pobox", cause=f"pobox:{method}", hold="ADDRESS"))
        return value

    return work


STREAM = Argument(name="stream", label="Stream", required=True)
FACTS = (
    Transform(
        name="reference", label="The target's id", help="The target's id of another source record; waits until it is there.",
        build=_reference, takes_blank=True, asks=True,
        args=(STREAM, Argument(name="key", label="Only when empty, ask for", type="path", help="A value that is already there is kept.")),
    ),
    Transform(
        name="known", label="Must exist", help="The target's own spelling of a key that must exist there; waits until it does.",
        build=_known, asks=True,
        args=(
            STREAM,
            Argument(name="miss", label="When it does not", type="choice", default="wait", choices=(("wait", "Wait"), ("error", "Refuse"))),
        ),
    ),
    Transform(
        name="hazmat", label="Carried as hazardous goods", build=_hazmat, asks=True,
        help="Refuses an item with a hazard class when the order's shipping method does not carry hazardous goods.",
        args=(
            STREAM,
            Argument(name="allowed", label="Lookup table of methods that carry them", type="table", default="allows_hazmat"),
            Argument(name="method", label="Shipping method", type="path", default="$target.ShippingMethod"),
            Argument(name="when", label="Only when", type="formula"),
        ),
    ),
    Transform(
        name="pobox", label="Allowed for the address", build=_pobox,
        help="Replaces a shipping method that does not deliver to PO boxes or military addresses; holds ADDRESS when there is no other.",
        args=(
            Argument(name="kind", label="Address type", type="path", default="$target.ShippingAddress.AddressType"),
            Argument(name="fallback", label="Lookup table of replacements", type="table", default="pobox_fallback"),
            Argument(name="pobox", label="Lookup table of methods to PO boxes", type="table", default="allows_pobox"),
            Argument(name="military", label="Lookup table of methods to military addresses", type="table", default="allows_military"),
        ),
    ),
)  # fmt: skip
