"""Batches of about equal work: the longest first, and as many at once as fit into a number of tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def batches(items: Sequence[T], size: Callable[[T], int], budget: int) -> Iterator[list[T]]:
    """Cut items into batches whose number times the size of the largest is at most `budget`; at least one in each.

    The largest come first, so that what does not fit into memory is found at once, and neighbours need little padding.
    """
    waiting: list[T] = []
    most = 0
    for item in sorted(items, key=size, reverse=True):
        most = most or size(item)
        if waiting and (len(waiting) + 1) * most > budget:
            yield waiting
            waiting, most = [], size(item)
        waiting.append(item)
    if waiting:
        yield waiting
