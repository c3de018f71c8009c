"""An operation that sends many in one call sends one as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.base import Outcome, Payload, Receipt, Reference
from connectors.errors import ConnectorError
from connectors.http import JsonClient

SendMany = Callable[[JsonClient, Sequence[tuple[Payload, Reference]]], list[Outcome]]


def alone(send_many: SendMany) -> Callable[[JsonClient, Payload, Reference], Receipt]:
    """`Operation.send` where there is a `send_many`: raises what that answers for a single one."""

    def send(client: JsonClient, payload: Payload, reference: Reference) -> Receipt:
        outcome = send_many(client, [(payload, reference)])[0]
        if isinstance(outcome, ConnectorError):
            raise outcome
        return outcome

    return send
