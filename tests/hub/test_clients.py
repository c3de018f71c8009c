"""Clients share tokens, limits and rotated secrets over all processes."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection as database

from connectors.errors import ThrottledError, TransientError
from connectors.hooks import Quota, Token
from hub import clients, vault
from hub.clients import Meter, SharedTokens
from hub.core.lanes import Lane
from hub.models import AccessToken, Connection, RateLimit


@pytest.fixture
def shop(transactional_db: None) -> Connection:
    return Connection.objects.create(
        slug="shop", name="Shop", connector="channeladvisor", secrets=vault.seal_secrets({"shared_secret": "kept", "refresh_token": "old"})
    )


def lasting(value: str = "token", seconds: float = 3600) -> Token:
    return Token(value=value, expires_at=time.time() + seconds)


def test_a_token_is_found_by_every_other_process_and_stored_unreadable(shop: Connection) -> None:
    SharedTokens(shop.pk).put("access", lasting("a-secret-token"))
    found = SharedTokens(shop.pk).get("access")
    assert found
    assert found.value == "a-secret-token"
    assert "a-secret-token" not in AccessToken.objects.get().sealed


def test_a_seller_and_an_application_have_their_tokens_side_by_side(shop: Connection) -> None:
    mine = SharedTokens(shop.pk)
    mine.put("seller", lasting("S"))
    mine.put("grantless", lasting("G"))
    with mine.lock("seller"):
        mine.put("seller", lasting("S2"))
    found = [SharedTokens(shop.pk).get(name) for name in ("seller", "grantless")]
    assert [token.value for token in found if token] == ["S2", "G"]


def test_there_is_no_token_before_the_first(shop: Connection) -> None:
    assert SharedTokens(shop.pk).get("access") is None


def test_a_forgotten_token_is_forgotten_everywhere(shop: Connection) -> None:
    mine = SharedTokens(shop.pk)
    mine.put("access", lasting())
    mine.put("access", None)
    assert mine.get("access") is None
    assert SharedTokens(shop.pk).get("access") is None


def test_a_token_about_to_end_is_looked_up_again(shop: Connection) -> None:
    mine = SharedTokens(shop.pk)
    mine.put("access", lasting("ending", seconds=60))
    SharedTokens(shop.pk).put("access", lasting("renewed"))
    found = mine.get("access")
    assert found
    assert found.value == "renewed"


def test_only_one_renews_at_a_time_and_the_others_find_its_token(shop: Connection) -> None:
    renewals: list[int] = []
    inside = threading.Lock()

    def renew(number: int) -> str:
        tokens = SharedTokens(shop.pk)
        with tokens.lock("access"):
            assert inside.acquire(blocking=False), "two renew at once"
            found = tokens.get("access")
            if found is None:
                renewals.append(number)
                time.sleep(0.1)
                found = lasting(f"by {number}")
                tokens.put("access", found)
            inside.release()
        database.close()
        return found.value

    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(renew, range(4)))
    assert len(renewals) == 1
    assert found == {f"by {renewals[0]}"}


def test_the_lock_of_a_worker_that_died_ends_by_itself(shop: Connection) -> None:
    AccessToken.objects.create(connection=shop, name="access", locked_until=time.time() + 0.3)
    with SharedTokens(shop.pk).lock("access"):
        assert AccessToken.objects.get().locked_until > time.time() + 1


def test_a_renewal_that_takes_too_long_is_tried_again_later(shop: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    AccessToken.objects.create(connection=shop, name="access", locked_until=time.time() + 100)
    monkeypatch.setattr(clients, "TOKEN_LOCK_SECONDS", 0.2)
    with pytest.raises(TransientError, match="renewing"), SharedTokens(shop.pk).lock("access"):
        pass


def test_a_lock_is_given_back_when_the_renewal_fails(shop: Connection) -> None:
    tokens = SharedTokens(shop.pk)
    with pytest.raises(ZeroDivisionError), tokens.lock("access"):
        raise ZeroDivisionError
    assert AccessToken.objects.get().locked_until == 0


def test_a_secret_that_the_system_replaced_is_stored_beside_the_others(shop: Connection) -> None:
    clients.rotate(shop.pk, "refresh_token", "new")
    shop.refresh_from_db()
    assert vault.open_secrets(shop.secrets) == {"shared_secret": "kept", "refresh_token": "new"}


@pytest.fixture
def limit(shop: Connection) -> RateLimit:
    return RateLimit.objects.create(connection=shop, name="calls", burst=10, per_second=0, tokens=10, refilled_at=time.time())


def tokens_left() -> Any:
    return RateLimit.objects.get().tokens


def test_calls_beyond_those_taken_in_advance_are_owed(limit: RateLimit) -> None:
    meter = Meter()
    for _ in range(5):
        meter.count("calls", 1)
    meter.settle(limit.connection_id, taken=3, limit="calls")
    assert tokens_left() == 8
    meter.settle(limit.connection_id, taken=0, limit="calls")
    assert tokens_left() == 8


def test_calls_taken_in_advance_and_not_made_are_given_back(limit: RateLimit) -> None:
    meter = Meter()
    RateLimit.objects.update(tokens=5)
    meter.count("calls", 1)
    meter.settle(limit.connection_id, taken=3, limit="calls")
    assert tokens_left() == 7


def test_when_nothing_was_called_at_all_everything_is_given_back(limit: RateLimit) -> None:
    RateLimit.objects.update(tokens=5)
    Meter().settle(limit.connection_id, taken=3, limit="calls")
    assert tokens_left() == 8


def test_what_an_answer_said_of_the_limit_is_learned(limit: RateLimit) -> None:
    meter = Meter()
    meter.learn("calls", Quota(limit=10, remaining=2, reset_after=1.0))
    meter.settle(limit.connection_id, taken=0, limit="calls")
    assert tokens_left() == 2


def test_a_reader_takes_each_call_from_the_shared_limit(limit: RateLimit) -> None:
    meter = Meter()
    with meter.paced(limit.connection_id, Lane.URGENT):
        meter.count("calls", 4)
    assert tokens_left() == 6


def test_what_an_answer_said_to_a_reader_is_learned_when_it_ends(limit: RateLimit) -> None:
    meter = Meter()
    with meter.paced(limit.connection_id, Lane.URGENT):
        meter.count("calls", 1)
        meter.learn("calls", Quota(limit=10, remaining=2, reset_after=1.0))
    assert tokens_left() == 2


def test_a_reader_that_would_wait_for_long_gives_its_worker_back(limit: RateLimit) -> None:
    RateLimit.objects.update(tokens=0, per_second=0.01)
    meter = Meter()
    with pytest.raises(ThrottledError) as refused, meter.paced(limit.connection_id, Lane.URGENT):
        meter.count("calls", 1)
    assert refused.value.retry_after
    assert refused.value.retry_after > 10


def test_a_changed_setting_makes_a_new_client(shop: Connection) -> None:
    shop.settings = {"base_url": "https://one.example", "application_id": "a", "profile_id": "1", "dialect": "v2"}
    first = clients.client(shop)
    assert clients.client(shop) is first
    shop.settings = {**shop.settings, "base_url": "https://two.example"}
    assert clients.client(shop) is not first
    clients.forget_clients()
