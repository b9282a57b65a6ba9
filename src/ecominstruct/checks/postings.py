"""Which of many known texts share a key with a text: sorted columns in files, and a table that says no at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.checks.columns import Indices, Numbers, load, save

_LARGEST = 1 << 28  # entries of a table, one bit each
_AT_ONCE = 1 << 22  # keys that are sorted together


class Postings(NamedTuple):
    """Keys in order, the known text of each, and by the low bits of a key whether it may be among them at all."""

    keys: Numbers
    owners: npt.NDArray[np.uint32]
    maybe: npt.NDArray[np.uint8]  # one bit each

    @classmethod
    def of(cls, keys: Numbers, owners: npt.NDArray[Any], most: int, *, drop: bool = False) -> Postings:
        """Postings of keys; of a key that more than `most` texts have, the first `most` are kept, or (`drop`) none.

        Keys are looked at some at a time, by their value, since of millions every copy counts.
        """
        parts = len(keys) // _AT_ONCE + 1
        width = int(keys.max(initial=0)) // parts + 1
        place = (keys // np.uint64(width)).astype(np.uint16)
        found = []
        for part in range(parts):
            chosen = np.flatnonzero(place == part)
            found.append(_some(keys[chosen], owners[chosen].astype(np.uint32), most, drop=drop))
        sorted_keys = np.concatenate([some for some, _ in found])
        size = 1 << 16
        while size < 8 * len(sorted_keys) and size < _LARGEST:
            size *= 2
        maybe = np.zeros(size // 8, np.uint8)
        for some, _ in found:
            slots = some & np.uint64(size - 1)
            np.bitwise_or.at(maybe, slots >> np.uint64(3), np.uint8(1) << (slots & np.uint64(7)).astype(np.uint8))
        return cls(sorted_keys, np.concatenate([of for _, of in found]), maybe)

    def find(self, keys: Numbers) -> tuple[Indices, Indices]:
        """For each match, the place of the key that was looked for, and the known text that has it; in no order."""
        slots = keys & np.uint64(8 * len(self.maybe) - 1)
        bits = self.maybe[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8)
        places = np.flatnonzero(bits & np.uint8(1))
        places = places[np.argsort(keys[places])]  # neighbours are found near each other: five times as fast
        first = np.searchsorted(self.keys, keys[places], "left")
        there = self.keys[np.minimum(first, len(self.keys) - 1)] == keys[places] if len(self.keys) else first < 0
        places, first = places[there], first[there]
        counts = np.searchsorted(self.keys, keys[places], "right") - first
        ends = np.cumsum(counts)
        total = int(ends[-1]) if len(ends) else 0
        at = np.arange(total) + np.repeat(first - (ends - counts), counts)
        return np.repeat(places, counts), np.asarray(self.owners[at], np.int64)

    def write(self, folder: Path, name: str) -> list[str]:
        """Write the columns into a folder; returns the names of the files."""
        for part, column in self._asdict().items():
            save(folder / f"{name}-{part}.npy", column)
        return [f"{name}-{part}.npy" for part in self._fields]

    @classmethod
    def read(cls, folder: Path, name: str) -> Postings:
        """Map the columns that were written."""
        return cls(*(load(folder / f"{name}-{part}.npy") for part in cls._fields))


def _some(keys: Numbers, owners: npt.NDArray[np.uint32], most: int, *, drop: bool) -> tuple[Numbers, Any]:
    """Some keys with their owners, in order, without what is too frequent."""
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    heads = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    sizes = np.diff(heads, append=len(keys))
    kept = np.repeat(sizes <= most, sizes) if drop else np.arange(len(keys)) - np.repeat(heads, sizes) < most
    return keys[kept], owners[kept]
