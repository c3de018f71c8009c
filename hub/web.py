"""Headers that every page carries, and the two health addresses."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; frame-ancestors 'none'; base-uri 'self'; form-action 'self'; object-src 'none'"
)


class SecurityHeaders:
    """Content-Security-Policy on every answer. Alpine, which the admin theme uses, needs 'unsafe-eval'."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response


def healthz(request: HttpRequest) -> HttpResponse:
    """The web server answers."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """The database answers and its tables are up to date; 503 with the reason otherwise."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        _check_tables()
    except DatabaseError as error:
        return _unavailable(f"The database does not answer ({type(error).__name__}).")
    except OutdatedTablesError:
        return _unavailable("The database tables are not up to date: run migrate.")
    return JsonResponse({"status": "ok"})


class OutdatedTablesError(Exception):
    """Migrations of this release were not applied."""


@cache
def _check_tables() -> None:
    """Raises OutdatedTablesError. Once everything is applied it stays so for this process: a new release is a new process."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise OutdatedTablesError


def _unavailable(reason: str) -> HttpResponse:
    return JsonResponse({"status": "unavailable", "reason": reason}, status=503)
