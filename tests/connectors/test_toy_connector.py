"""A new connector is small: a toy of less than 150 lines keeps every promise, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.base import Connector, Reference
from tests.connectors import toy
from tests.connectors.contract import ConnectorContract, Stand
from tests.connectors.toy.standin import PigeonSandbox

CANARY = "Kanarienvogel"


def test_a_complete_connector_takes_less_than_150_lines() -> None:
    assert len(Path(toy.__file__).read_text("utf-8").splitlines()) < 150


class TestToy(ConnectorContract):
    connector_id = "pigeon"

    @pytest.fixture
    def connector(self) -> Connector:
        return toy.CONNECTOR

    @pytest.fixture
    def stand(self) -> Iterator[Stand]:
        with PigeonSandbox() as box:
            for number in range(10):
                box.write({"to": f"{CANARY} {number}", "text": "All is well."})
            yield Stand(
                box=box,
                settings=box.settings(),
                api="/letters*",
                deliveries={"letters": ({"to": CANARY, "text": "Come home."}, Reference(system="Shop", key="17", version="1"))},
                count=lambda operation: box.book.count("letters"),
                canaries=(CANARY,),
            )
