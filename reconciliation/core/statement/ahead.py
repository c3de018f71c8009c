"""Work that is one step ahead of whoever uses it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(values: Iterator[T]) -> Iterator[T]:
    """The same values; the next one is made in a second thread while the last is worked on. Only ever one waits."""
    with ThreadPoolExecutor(1) as second:
        coming = second.submit(next, values, None)
        while (value := coming.result()) is not None:
            coming = second.submit(next, values, None)
            yield value
