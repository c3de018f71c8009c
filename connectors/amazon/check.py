"""The connection test: what works, what does not, and what to do."""

from __future__ import annotations

from connectors.base import Finding
from connectors.errors import ConnectorError, CredentialsError
from connectors.http import JsonClient


def check(client: JsonClient) -> list[Finding]:
    """Address and credentials."""
    reached = Finding(what="Address", ok=True, words="Login with Amazon answers.")
    try:
        client.auth.headers(client)
    except CredentialsError as error:
        return [reached, Finding(what="Credentials", ok=False, words=error.message)]
    except ConnectorError as error:
        return [Finding(what="Address", ok=False, words=f"{error.message} Check the address of Login with Amazon.")]
    return [reached, Finding(what="Credentials", ok=True, words="Amazon accepts the credentials.")]
