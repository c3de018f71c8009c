"""Models must not be imported before the settings are ready, so the fixture imports its hub when it is used."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def hub(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    from tests.hub.engine.toyhub import make_hub

    return make_hub(monkeypatch)
