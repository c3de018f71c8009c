"""What all documents share: version and ETag, If-Match, delta lists with cursors, ids."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.sandbox import Refusal, Request, Response, Row, Sandbox, reply, rfc3339
from connectors.wire import decode, encode

CURSOR_HOURS = 24
HISTORY = 20
Keep = Callable[[Row], bool]


def etag(row: Row) -> str:
    """The ETag of a document's version."""
    return f'W/"{row["Version"]}"'


def public(row: Row) -> Row:
    """A document without the stand-in's own members."""
    return {name: value for name, value in row.items() if not name.startswith("_")}


def shown(request: Request, row: Row, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A document as an answer; 304 when the reader has this version already."""
    if request.method == "GET" and request.headers.get("if-none-match") == etag(row):
        return Response(status=304, headers={"ETag": etag(row)})
    return reply(public(row), status, {"ETag": etag(row), **(headers or {})})


def save(box: Sandbox, kind: str, key: str, row: Row, *, changed: list[str], by: str = "api") -> Row:
    """Writes a document as its next version."""
    stamp = box.stamp()
    row["Version"] = int(row.get("Version") or 0) + 1
    row.setdefault("CreatedAt", stamp)
    row["UpdatedAt"] = stamp
    history = [*row.get("_History", ()), {"Version": row["Version"], "Fields": changed, "By": by}]
    row["_History"] = history[-HISTORY:]
    box.book.put(kind, key, row)
    return row


def load(box: Sandbox, kind: str, key: str, what: str) -> Row:
    """A document. Raises Refusal 404, or 410 `merged`."""
    row = box.book.get(kind, key)
    if row is None:
        raise Refusal(404, "not_found", f"{what} {key} does not exist.")
    if row.get("MergedInto"):
        raise Refusal(410, "merged", f"{what} {key} was merged into {row['MergedInto']}.", MergedInto=row["MergedInto"])
    return row


def allow(row: Row, name: str, statuses: tuple[str, ...]) -> None:
    """Raises Refusal 409 `state_conflict` for a document in another status."""
    if row["Status"] not in statuses:
        raise Refusal(409, "state_conflict", f"{name} is {row['Status']}.", AllowedTransitions=[], ExistingStatus=row["Status"])


def guard(request: Request, row: Row) -> None:
    """If-Match. Raises Refusal 428, 412 with what changed since, or 403 for `*` without the right."""
    wanted = request.headers.get("if-match", "")
    if not wanted:
        raise Refusal(428, "precondition_required", "If-Match is required.")
    if wanted == "*":
        if not any(scope.endswith(".force") for scope in request.principal["scopes"]):
            raise Refusal(403, "insufficient_scope", "If-Match: * needs a scope that ends in .force.")
        return
    expected = wanted.removeprefix("W/").strip('"')
    if expected != str(row["Version"]):
        raise _stale(expected, row)


def _stale(expected: str, row: Row) -> Refusal:
    since = int(expected) if expected.isdigit() else 0
    later = [entry for entry in row.get("_History", ()) if entry["Version"] > since]
    return Refusal(
        412,
        "version_mismatch",
        f"Version {expected} expected, {row['Version']} found.",
        CurrentVersion=row["Version"],
        ChangedFields=sorted({name for entry in later for name in entry["Fields"]}),
        ChangedBy=later[-1]["By"] if later else "",
        UpdatedAt=row["UpdatedAt"],
    )


def listing(box: Sandbox, request: Request, kind: str, keep: Callable[[dict[str, list[str]]], Keep]) -> Response:
    """A page in the order (`UpdatedAt`, id); `keep(query)` makes the filter."""
    limit = request.arg("limit", "50")
    if not limit.isdigit() or not 1 <= int(limit) <= 200:
        raise Refusal(400, "invalid_parameter", "limit is a number from 1 to 200.")
    if request.arg("cursor"):
        query, place = _read_cursor(box, request.arg("cursor"))
        inclusive = False
    else:
        query, place, inclusive = dict(request.query), (_since(request.arg("updated_since")), ""), True
    chosen, at = _page(box, kind, keep(query), place, int(limit), inclusive=inclusive)
    more = len(chosen) > int(limit)
    chosen = chosen[: int(limit)]
    if chosen:
        at = chosen[-1][0]
    rows = [_picked(public(row), query.get("fields", [""])[-1]) for _, row in chosen]
    paging = {"Limit": int(limit), "HasMore": more, "NextCursor": _cursor(box, query, at) if more else None}
    return reply({"Data": rows, "Paging": paging, "ServerTime": rfc3339(box.now())})


def _page(
    box: Sandbox, kind: str, keep: Keep, place: tuple[str, str], limit: int, *, inclusive: bool
) -> tuple[list[tuple[tuple[str, str], Row]], tuple[str, str]]:
    chosen: list[tuple[tuple[str, str], Row]] = []
    while len(chosen) <= limit:
        block = box.book.after(kind, place, 200, inclusive=inclusive)
        inclusive = False
        chosen += [(at, row) for at, row in block if keep(row)]
        if len(block) < 200:
            break
        place = block[-1][0]
    return chosen, place


def _picked(row: Row, names: str) -> Row:
    wanted = names.split(",") if names else []
    return {name: value for name, value in row.items() if name in wanted} if wanted else row


def _since(text: str) -> str:
    if not text:
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refusal(400, "invalid_parameter", "updated_since is a time with offset, such as 2026-11-20T10:15:00Z.")
    return rfc3339(moment)


def _cursor(box: Sandbox, query: dict[str, list[str]], place: tuple[str, str]) -> str:
    until = rfc3339(box.now() + timedelta(hours=CURSOR_HOURS))
    return base64.urlsafe_b64encode(encode({"u": place[0], "i": place[1], "q": query, "x": until})).decode()


def _read_cursor(box: Sandbox, text: str) -> tuple[dict[str, list[str]], tuple[str, str]]:
    try:
        held: dict[str, Any] = decode(base64.urlsafe_b64decode(text))
        query, place, until = held["q"], (held["u"], held["i"]), datetime.fromisoformat(held["x"])
    except (ValueError, KeyError, TypeError, binascii.Error):
        raise Refusal(400, "invalid_parameter", "cursor is not one of ours.") from None
    if until.astimezone(UTC) < box.now():
        raise Refusal(410, "cursor_expired", "The cursor is older than 24 hours.")
    return query, place
