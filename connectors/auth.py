"""API key, client credentials and refresh token; access tokens are shared through the hub's token store."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from connectors.answers import classify
from connectors.errors import CredentialsError, TransientError
from connectors.hooks import Token
from connectors.http import JsonClient
from connectors.wire import decode


class ApiKey:
    """A fixed key in a header; after a 401 nothing can be renewed."""

    def __init__(self, header: str, key: str) -> None:
        self._headers = {header: key}

    def headers(self, client: JsonClient) -> Mapping[str, str]:
        return self._headers

    def renew(self, client: JsonClient) -> bool:
        return False


class OAuth:
    """OAuth 2.0: asks the token address with a form, renews under a lock that all processes share.

    `grant` is the form without the client's own credentials, e.g. `{"grant_type": "client_credentials", "scope": "sales"}`; these go as
    Basic credentials, or with `in_form` into the form. `name` tells tokens of one connection apart. `header` takes the token as it is,
    `Authorization` as a Bearer. `words` say by error code what a person should do. A refresh token that the answer replaces is handed to
    `hooks.rotate(rotates, value)`.
    """

    def __init__(
        self,
        token_url: str,
        *,
        client_id: str,
        client_secret: str,
        grant: Mapping[str, str],
        early: float,
        rotates: str = "",
        in_form: bool = False,
        header: str = "Authorization",
        name: str = "access",
        words: Mapping[str, str] | None = None,
    ) -> None:
        self.token_url = token_url
        self._grant = dict(grant)
        self._sent = {"Content-Type": "application/x-www-form-urlencoded"}
        if in_form:
            self._grant |= {"client_id": client_id, "client_secret": client_secret}
        else:
            self._sent["Authorization"] = f"Basic {base64.b64encode(f'{client_id}:{client_secret}'.encode()).decode()}"
        self._early = early
        self._rotates = rotates
        self._header = header
        self._name = name
        self._words = dict(words or {})
        self._used = threading.local()

    def headers(self, client: JsonClient) -> Mapping[str, str]:
        token = self._used.token = self._token(client).value
        return {self._header: f"Bearer {token}" if self._header == "Authorization" else token}

    def renew(self, client: JsonClient) -> bool:
        """After this thread's token was refused: a new one, unless another thread or process has already fetched it."""
        with client.hooks.tokens.lock(self._name):
            stored = client.hooks.tokens.get(self._name)
            if stored is None or stored.value == getattr(self._used, "token", stored.value):
                client.hooks.tokens.put(self._name, self._ask(client))
        return True

    def _token(self, client: JsonClient) -> Token:
        token = client.hooks.tokens.get(self._name)
        if token and token.expires_at - self._early > time.time():
            return token
        with client.hooks.tokens.lock(self._name):
            again = client.hooks.tokens.get(self._name)
            if again and again.expires_at - self._early > time.time():
                return again
            fresh = self._ask(client)
            client.hooks.tokens.put(self._name, fresh)
            return fresh

    def _ask(self, client: JsonClient) -> Token:
        raw, status, headers = client.exchange("POST", self.token_url, content=urlencode(self._grant).encode(), headers=self._sent)
        try:
            body = decode(raw)
        except (ValueError, RecursionError):
            body = None
        if status == 200 and isinstance(body, dict) and isinstance(body.get("access_token"), str):
            return self._accept(client, body)
        raise self._refused(client, status, headers, body)

    def _accept(self, client: JsonClient, body: Mapping[str, Any]) -> Token:
        replaced = body.get("refresh_token")
        if self._rotates and replaced and replaced != self._grant.get("refresh_token"):
            self._grant["refresh_token"] = str(replaced)
            client.hooks.rotate(self._rotates, str(replaced))
        return Token(value=body["access_token"], expires_at=time.time() + float(body.get("expires_in") or 3600))

    def _refused(self, client: JsonClient, status: int, headers: Mapping[str, str], body: Any) -> Exception:
        if 200 <= status < 300:
            return TransientError(f"{client.label} answered the token request with something that is not a token.", status=status)
        if 400 <= status < 500 and status not in (408, 429):
            code = str(body.get("error", "")) if isinstance(body, dict) else ""
            return CredentialsError(
                self._words.get(code)
                or f"{client.label} does not accept the stored credentials ({code or status}). "
                "Open the connection, enter valid credentials or authorise it again, and press Test connection.",
                status=400,
                code=code or "invalid_client",
            )
        return classify(client.label, status, headers, body)
