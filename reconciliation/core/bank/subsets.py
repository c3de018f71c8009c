"""Which of some amounts add up exactly to another, found within a bound."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, islice

STEPS = 20_000


class TooManyError(Exception):
    """The search was given up: there are too many amounts to try them all."""


def subsets(amounts: Sequence[int], target: int, *, at_most: int = 2, steps: int = STEPS) -> list[tuple[int, ...]]:
    """The first `at_most` sets of two or more places in `amounts` (all positive) that add up to `target`. Raises TooManyError."""
    order = sorted(range(len(amounts)), key=lambda place: -amounts[place])
    sizes = [amounts[place] for place in order]
    left = list(accumulate(reversed(sizes), initial=0))[::-1]
    budget = [steps]

    def search(start: int, rest: int, chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        if not rest:
            yield chosen
            return
        for at in range(start, len(sizes)):
            budget[0] -= 1
            if budget[0] < 0:
                raise TooManyError
            if left[at] < rest:
                return
            if sizes[at] <= rest:
                yield from search(at + 1, rest - sizes[at], (*chosen, order[at]))

    several = (tuple(sorted(found)) for found in search(0, target, ()) if len(found) > 1)
    return list(islice(several, at_most))
