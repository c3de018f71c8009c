"""The addresses of the stand-in; the files of each dialect register theirs here."""

from __future__ import annotations

from connectors.sandbox import Router

ROUTES = Router()
