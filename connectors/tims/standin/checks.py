"""Is a body what the contract says? In the words and codes of TIMS."""

from __future__ import annotations

import unicodedata
from decimal import Decimal
from typing import Any

from connectors import schema
from connectors.errors import Problem
from connectors.sandbox import Refusal, Request, Row, Sandbox

PACKAGE = "connectors.tims"
STATE_COUNTRIES = frozenset({"US", "CA", "AU", "MX", "BR", "IN", "MY", "JP"})
NO_POSTAL_CODE = frozenset({"HK", "AE", "IE", "QA", "PA", "BO", "GH", "JM", "MO", "AG", "BS", "BZ", "FJ", "KI", "ML", "YE", "ZW"})
RECORDS = {"sales_order": "sales_order_record", "customer": "customer_record", "shipment": "package", "gl_entry": "gl_entry_record",
           "invoice": "invoice_record", "payment": "payment_record"}  # fmt: skip
Flaw = dict[str, Any]


def flaw(path: str, code: str, message: str, value: Any = None, **more: Any) -> Flaw:
    """One entry of `Fields`."""
    shown = {} if value is None else {"Value": value}
    return {"Path": path, "Code": code, "Message": message, **shown, **more}


def refuse(what: str, flaws: list[Flaw]) -> None:
    """Raises Refusal 422 `validation_failed` when there are flaws."""
    if flaws:
        errors = "1 error" if len(flaws) == 1 else f"{len(flaws)} errors"
        raise Refusal(422, "validation_failed", f"The {what} was not accepted: {errors}.", Fields=flaws)


def tidy(value: Any, path: str = "") -> tuple[Any, list[Flaw]]:
    """Strings trimmed and composed (NFC); control characters are flaws."""
    if isinstance(value, str):
        text = unicodedata.normalize("NFC", value.strip())
        bad = any(unicodedata.category(sign) == "Cc" and sign not in "\r\n\t" for sign in text)
        return text, [flaw(path, "invalid_character", "Control characters are not allowed.")] if bad else []
    flaws: list[Flaw] = []
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        for name, held in value.items():
            made[name], more = tidy(held, f"{path}.{name}" if path else name)
            flaws += more
        return made, flaws
    if isinstance(value, list):
        entries = []
        for at, held in enumerate(value):
            entry, more = tidy(held, f"{path}[{at}]")
            entries.append(entry)
            flaws += more
        return entries, flaws
    return value, []


def shape(request: Request, body: Any, name: str, *, partial: bool = False) -> tuple[Row, list[Flaw]]:
    """The tidied body and what is wrong with its shape. `partial`: a PATCH, where nothing at the top is required."""
    if not isinstance(body, dict):
        raise Refusal(400, "malformed_json", "The body must be an object.")
    made, flaws = tidy(body)
    lenient = "handling=lenient" in request.headers.get("prefer", "")
    for problem in schema.validate(PACKAGE, name, made):
        if problem.code == "unknown_field" and lenient:
            made.pop(problem.path, None)
        elif not (partial and problem.code == "required" and "." not in problem.path and problem.path not in made):
            flaws.append(_flaw(problem, made, name))
    return made, flaws


def _flaw(problem: Problem, body: Row, name: str) -> Flaw:
    value = at(body, problem.path)
    if problem.code == "unknown_field" and any(one.path == problem.path for one in _record_fields(name)):
        return flaw(problem.path, "read_only", "This member is set by TIMS.")
    if problem.code == "type_mismatch":
        return flaw(problem.path, "type_mismatch", f"Another type expected, {_kind(value)} given.", value)
    if problem.code == "invalid_format" and any(
        one.path == plain(problem.path) and one.type == "date" for one in schema.fields(PACKAGE, name)
    ):
        return flaw(problem.path, "type_mismatch", "Date (YYYY-MM-DD) expected.", value, Expected="date")
    words = {"required": "A value is required.", "max_length": "Too long.", "unknown_field": "This member is not known."}
    return flaw(problem.path, problem.code, words.get(problem.code, "Not allowed."), value if not isinstance(value, dict | list) else None)


def _record_fields(name: str) -> tuple[schema.Field, ...]:
    return schema.fields(PACKAGE, RECORDS[name]) if name in RECORDS else ()


def _kind(value: Any) -> str:
    kinds = ((bool, "boolean"), (str, "string"), (int | Decimal, "number"), (list, "array"), (dict, "object"))
    return next((word for kind, word in kinds if isinstance(value, kind)), "null")


def plain(path: str) -> str:
    """`LineItems[1].SKU` as a schema path: `LineItems[].SKU`."""
    return "".join(f"[]{piece.partition(']')[2]}" if nth else piece for nth, piece in enumerate(path.split("[")))


def at(body: Any, path: str) -> Any:
    """The value at a path such as `LineItems[1].SKU`, None where there is none."""
    for piece in path.replace("]", "").replace("[", ".").split("."):
        if isinstance(body, dict):
            body = body.get(piece)
        elif isinstance(body, list) and piece.isdigit() and int(piece) < len(body):
            body = body[int(piece)]
        else:
            return None
    return body


def address_flaws(address: Row | None, path: str) -> list[Flaw]:
    """What a schema cannot say: states and postal codes by country."""
    if not address:
        return []
    country, flaws = address.get("Country"), []
    if country in STATE_COUNTRIES and not address.get("StateOrProvince"):
        flaws.append(flaw(f"{path}.StateOrProvince", "required", f"A state or province is required in {country}."))
    if country not in NO_POSTAL_CODE and not address.get("PostalCode"):
        flaws.append(flaw(f"{path}.PostalCode", "required", f"A postal code is required in {country}."))
    return flaws


def code_flaws(box: Sandbox, body: Row, codes: dict[str, str]) -> list[Flaw]:
    """Codes that reference data must hold: member -> list."""
    return [
        flaw(name, "not_found", f"{body[name]} is not in the list {listed}.", body[name])
        for name, listed in codes.items()
        if body.get(name) and not box.book.has("reference", f"{listed}/{body[name]}")
    ]


def customer_flaws(box: Sandbox, key: str) -> list[Flaw]:
    """Whether a customer exists and takes documents."""
    customer = box.book.get("customers", key)
    if customer is None:
        return [flaw("CustomerID", "not_found", f"Customer {key} does not exist.", key)]
    if customer["Status"] in ("Inactive", "Merged"):
        return [flaw("CustomerID", "inactive", f"Customer {key} is {customer['Status']}.", key)]
    return []
