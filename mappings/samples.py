"""Where the Try page finds stored records: whoever keeps records registers a provider; mappings know none of their own."""

from __future__ import annotations

from collections.abc import Mapping as Answers
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.base import Payload
from mappings.core.values import Need
from mappings.models import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One stored record. `masked` tells people that personal values in it are blanked out."""

    label: str
    payload: Payload
    masked: bool = True
    settings: dict[str, str] = field(default_factory=dict)


class Provider(Protocol):
    """What the keeper of records offers."""

    def __call__(self, mapping: Mapping, query: str) -> Sequence[tuple[str, str]]:
        """The latest records that went through this mapping and fit the query, as (id, label) pairs; at most 50."""
        ...

    def load(self, mapping: Mapping, sample_id: str) -> Sample | None:
        """One of these records, None when it is gone or never went through this mapping."""
        ...

    def answers(self, mapping: Mapping, needs: Sequence[Need]) -> Answers[Need, str | None]:
        """What is known of other records; needs that cannot be answered are left out."""
        ...

    def flows(self, mapping_ids: Sequence[int]) -> Answers[int, Sequence[tuple[str, str]]]:
        """The flows that use each mapping, as (name, address of its page) pairs."""
        ...


_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Makes the records of `provider` available; a later one replaces it. Call it once, when the application starts."""
    _providers[:] = [provider]


def provider() -> Provider | None:
    """The registered provider, None when nobody keeps records."""
    return _providers[0] if _providers else None
