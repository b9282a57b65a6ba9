"""A stream of choices that one hash starts: a row hashes its name once and mixes integers from there on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ecominstruct.identity import hash64

T = TypeVar("T")

_MASK = (1 << 64) - 1
# Knuth's MMIX constants: a full-period 64-bit linear congruential step. Only the high half is used.
_FACTOR = 6364136223846793005
_STEP = 1442695040888963407


class Draw:
    """Successive choices for one row. Local to the row, so rows cannot influence each other."""

    __slots__ = ("_state",)

    def __init__(self, *words: str) -> None:
        self._state = hash64("storefront", *words)

    def below(self, count: int) -> int:
        """The next integer in [0, count), for a count below 2**32."""
        self._state = state = (self._state * _FACTOR + _STEP) & _MASK
        return (state >> 32) * count >> 32

    def indexes(self, counts: Sequence[int]) -> list[int]:
        """One index below each of the counts: the same as `below` for each, in a tight loop."""
        state = self._state
        found = []
        for count in counts:
            state = (state * _FACTOR + _STEP) & _MASK
            found.append((state >> 32) * count >> 32)
        self._state = state
        return found

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 cases."""
        return self.below(100) < percent

    def choose(self, options: Sequence[T]) -> T:
        """One of the options; an empty sequence raises IndexError."""
        return options[self.below(len(options))]

    def other(self, count: int, than: int) -> int:
        """An index in [0, count) that differs from `than`; with a single option there is only that one."""
        if count < 2:
            return than
        index = self.below(count - 1)
        return index + 1 if index >= than else index

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Up to `count` different options in drawn order."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in range(min(count, len(rest)))]
