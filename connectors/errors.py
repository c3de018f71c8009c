"""Failures, named by what must happen next. No message holds a secret or a customer's data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a record: where, what, and what to do about it.

    `value` is what stood there; the hub masks it when the path is personal. `cause` groups equal problems of many
    records ("unknown_sku:ABC-1"); it never holds personal data. `wait`: hours for which it may still come right by itself.
    """

    path: str
    code: str
    message: str
    value: str = ""
    cause: str = ""
    wait: int = 0


class ConnectorError(Exception):
    """Base: something between us and the system failed.

    `category` decides what follows; `acted` is False when the system certainly did nothing, None when nobody knows. `answer` is the
    decoded body it answered with, if any: it may quote a customer's data and is shown only after masking. `limit` names the rate limit
    that the failed call belonged to ("" where no call was made).
    """

    category = "internal"
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        code: str = "",
        problems: tuple[Problem, ...] = (),
        retry_after: float | None = None,
        acted: bool | None = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.code = code
        self.problems = problems
        self.retry_after = retry_after
        self.acted = acted
        self.answer: object = None
        self.limit = ""


class TransientError(ConnectorError):
    """The system is unwell; the same request may succeed later."""

    category, retryable = "transient", True


class OutcomeUnknownError(TransientError):
    """A write was sent and no answer came: it may have acted. Ask before sending again."""

    category = "unknown_outcome"

    def __init__(self, message: str, *, status: int | None = None, code: str = "") -> None:
        super().__init__(message, status=status, code=code, acted=None)


class ThrottledError(ConnectorError):
    """Too many calls; `retry_after` seconds where the system says so."""

    category, retryable = "throttled", True


class CredentialsError(ConnectorError):
    """The system does not accept our credentials or their rights; the connection stops until a person acts."""

    category = "credentials"


class RejectedError(ConnectorError):
    """The system refuses this record as it is."""

    category = "rejected"


class MissingError(ConnectorError):
    """The record is not there (any more)."""

    category = "missing"


class ConflictError(ConnectorError):
    """The target holds something else under this name; a person decides."""

    category = "conflict"


class StaleError(ConflictError):
    """The document changed under our hands (412); reading it again and repeating is right."""

    category, retryable = "stale", True


class NotNeededError(ConnectorError):
    """There is nothing to do at the target, and that is right; this delivery is skipped with the reason."""

    category = "not_needed"


class OwnedElsewhereError(ConnectorError):
    """The same fact already reached the target by another road; this delivery is skipped."""

    category = "owned_elsewhere"

    def __init__(self, message: str, *, existing: str) -> None:
        super().__init__(message, code="owned_elsewhere")
        self.existing = existing


class UnsupportedError(ConnectorError):
    """This system, or this dialect of it, cannot do that."""

    category = "unsupported"


class CursorExpiredError(ConnectorError):
    """The place in a long list is no longer valid; the sweep starts again."""

    category, retryable = "cursor_expired", True


class NotReadyError(ConnectorError):
    """The system is still preparing what was asked for (a report); reading goes on after `retry_after` seconds."""

    category, retryable = "not_ready", True


class BadSignatureError(Exception):
    """A webhook's signature, or its time, is wrong."""


class BadEventError(Exception):
    """A webhook's body is not an event; the message says where."""
