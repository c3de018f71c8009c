"""Pigeon, a toy system that carries letters: the smallest connector that keeps every promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from connectors.auth import OAuth
from connectors.base import Connector, Finding, Limit, Operation, Payload, Receipt, Record, Reference, Setting, Stream
from connectors.errors import ConnectorError, CredentialsError, MissingError, OutcomeUnknownError, Problem
from connectors.hooks import Hooks
from connectors.http import JsonClient, pages

LABEL = "Pigeon"
WORDS = {"invalid": "Pigeon does not take this letter. Correct the field named here.", "not_found": "Pigeon has no such letter."}


def connect(settings: Mapping[str, str], hooks: Hooks) -> JsonClient:
    """A client of one loft."""
    base = settings["base_url"]
    auth = OAuth(
        f"{base}/token", client_id=settings["loft"], client_secret=settings["secret"], grant={"grant_type": "client_credentials"}, early=60
    )
    return JsonClient(base, auth=auth, hooks=hooks, label=LABEL, explain=explain, settings=settings)


def explain(status: int, body: Any) -> tuple[str, str, tuple[Problem, ...]]:
    """Pigeon's error to code, words and problems; its own sentences may quote the letter and are not passed on."""
    code = str(body.get("code") or "") if isinstance(body, dict) else ""
    words = WORDS.get(code, f"Pigeon answered {status}.")
    field = str(body.get("field") or "") if code == "invalid" else ""
    return code, words, (Problem(path=field, code=code, message=f"{field}: {words}", cause=f"invalid:{field}"),) if field else ()


def check(client: JsonClient) -> list[Finding]:
    """Whether letters can be read."""
    try:
        client.get("letters")
    except CredentialsError as error:
        return [Finding(what="Credentials", ok=False, words=error.message)]
    except ConnectorError as error:
        return [Finding(what="Connection", ok=False, words=error.message)]
    return [Finding(what="Credentials", ok=True, words="Letters can be read.")]


def read(client: JsonClient, cursor: str) -> Iterator[Record]:
    """Letters changed since the cursor, oldest change first."""

    def page(place: str) -> tuple[list[Payload], str]:
        body = client.get("letters", since=cursor, place=place)
        return body["letters"], body["next"]

    return (_record(letter) for letter in pages(page))


def read_one(client: JsonClient, key: str) -> Record | None:
    """The letter of that number, None when there is none."""
    try:
        return _record(client.get(f"letters/{quote(key, safe='')}"))
    except MissingError:
        return None


def _record(letter: Payload) -> Record:
    return Record(key=str(letter["id"]), payload=letter, cursor=letter["changed"], version=letter["changed"])


def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
    """Hands over a letter; the same reference never flies twice."""
    body = {**payload, "reference": f"{reference.system}/{reference.key}"}
    answer = client.call("POST", "letters", body=body, headers={"Idempotency-Key": reference.token}).body
    if not isinstance(answer, dict) or "id" not in answer:
        raise OutcomeUnknownError("Pigeon took the letter but did not say under which number.")
    return Receipt(key=str(answer["id"]), version=str(answer["changed"]))


def find(client: JsonClient, reference: Reference) -> Receipt | None:
    """The letter that an earlier call handed over."""
    letters = client.get("letters", reference=f"{reference.system}/{reference.key}")["letters"]
    return Receipt(key=str(letters[0]["id"]), version=letters[0]["changed"]) if letters else None


CONNECTOR = Connector(
    id="pigeon",
    label=LABEL,
    settings=(
        Setting(name="base_url", label="Base address"),
        Setting(name="loft", label="Loft"),
        Setting(name="secret", label="Secret of the loft", secret=True),
    ),
    connect=connect,
    check=check,
    streams=(Stream(id="letters", label="Letters", schema="letter", read=read, read_one=read_one),),
    operations=(Operation(id="letters", label="Send letter", schema="new_letter", send=send, find=find),),
    limits=(Limit(name="calls", label="Calls", burst=60, per_second=1.0),),
    package="tests.connectors.toy",
)
