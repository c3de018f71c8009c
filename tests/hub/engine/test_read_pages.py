"""Records are taken in page by page, and a failure costs none of those that came before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.base import Record
from connectors.errors import NotReadyError
from hub.engine.read import batches


def failing_after(count: int) -> Iterator[Record]:
    for number in range(count):
        yield Record(key=str(number), payload={})
    raise NotReadyError("The report is not ready.")


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (2, [2]), (3, [3]), (7, [3, 3, 1])])
def test_what_was_read_before_a_failure_is_kept(count: int, sizes: list[int]) -> None:
    pages: list[list[Record]] = []
    with pytest.raises(NotReadyError):
        pages.extend(batches(failing_after(count), 3))
    assert [len(page) for page in pages] == sizes


def test_a_list_is_read_to_its_end() -> None:
    records = [Record(key=str(number), payload={}) for number in range(7)]
    assert [one for page in batches(iter(records), 3) for one in page] == records
