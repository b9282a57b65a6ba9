"""Which of many known texts share a key with a text: sorted columns in files, and a table that says no at once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.checks.columns import Indices, Numbers, load, map_column, save
from ecominstruct.checks.keys import KeyFiles
from ecominstruct.store import writing

_LARGEST = 1 << 28  # entries of a table, one bit each
_AT_ONCE = 1 << 20  # keys that are entered together


class Postings(NamedTuple):
    """Keys in order, the known text of each, and by the high bits of a key whether it may be among them at all."""

    keys: Numbers
    owners: npt.NDArray[np.uint32]
    maybe: npt.NDArray[np.uint8]  # one bit each

    def find(self, keys: Numbers) -> tuple[Indices, Indices]:
        """For each match, the place of the key that was looked for, and the known text that has it; in no order."""
        slots = _slots(keys, 8 * len(self.maybe))
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

    @classmethod
    def read(cls, folder: Path, name: str) -> Postings:
        """Map the columns that `write_postings` wrote."""
        keys, owners, maybe = _paths(folder, name)
        return cls(map_column(keys, np.uint64), map_column(owners, np.uint32), load(maybe))


def write_postings(folder: Path, name: str, files: KeyFiles, counted: Indices, most: int, drop: bool) -> list[str]:
    """Write the postings of keys into a folder; returns the names of the files.

    Of a key that more than `most` texts have, the first `most` are kept, or (`drop`) none. To `counted` is added, for
    each text, how many of its keys were kept.
    """
    paths = _paths(folder, name)
    with writing(paths[0]) as keys_file, writing(paths[1]) as owners_file:
        for keys, owners in files:
            kept, by = _some(keys, owners, most, drop=drop)
            counted += np.bincount(by, minlength=len(counted))
            keys_file.write(kept.tobytes())
            owners_file.write(by.astype(np.uint32).tobytes())
    save(paths[2], _table(paths[0]))
    return [path.name for path in paths]


def _paths(folder: Path, name: str) -> tuple[Path, Path, Path]:
    return folder / f"{name}-keys.bin", folder / f"{name}-owners.bin", folder / f"{name}-maybe.npy"


def _some(keys: Numbers, owners: Indices, most: int, *, drop: bool) -> tuple[Numbers, Indices]:
    """Some keys with their owners, in order, without what is too frequent."""
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    heads = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    sizes = np.diff(heads, append=len(keys))
    kept = np.repeat(sizes <= most, sizes) if drop else np.arange(len(keys)) - np.repeat(heads, sizes) < most
    return keys[kept], owners[kept]


def _table(file: Path) -> npt.NDArray[np.uint8]:
    """The bits of the keys in a file, eight places or more for each."""
    count, size = file.stat().st_size // 8, 1 << 16
    while size < 8 * count and size < _LARGEST:
        size *= 2
    maybe = np.zeros(size // 8, np.uint8)
    with file.open("rb") as coming:
        while len(keys := np.fromfile(coming, np.uint64, _AT_ONCE)):
            slots = _slots(keys, size)
            np.bitwise_or.at(maybe, slots >> np.uint64(3), np.uint8(1) << (slots & np.uint64(7)).astype(np.uint8))
    return maybe


def _slots(keys: Numbers, size: int) -> Numbers:
    """The places of keys in a table; `size` is a power of two."""
    return keys >> np.uint64(64 - (size.bit_length() - 1))
