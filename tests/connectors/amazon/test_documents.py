"""Documents behind pre-signed addresses: five minutes, the exact content type, and nobody else's permission."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import ClassVar
from unittest.mock import patch

import pytest
import requests

from connectors.amazon import documents
from connectors.amazon.standin import documents as store
from connectors.auth import ApiKey
from connectors.errors import RejectedError, TransientError
from connectors.hooks import Exchange, Hooks
from connectors.http import JsonClient
from connectors.sandbox import Router, Sandbox

JSON = "application/json; charset=UTF-8"


class Store(Sandbox):
    routes: ClassVar[Router] = store.DOCUMENTS


@pytest.fixture
def box() -> Iterator[Store]:
    with Store() as running:
        yield running


@pytest.fixture
def seen() -> list[Exchange]:
    return []


@pytest.fixture
def client(box: Store, seen: list[Exchange]) -> JsonClient:
    return JsonClient(box.url, auth=ApiKey("x-amz-access-token", "Atza|token"), hooks=Hooks(log=seen.append), label="Amazon")


def test_what_was_uploaded_is_what_can_be_downloaded(box: Store, client: JsonClient) -> None:
    documents.put(client, store.expect(box, "doc/1", JSON), b'{"a": 1}', content_type=JSON)
    assert store.content(box, "doc/1") == b'{"a": 1}'
    assert documents.download(client, store.address(box, "doc/1")).content == b'{"a": 1}'


def test_a_zipped_document_is_unzipped_and_one_that_is_not_stays(box: Store, client: JsonClient) -> None:
    for zipped in (True, False):
        store.store(box, "doc-1", "Größe\t1".encode(), zipped=zipped)
        assert documents.download(client, store.address(box, "doc-1")).text() == "Größe\t1"


def test_members_of_a_gzip_file_are_joined(box: Store, client: JsonClient) -> None:
    store.store(box, "doc-1", gzip.compress(b"one ") + gzip.compress(b"two"), zipped=False)
    assert documents.download(client, store.address(box, "doc-1")).content == b"one two"


@pytest.mark.parametrize("broken", [gzip.compress(b"x" * 999)[:-20], b"\x1f\x8bno gzip at all"], ids=["cut off", "damaged"])
def test_a_broken_gzip_is_fetched_again(box: Store, client: JsonClient, broken: bytes) -> None:
    store.store(box, "doc-1", broken, zipped=False)
    with pytest.raises(TransientError):
        documents.download(client, store.address(box, "doc-1"))


def test_a_document_that_unpacks_to_too_much_is_refused(box: Store, client: JsonClient) -> None:
    store.store(box, "doc-1", b"0" * 5000)
    with patch.object(documents, "MAX_ANSWER", 4096), pytest.raises(RejectedError) as caught:
        documents.download(client, store.address(box, "doc-1"))
    assert caught.value.code == "answer_too_large"


def test_an_address_older_than_five_minutes_asks_for_a_new_one(box: Store, client: JsonClient) -> None:
    store.store(box, "doc-1", b"text")
    old = store.address(box, "doc-1")
    box.clock.advance(301)
    with pytest.raises(TransientError) as caught:
        documents.download(client, old)
    assert caught.value.code == documents.EXPIRED
    assert documents.download(client, store.address(box, "doc-1")).content == b"text"


def test_another_content_type_than_announced_is_refused(box: Store, client: JsonClient) -> None:
    url = store.expect(box, "doc-1", JSON)
    with pytest.raises(TransientError):
        documents.put(client, url, b"{}", content_type="application/json")
    assert store.content(box, "doc-1") is None


def test_an_access_token_beside_the_address_is_refused(box: Store) -> None:
    url = store.expect(box, "doc-1", JSON)
    answer = requests.put(url, data=b"{}", headers={"Content-Type": JSON, "x-amz-access-token": "Atza|token"}, timeout=5)
    assert (answer.status_code, "Only one auth mechanism" in answer.text) == (400, True)


def test_an_address_for_reading_does_not_allow_writing(box: Store, client: JsonClient) -> None:
    store.store(box, "doc-1", b"text")
    with pytest.raises(TransientError):
        documents.put(client, store.address(box, "doc-1"), b"other", content_type=JSON)


@pytest.mark.parametrize("url", ["http://tortuga.example/doc", "ftp://127.0.0.1/doc", "file:///etc/hostname", "http://127.0.0.1.example/x"])
def test_an_address_that_is_not_https_is_never_opened(client: JsonClient, seen: list[Exchange], url: str) -> None:
    with pytest.raises(RejectedError):
        documents.download(client, url)
    assert not seen


def test_the_permission_in_an_address_is_in_no_log_and_no_error(box: Store, client: JsonClient, seen: list[Exchange]) -> None:
    box.faults.add("403", "*")
    url = store.expect(box, "doc-1", JSON)
    with pytest.raises(TransientError) as caught:
        documents.put(client, url, b"{}", content_type=JSON)
    assert "Signature" not in f"{caught.value!r} {caught.value.problems} {seen}"


@pytest.mark.parametrize("fault", ["503", "reset", "drop_after"])
def test_a_failing_store_is_tried_again(box: Store, client: JsonClient, fault: str) -> None:
    box.faults.add(fault, "*")
    url = store.expect(box, "doc-1", JSON)
    with pytest.raises(TransientError):
        documents.put(client, url, b"{}", content_type=JSON)
    documents.put(client, url, b"{}", content_type=JSON)
    assert store.content(box, "doc-1") == b"{}"


def test_text_follows_its_charset_then_utf_8_then_the_code_page() -> None:
    assert documents.Document(content="ä".encode("cp1252"), charset="windows-1252").text() == "ä"
    assert documents.Document(content="\ufeffä".encode(), charset="no-such-charset").text() == "ä"
    assert documents.Document(content="ä".encode("cp1252")).text() == "ä"
    assert documents.Document(content="値".encode("shift_jis")).text(fallback="shift_jis") == "値"
