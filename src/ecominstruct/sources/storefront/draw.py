"""A deterministic random generator per row: one hash as the seed, then integer mixing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ecominstruct.identity import hash64

T = TypeVar("T")

_MASK = (1 << 64) - 1
# A 64-bit linear congruential generator with full period (constants of Knuth's MMIX). Only the high half is used.
_FACTOR = 6364136223846793005
_STEP = 1442695040888963407


class Draw:
    """Successive random choices for one row. The state is local to the row, so rows do not influence each other."""

    __slots__ = ("_state",)

    def __init__(self, *words: str) -> None:
        self._state = hash64("storefront", *words)

    def below(self, count: int) -> int:
        """The next integer in [0, count), for count < 2**32."""
        self._state = state = (self._state * _FACTOR + _STEP) & _MASK
        return (state >> 32) * count >> 32

    def indexes(self, counts: Sequence[int]) -> list[int]:
        """One index below each of the counts. Equivalent to calling `below` for each, but faster."""
        state = self._state
        found = []
        for count in counts:
            state = (state * _FACTOR + _STEP) & _MASK
            found.append((state >> 32) * count >> 32)
        self._state = state
        return found

    def chance(self, percent: int) -> bool:
        """True with probability `percent` / 100."""
        return self.below(100) < percent

    def choose(self, options: Sequence[T]) -> T:
        """One of the options. Raises IndexError if there are none."""
        return options[self.below(len(options))]

    def other(self, count: int, than: int) -> int:
        """An index in [0, count) other than `than`; `than` itself if there is no other."""
        if count < 2:
            return than
        index = self.below(count - 1)
        return index + 1 if index >= than else index

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Up to `count` distinct options in drawn order."""
        rest = list(options)
        return [rest.pop(self.below(len(rest))) for _ in range(min(count, len(rest)))]
