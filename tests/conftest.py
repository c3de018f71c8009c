"""Which database the tests run on: a PostgreSQL of their own, TEST_DATABASE_URL, or SQLite with --sqlite."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests.emptying import empty_quickly
from tests.postgres import PostgreSQL

# What a property test finds must not depend on how busy the machine is.
hypothesis_settings.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("busy machine")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("throughline")
    group.addoption("--sqlite", action="store_true", help="run on SQLite instead of PostgreSQL")
    group.addoption("--long", action="store_true", help="run the tests marked `long`, too")


def pytest_configure(config: pytest.Config) -> None:
    """The settings read the environment once, so the database is there before they are imported.

    Workers of pytest-xdist inherit what their controller prepared.
    """
    if config.option.help or config.option.version:
        return
    if not hasattr(config, "workerinput"):
        _prepare(config)
    from django.conf import settings

    settings.PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{name}PasswordHasher" for name in ("MD5", "PBKDF2")]
    empty_quickly()
    default = settings.DATABASES["default"]
    if settings.ON_SQLITE:
        default.setdefault("TEST", {})["NAME"] = str(Path(os.environ["HUB_VAR_DIR"]) / "test.sqlite3")


def _prepare(config: pytest.Config) -> None:
    if "hub.settings" in sys.modules:
        raise pytest.UsageError("DJANGO_SETTINGS_MODULE is set in the environment: unset it, the tests prepare the settings themselves.")
    place = Path(tempfile.mkdtemp(prefix="throughline-"))
    config.add_cleanup(lambda: shutil.rmtree(place, ignore_errors=True))
    os.environ["DATABASE_URL"] = _database(config, place)
    os.environ["HUB_VAR_DIR"] = str(place / "var")
    os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"


def _database(config: pytest.Config, place: Path) -> str:
    if config.option.sqlite:
        return f"sqlite:///{place / 'unused.sqlite3'}"
    if given := os.environ.get("TEST_DATABASE_URL"):
        return given
    server = PostgreSQL(place / "pg")
    server.start()
    config.add_cleanup(server.stop)
    return server.url()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In CI a missing browser is a failure; elsewhere it skips with the reason."""
    reasons = {}
    if not config.option.long:
        reasons["long"] = "long: run with --long"
    if config.option.sqlite:
        reasons["postgres"] = "needs PostgreSQL: run without --sqlite"
    else:
        reasons["sqlite"] = "of SQLite alone: run with --sqlite"
    if not _chromium() and not os.environ.get("CI"):
        reasons["browser"] = "no Chromium found: apt-get install chromium"
    for item in items:
        for name, reason in reasons.items():
            if item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


def _chromium() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser, for Playwright's `executable_path`."""
    path = _chromium()
    assert path, "no Chromium found: apt-get install chromium"
    return path


@pytest.fixture
def database_url(db: None) -> str:
    """The address of the test database, for processes that a test starts."""
    from django.db import connection

    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    address = os.environ["DATABASE_URL"]
    head, question, query = address.partition("?")
    return f"{head.rpartition('/')[0]}/{given['NAME']}{question}{query}"
