"""The intake of webhooks: verified, stored, answered; what they announce is read later."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import structlog
from django.conf import settings
from django.db import DatabaseError, IntegrityError
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from connectors.errors import BadEventError, BadSignatureError
from connectors.notices import Event
from hub import vault
from hub.api import addresses
from hub.api.addresses import Address
from hub.engine import store
from hub.models import Connection
from hub.wake import wake

log = structlog.get_logger(__name__)


class RefusedError(Exception):
    """A webhook that is not taken: the status and the words of the answer."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status, self.words = status, words


@csrf_exempt
def webhook(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """202 once the event is stored; what is wrong is answered in words, so that the sender's log tells what to do."""
    try:
        return _take(request, slug, token)
    except RefusedError as refused:
        return _refusal(refused.words, status=refused.status)
    except vault.WrongKeyError:
        log.error("webhook not taken: the connection's secrets cannot be opened", connection=slug)
    except IntegrityError:
        addresses.look_up(slug)
        log.warning("webhook not taken: the connection has just been removed", connection=slug)
    except DatabaseError as error:
        log.error("webhook not taken: the database does not answer", connection=slug, error=type(error).__name__)
    return _refusal("The hub cannot store events right now. Send this one again later.", status=503, headers={"Retry-After": "60"})


def _refusal(words: str, *, status: int, headers: Mapping[str, str] | None = None) -> JsonResponse:
    response = JsonResponse({"error": words}, status=status, headers=headers)
    # Django would log the path, which holds the address's token.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _take(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    address = addresses.find(slug, token)
    if address is None:
        raise RefusedError(404, "There is no such webhook address. Copy it again from the connection's page.")
    answer = address.webhook.challenge(address.settings, request.GET.dict()) if address.webhook.challenge else None
    if answer is not None:
        return HttpResponse(answer, content_type="text/plain; charset=utf-8")
    if request.method != "POST":
        return _refusal("Events are taken by POST only.", status=405, headers={"Allow": "POST"})
    body, now = _body(request), timezone.now()
    headers = {name.lower(): value for name, value in request.headers.items()}
    address = _verified(address, headers, body, now)
    _store(address, _event(address, headers, body, now), body, now)
    return JsonResponse({"status": "accepted"}, status=202)


def _body(request: HttpRequest) -> bytes:
    """At most one byte more than allowed is ever read."""
    kind = request.content_type or ""
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise RefusedError(415, "Events are JSON: send them with Content-Type application/json.")
    limit: int = settings.HUB_WEBHOOK_MAX_BYTES
    too_large = RefusedError(413, f"This event is larger than {limit} bytes, the most that is taken.")
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and (len(length) > 12 or int(length) > limit):
        raise too_large
    # Django takes a body without a length for empty; the server knows where a chunked one ends.
    chunked = not length and request.META.get("wsgi.input_terminated")
    try:
        body: bytes = (request.META["wsgi.input"] if chunked else request).read(limit + 1)
    except OSError:
        raise RefusedError(400, "The event broke off before its end. Send it again.") from None
    if len(body) > limit:
        raise too_large
    return body


def _verified(address: Address, headers: Mapping[str, str], body: bytes, now: datetime) -> Address:
    """The address whose settings the signature fits; a secret that was changed a moment ago counts at once."""
    try:
        address.webhook.verify(address.settings, headers, body, now)
    except BadSignatureError as refused:
        fresh = addresses.look_up(address.slug)
        if fresh is None or fresh.settings == address.settings:
            raise _not_ours(address, refused) from None
        try:
            fresh.webhook.verify(fresh.settings, headers, body, now)
        except BadSignatureError as again:
            raise _not_ours(fresh, again) from None
        return fresh
    return address


def _not_ours(address: Address, refused: BadSignatureError) -> RefusedError:
    Connection.objects.filter(pk=address.connection_id).update(bad_signatures=F("bad_signatures") + 1)
    log.warning("webhook refused", connection=address.slug, reason=str(refused))
    return RefusedError(401, str(refused))


def _event(address: Address, headers: Mapping[str, str], body: bytes, now: datetime) -> Event:
    """The event of a verified body. One that cannot be read is kept as failed for people to see, and refused."""
    try:
        return store.checked(address.webhook.parse(address.settings, headers, body))
    except BadEventError as wrong:
        store.keep_unreadable(address.connection_id, body, reason=str(wrong), now=now)
        log.warning("webhook cannot be read", connection=address.slug, reason=str(wrong))
        raise RefusedError(400, f"This is not an event that the hub can read: {wrong}") from None


def _store(address: Address, event: Event, body: bytes, now: datetime) -> None:
    if not store.keep(address.connection_id, event, body, now=now):
        return
    try:
        wake("events", address.connection_id)
    except Exception as error:  # noqa: BLE001 - it is stored; the minute schedule wakes what is due
        log.warning("wake-up lost", connection=address.slug, error=type(error).__name__)
