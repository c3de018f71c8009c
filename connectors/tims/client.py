"""Calls of TIMS: credentials, company, and its errors in words that say what to do (TIMS contract 1.1 to 1.5)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from connectors import schema
from connectors.answers import classify, retry_after
from connectors.auth import ApiKey, OAuth
from connectors.errors import (
    ConflictError,
    ConnectorError,
    CursorExpiredError,
    MissingError,
    OwnedElsewhereError,
    Problem,
    RejectedError,
    TransientError,
)
from connectors.hooks import Hooks
from connectors.http import Answer, Auth, JsonClient
from connectors.tims.words import FIELD_WORDS, PLACE_WORDS, WORDS
from connectors.wire import decode

LABEL = "TIMS"
PACKAGE = "connectors.tims"
SCOPE = "master sales ar gl webhooks"
EARLY = 60.0


class DuplicateError(ConflictError):
    """TIMS already holds a document under this name; `existing` is its id."""

    def __init__(self, message: str, *, existing: str, code: str) -> None:
        super().__init__(message, status=409, code=code)
        self.existing = existing


class MergedError(MissingError):
    """The customer was merged into another one, `into`."""

    def __init__(self, message: str, *, into: str) -> None:
        super().__init__(message, status=410, code="merged")
        self.into = into


class ReplayedError(RejectedError):
    """TIMS repeated a refusal that it had stored under this idempotency key, or the key stands for other content."""


class TimsClient(JsonClient):
    """A JsonClient that knows TIMS's codes and remembers which environment it talks to."""

    _environment = ""

    @property
    def environment(self) -> str:
        """`production`, `qa` or `dev`, asked once. Raises ConnectorError as any call."""
        if not self._environment:
            self._environment = str(self.get("api/v1/ping").get("Environment") or "unknown")
        return self._environment

    def _answer(self, status: int, headers: Mapping[str, str], raw: bytes, *, safe: bool) -> Answer:
        try:
            return super()._answer(status, headers, raw, safe=safe)
        except ConnectorError as error:
            body = _object(raw)
            if status == 422 and isinstance(body.get("Results"), list):
                # A bulk call in which every part was refused: the parts tell more than the status.
                return Answer(status=status, headers=headers, body=body)
            raise named(error, _object_of(body), headers) from None


def in_production(client: JsonClient) -> bool:
    """Whether this TIMS holds real business; everything else gets masked personal data."""
    return isinstance(client, TimsClient) and client.environment == "production"


def part_error(status: int, error: Any) -> ConnectorError:
    """The error that one part of a bulk answer stands for."""
    about = error if isinstance(error, dict) else {}
    return named(classify(LABEL, status, {}, {"Error": about}, explain=explain, safe=False), about, {})


def connect(settings: Mapping[str, str], hooks: Hooks) -> TimsClient:
    """A client of one TIMS company."""
    base = settings["base_url"].rstrip("/")
    auth: Auth
    if settings.get("auth", "oauth") == "api_key":
        auth = ApiKey("X-API-Key", settings.get("api_key", ""))
    else:
        auth = OAuth(
            f"{base}/oauth/token",
            client_id=settings.get("client_id", ""),
            client_secret=settings.get("client_secret", ""),
            grant={"grant_type": "client_credentials", "scope": SCOPE},
            early=EARLY,
        )
    company = settings.get("company") or "MAIN"
    return TimsClient(
        base, auth=auth, hooks=hooks, label=LABEL, explain=explain, headers={"X-TIMS-Company": company}, settings=settings
    )  # fmt: skip


def explain(status: int, body: Any) -> tuple[str, str, tuple[Problem, ...]]:
    """TIMS's error body to code, words and problems. Its own free text is not passed on, since it may quote personal data."""
    error = body.get("Error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return "", "", ()
    code = str(error.get("Code") or "")
    problems = tuple(_problem(one) for one in error.get("Fields") or () if isinstance(one, dict))
    words = WORDS.get(code, f"TIMS answered {status}{f' ({code})' if code else ''}.") + _sums(error)
    if problems:
        words = f"{words} {' '.join(one.message for one in problems[:3])}{' …' if len(problems) > 3 else ''}"
    return code, words, problems


def _sums(error: Mapping[str, Any]) -> str:
    """What an entry that does not balance adds up to."""
    amounts = [error.get(name) for name in ("TotalDebit", "TotalCredit", "Difference")]
    if not all(isinstance(one, int | Decimal) for one in amounts):
        return ""
    debit, credit, difference = amounts
    return f" Debits {debit:.2f}, credits {credit:.2f}, difference {difference:.2f}."


def named(error: ConnectorError, body: Mapping[str, Any], headers: Mapping[str, str]) -> ConnectorError:
    """The error again, in the class that its code asks for where that differs from its status."""
    code, words = error.code, error.message
    existing = str(body.get("ExistingID") or "")
    if code in ("request_in_progress", "locked"):
        return TransientError(words, status=error.status, code=code, retry_after=retry_after(headers))
    if code in ("duplicate_external_id", "duplicate_number") and existing:
        return DuplicateError(f"{words} It is {existing}.", existing=existing, code=code)
    if code == "duplicate_marketplace_order":
        return OwnedElsewhereError(f"{words} It is {existing or 'not named'}.", existing=existing)
    if code == "merged":
        return MergedError(words, into=str(body.get("MergedInto") or ""))
    if code == "cursor_expired":
        return CursorExpiredError(words, status=error.status, code=code)
    replayed = headers.get("Idempotency-Replayed", "").lower() == "true"
    if isinstance(error, RejectedError) and (replayed or code == "idempotency_key_reused"):
        return ReplayedError(words, status=error.status, code=code, problems=error.problems)
    return error


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = decode(raw)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _object_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    error = body.get("Error")
    return error if isinstance(error, dict) else {}


def _problem(field: Mapping[str, Any]) -> Problem:
    path, code = str(field.get("Path") or ""), str(field.get("Code") or "invalid")
    plain = _plain(path)
    raw = field.get("Value")
    value = "" if raw is None or isinstance(raw, dict | list) or not _may_show(plain) else str(raw)[:100]
    given = f" “{value}”" if value else ""
    template = PLACE_WORDS.get((code, plain.rpartition(".")[2])) or FIELD_WORDS.get(code, "{path}{given} is not accepted by TIMS ({code}).")
    words = template.format(path=path or "The record", given=given, code=code)
    cause = f"{code}:{value}" if value and code in _NAMED_CAUSES else f"{code}:{plain}"
    return Problem(path=path, code=code, message=words, value=value, cause=cause)


SHOWN = ("sales_order_record", "customer_record", "item", "shipment", "gl_entry_record", "invoice_record", "payment_record")
"""Schemas whose fields tell which values may be shown."""
_NAMED_CAUSES = frozenset({"unknown_sku", "not_found", "inactive", "invalid_choice", "account_not_postable", "dimension_required"})


def _plain(path: str) -> str:
    return "".join(f"[]{piece.partition(']')[2]}" if nth else piece for nth, piece in enumerate(path.split("[")))


@cache
def _shown_paths() -> frozenset[str]:
    declared = [field for name in SHOWN for field in schema.fields(PACKAGE, name)]
    hidden = {one.path for one in declared if one.personal}
    return frozenset(one.path for one in declared) - hidden


def _may_show(path: str) -> bool:
    """Only values of declared fields that are not personal; anything unknown may be."""
    return path in _shown_paths()
