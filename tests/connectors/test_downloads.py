"""Large documents: whole, in chunks, unpacked on the way, and never half."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import ClassVar

import pytest

from connectors import downloads
from connectors.auth import ApiKey
from connectors.downloads import opened, unzipped
from connectors.errors import RejectedError, TransientError
from connectors.hooks import Exchange, Hooks
from connectors.http import JsonClient
from connectors.sandbox import Request, Response, Router, Sandbox

FILE = b"".join(b"%d\t12.50\r\n" % number for number in range(200_000))
ROUTES = Router()


@ROUTES.on("GET", "/file")
def file(box: Sandbox, request: Request) -> Response:
    return Response(body=FILE, headers={"Content-Type": "text/plain"})


class Files(Sandbox):
    routes: ClassVar[Router] = ROUTES


@pytest.fixture
def box() -> Iterator[Files]:
    with Files() as running:
        yield running


def client(box: Sandbox, seen: list[Exchange]) -> JsonClient:
    return JsonClient(box.url, auth=ApiKey("key", "s3cret"), hooks=Hooks(log=seen.append), label="Amazon")


def some() -> JsonClient:
    return JsonClient("http://127.0.0.1:9", auth=ApiKey("key", "s3cret"), label="Amazon")


def parts(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def test_a_document_comes_in_chunks_and_its_call_is_logged_without_the_permission(box: Files) -> None:
    seen: list[Exchange] = []
    with opened(client(box, seen), f"{box.url}/file?X-Amz-Signature=s3cret") as answer:
        chunks = list(answer.chunks)
    assert (answer.status, b"".join(chunks)) == (200, FILE)
    assert max(map(len, chunks)) <= downloads.CHUNK
    assert [(one.path, one.status) for one in seen] == [("/file", 200)]


def test_a_document_that_is_cut_off_is_never_taken_for_whole(box: Files) -> None:
    box.faults.add("truncate", "/file")
    with pytest.raises(TransientError), opened(client(box, []), f"{box.url}/file") as answer:
        list(answer.chunks)


@pytest.mark.parametrize("size", [1, 2, 7, 100_000])
def test_all_members_of_a_gzip_file_are_unpacked_wherever_it_is_cut(size: int) -> None:
    content = gzip.compress(FILE[:30_000]) + gzip.compress(FILE[30_000:40_000])
    assert b"".join(unzipped(some(), parts(content, size))) == FILE[:40_000]


def test_what_is_not_zipped_stays_as_it_is() -> None:
    assert b"".join(unzipped(some(), parts(FILE[:9999], 1))) == FILE[:9999]
    assert b"".join(unzipped(some(), iter(()))) == b""


@pytest.mark.parametrize("broken", [gzip.compress(FILE)[:-20], b"\x1f\x8bno gzip at all"], ids=["cut off", "damaged"])
def test_a_broken_gzip_is_fetched_again(broken: bytes) -> None:
    with pytest.raises(TransientError, match="fetched again"):
        list(unzipped(some(), parts(broken, 1000)))


def test_a_bomb_is_refused_while_it_is_unpacked() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    with pytest.raises(RejectedError) as caught:
        list(unzipped(some(), parts(bomb, 65536), largest=3_000_000))
    assert caught.value.code == "answer_too_large"
