"""Which of many known texts share a key with a text: sorted columns in files, and a table that says no at once."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.checks.columns import Indices, Numbers, load, save

_LARGEST = 1 << 28  # entries of a table, one bit each


class Postings(NamedTuple):
    """Keys in order, the known text of each, and by the low bits of a key whether it may be among them at all."""

    keys: Numbers
    owners: npt.NDArray[np.uint32]
    maybe: npt.NDArray[np.uint8]  # one bit each

    @classmethod
    def of(cls, keys: Numbers, owners: Indices, most: int, *, drop: bool = False) -> Postings:
        """Postings of keys; of a key that more than `most` texts have, the first `most` are kept, or (`drop`) none."""
        order = np.lexsort((owners, keys))
        keys, texts = keys[order], owners[order].astype(np.uint32)
        del order  # of a column of millions every copy counts
        heads = np.flatnonzero(np.diff(keys, prepend=~keys[:1])).astype(np.uint32)
        sizes = np.diff(heads, append=np.uint32(len(keys)))
        if drop:
            kept = np.repeat(sizes <= most, sizes)
        else:
            kept = np.arange(len(keys), dtype=np.uint32) - np.repeat(heads, sizes) < most
        keys, texts = keys[kept], texts[kept]
        size = 1 << 16
        while size < 8 * len(keys) and size < _LARGEST:
            size *= 2
        maybe = np.zeros(size, np.bool_)
        maybe[keys & np.uint64(size - 1)] = True
        return cls(keys, texts, np.packbits(maybe, bitorder="little"))

    def find(self, keys: Numbers) -> tuple[Indices, Indices]:
        """For each match, the place of the key that was looked for, and the known text that has it."""
        slots = keys & np.uint64(8 * len(self.maybe) - 1)
        bits = self.maybe[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8)
        places = np.flatnonzero(bits & np.uint8(1))
        first = np.searchsorted(self.keys, keys[places], "left")
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
