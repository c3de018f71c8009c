"""Tells ChannelAdvisor what was shipped: one package a call, safe to repeat, corrected where the tracking number changes later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from connectors.base import Operation, Outcome, Payload, Reference
from connectors.bulk import alone
from connectors.channeladvisor import ship_v1, ship_v2
from connectors.channeladvisor.parcels import Parcel, parcel
from connectors.errors import ConnectorError
from connectors.http import JsonClient

BATCH = 100


def send_many(client: JsonClient, entries: Sequence[tuple[Payload, Reference]]) -> list[Outcome]:
    """One Outcome per package, in order: in v2 one call for all that are new, in the published API one after the other.

    A package that ChannelAdvisor holds already is "unchanged", or "changed" when tracking or carrier were corrected. One whose shipment
    was voided after it was confirmed is a ConflictError; orders that the marketplace ships itself are NotNeededError.
    """
    outcomes: dict[int, Outcome] = {}
    parcels: dict[int, Parcel] = {}
    now = datetime.now(UTC)
    for place, (payload, _) in enumerate(entries):
        try:
            parcels[place] = parcel(payload, now=now)
        except ConnectorError as error:
            outcomes[place] = error
    act = ship_v1.send_many if client.settings.get("dialect") == "rest-v1" else ship_v2.send_many
    outcomes |= dict(zip(parcels, act(client, list(parcels.values())), strict=True)) if parcels else {}
    return [outcomes[place] for place in range(len(entries))]


SHIP = Operation(
    id="ship", label="Tell of a shipment", schema="ship", send=alone(send_many), send_many=send_many, batch=BATCH, repeatable=True
)
