"""A loft that behaves as Pigeon does, over real HTTP."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from connectors.sandbox import Refusal, Request, Response, Router, Sandbox, reply

ROUTES = Router()
LOFT, SECRET = "north-loft", "a-toy-s3cret-of-the-loft"
PAGE = 4


class PigeonSandbox(Sandbox):
    """Letters by number."""

    routes: ClassVar[Router] = ROUTES
    label: ClassVar[str] = "Pigeon"

    def settings(self) -> dict[str, str]:
        """Of a connection to this loft."""
        return {"base_url": self.url, "loft": LOFT, "secret": SECRET}

    def authorize(self, request: Request) -> Any:
        kind, _, value = request.headers.get("authorization", "").partition(" ")
        if request.path == "/token":
            known = kind == "Basic" and base64.b64decode(value) == f"{LOFT}:{SECRET}".encode()
        else:
            known = kind == "Bearer" and not (self.tokens.read(value) or {"expired": True})["expired"]
        if not known:
            raise Refusal(401, "unknown", "Who are you?")
        return LOFT

    def write(self, letter: dict[str, Any]) -> dict[str, Any]:
        """A letter arrives."""
        number = self.book.next_number("letter", 1)
        row = {"id": number, "changed": self.stamp(), **letter}
        self.book.put("letters", f"{number:06}", row)
        return row


@ROUTES.on("POST", "/token")
def token(box: PigeonSandbox, request: Request) -> Response:
    return reply({"access_token": box.tokens.issue("pigeon_", seconds=3600), "expires_in": 3600})


@ROUTES.on("GET", "/letters")
def letters(box: PigeonSandbox, request: Request) -> Response:
    wanted = request.arg("reference")
    rows = [row for row in box.book.rows("letters") if row["changed"] >= request.arg("since") and wanted in ("", row.get("reference"))]
    at = int(request.arg("place") or 0)
    return reply({"letters": rows[at : at + PAGE], "next": str(at + PAGE) if len(rows) > at + PAGE else ""})


@ROUTES.on("GET", "/letters/{number}")
def letter(box: PigeonSandbox, request: Request) -> Response:
    row = box.book.get("letters", request.params["number"].rjust(6, "0"))
    if row is None:
        raise Refusal(404, "not_found", "There is no such letter.")
    return reply(row)


@ROUTES.on("POST", "/letters")
def post(box: PigeonSandbox, request: Request) -> Response:
    body = request.json()
    for field in ("to", "text"):
        if not isinstance(body.get(field), str) or not body[field]:
            raise Refusal(422, "invalid", f"{field} of the letter to {body.get('to')} is missing.", field=field)
    return reply(box.write(body), 201)
