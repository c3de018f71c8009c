"""Real and derived settlement reports as judges of the parser, where they are at hand."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(os.environ.get("SETTLEMENT_SAMPLES") or Path(__file__).parents[4] / ".." / "shared" / "reference" / "settlements")


def sample(name: str) -> Path:
    """One file. Skips the test where the samples are not at hand."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"The sample settlement {name} is not at hand (SETTLEMENT_SAMPLES names its folder)")
    return path


def expected() -> dict[str, dict[str, Any]]:
    """What each file holds, by its name; empty where the samples are not at hand."""
    path = FOLDER / "expected.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    return found
