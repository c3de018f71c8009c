"""What is read marketplace by marketplace, with those left out to which the account has no access."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import chain
from typing import TypeVar

from connectors.amazon.client import EXPIRED
from connectors.amazon.regions import chosen
from connectors.errors import CredentialsError
from connectors.http import JsonClient

Read = TypeVar("Read")


def opened(client: JsonClient, read: Callable[[str], Iterator[Read]]) -> list[Iterator[Read]]:
    """The reading of every marketplace of the connection, begun.

    One to which access is denied does not block the others (Amazon SP-API reference, 6.5); CredentialsError when all are denied.
    """
    walks: list[Iterator[Read]] = []
    denied: CredentialsError | None = None
    marketplaces = chosen(client.settings)
    for marketplace in marketplaces:
        try:
            walks.append(_begun(read(marketplace)))
        except CredentialsError as error:
            if error.status != 403 or error.code == EXPIRED:
                raise
            denied = error
    if denied and not walks:
        raise denied
    return walks


def _begun(walk: Iterator[Read]) -> Iterator[Read]:
    for first in walk:
        return chain((first,), walk)
    return iter(())


def key(marketplace_id: str, sku: str) -> str:
    """The name of a SKU in a marketplace: `ATVPDKIKX0DER/MUG/BLUE 1`."""
    return f"{marketplace_id}/{sku}"


def parted(client: JsonClient, name: str) -> tuple[str, str]:
    """Marketplace id and SKU of such a name; a bare SKU is one of the connection's first marketplace."""
    first, _, sku = name.partition("/")
    marketplaces = chosen(client.settings)
    return (first, sku) if sku and first in marketplaces else (marketplaces[0], name)
