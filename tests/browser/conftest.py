"""A real browser against a real server. What the browser complains of on its console fails the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Any]:
    """Chromium, once for all tests. Playwright keeps an event loop in this thread, which Django must not mistake for its own."""
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def log_in(browser: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """`log_in("Operator", "Mapper")` answers a page of somebody with these roles, past the login form."""
    from django.contrib.auth.models import Group
    from django.core.cache import cache

    from tests import factories

    cache.clear()
    contexts: list[Any] = []
    complaints: list[str] = []

    def enter(*roles: str, **screen: Any) -> Any:
        person = factories.user(roles[0])
        person.groups.add(*Group.objects.filter(name__in=roles))
        context = browser.new_context(base_url=live_server.url, **screen)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console", lambda said: complaints.append(said.text) if said.type == "error" and "favicon" not in said.location["url"] else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto("/admin/")
        page.fill("#id_username", person.username)
        page.fill("#id_password", factories.PASSWORD)
        page.click("button[type=submit]")
        return page

    yield enter
    for context in contexts:
        context.close()
    assert complaints == []
