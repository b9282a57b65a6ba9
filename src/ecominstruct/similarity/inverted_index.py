"""An inverted index from keys to texts: sorted columns in files, with a bit table that rejects most absent keys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.runs.files import writing
from ecominstruct.similarity.columns import Indices, Numbers, begin, load, map_column, pack, release_pages
from ecominstruct.similarity.key_files import KeyFiles

_LARGEST = 1 << 28  # maximum bits of a table
_AT_ONCE = 1 << 17  # keys or entries processed together
PART = 1 << 20  # known keys searched together


class Postings(NamedTuple):
    """Sorted keys with the text of each, and two tables by the high bits of a key.

    `heads` gives the position of the first key with these bits; `maybe` tells whether any key has these bits.
    """

    keys: Numbers
    owners: npt.NDArray[np.uint32]
    heads: npt.NDArray[np.uint32]  # one more entry than there are values of the high bits
    maybe: npt.NDArray[np.uint8]  # one bit each

    def find(self, keys: Numbers, texts: Indices) -> Numbers:
        """Look up keys, and return the matches as packed pairs (text, known text), `uint64`; see `columns.pack`.

        `keys` and `texts` are `(n,)`: each key with the index of the text it belongs to. Keys are looked up in sorted
        order, so that only a part of the columns is in memory at a time.
        """
        slots = _slots(keys, 8 * len(self.maybe))
        bits = self.maybe[slots >> np.uint64(3)] >> (slots & np.uint64(7)).astype(np.uint8)
        places = np.flatnonzero(bits & np.uint8(1))
        places = places[np.argsort(keys[places])]
        wanted, texts = keys[places], texts[places]
        found = [np.zeros(0, np.uint64)]
        # Each slice searches about `PART` known keys.
        for part in _by_high_bits(wanted, 1 << (len(self.keys) // PART).bit_length()):
            found.append(self._find_some(wanted[part], texts[part]))
            release_pages(self.keys, self.owners, self.heads)
        return np.concatenate(found)

    def _find_some(self, wanted: Numbers, texts: Indices) -> Numbers:
        """Look up keys that passed the bit table."""
        head = _slots(wanted, len(self.heads) - 1)
        low, high = self.heads[head].astype(np.int64), self.heads[head + np.uint64(1)].astype(np.int64)
        first = self._search(wanted, low, high, np.less)
        counts = self._search(wanted, first, high, np.less_equal) - first
        ends = np.cumsum(counts)
        at = np.arange(counts.sum()) + np.repeat(first - (ends - counts), counts)
        return pack(np.repeat(texts, counts), self.owners[at])

    def _search(self, wanted: Numbers, low: Indices, high: Indices, before: np.ufunc) -> Indices:
        """For each wanted key, the first position in [low, high) whose key is not `before` it.

        A vectorised binary search within the given bounds: `numpy.searchsorted` would search all keys.
        """
        while (open_ := low < high).any():
            middle = (low + high) >> 1
            left = open_ & before(self.keys[np.minimum(middle, len(self.keys) - 1)], wanted)
            low, high = np.where(left, middle + 1, low), np.where(left, high, np.minimum(high, middle))
        return low

    @classmethod
    def read(cls, folder: Path, name: str) -> Postings:
        """Memory-map the columns that `write_postings` wrote."""
        keys, owners, heads, maybe = _paths(folder, name)
        return cls(map_column(keys, np.uint64), map_column(owners, np.uint32), load(heads), load(maybe))


def write_postings(folder: Path, name: str, files: KeyFiles, counted: Indices, most: int, drop: bool) -> list[str]:
    """Write an index of the keys in `files` to a folder; returns the names of its files.

    If more than `most` texts have a key, only the first `most` are kept, or none if `drop`. Adds to `counted`, `(n,)
    int64`, the number of kept keys of each text.
    """
    paths = _paths(folder, name)
    with writing(paths[0]) as keys_file, writing(paths[1]) as owners_file:
        for keys, owners in files:
            kept, by = _some(keys, owners, most, drop=drop)
            counted += np.bincount(by, minlength=len(counted))
            keys_file.write(kept.tobytes())
            owners_file.write(by.astype(np.uint32).tobytes())
    written = map_column(paths[0], np.uint64)
    _write_heads(paths[2], written)
    _write_table(paths[3], written)
    return [path.name for path in paths]


def _paths(folder: Path, name: str) -> tuple[Path, Path, Path, Path]:
    keys, owners, heads, maybe = "keys.bin", "owners.bin", "heads.npy", "maybe.npy"
    return (
        folder / f"{name}-{keys}",
        folder / f"{name}-{owners}",
        folder / f"{name}-{heads}",
        folder / f"{name}-{maybe}",
    )


def _some(keys: Numbers, owners: Indices, most: int, *, drop: bool) -> tuple[Numbers, Indices]:
    """Sort keys and owners, and drop the excess of frequent keys."""
    order = np.lexsort((owners, keys))
    keys, owners = keys[order], owners[order]
    heads = np.flatnonzero(np.diff(keys, prepend=~keys[:1]))
    sizes = np.diff(heads, append=len(keys))
    kept = np.repeat(sizes <= most, sizes) if drop else np.arange(len(keys)) - np.repeat(heads, sizes) < most
    return keys[kept], owners[kept]


def _write_heads(path: Path, keys: Numbers) -> None:
    """Write the position of the first key for each value of the high bits (about two keys each), then the end."""
    bits = max(1, (len(keys) // 2).bit_length() - 1)
    with writing(path) as file:
        begin(file, np.uint32, ((1 << bits) + 1,))
        for start in range(0, 1 << bits, _AT_ONCE):
            slots = np.arange(start, min(start + _AT_ONCE, 1 << bits), dtype=np.uint64)
            file.write(np.searchsorted(keys, slots << np.uint64(64 - bits)).astype(np.uint32).tobytes())
            release_pages(keys)
        file.write(np.uint32(len(keys)).tobytes())


def _write_table(path: Path, keys: Numbers) -> None:
    """Write the bit table: a bit for each value of the high bits, at least eight bits per key up to `_LARGEST`."""
    size = 1 << 16
    while size < 8 * len(keys) and size < _LARGEST:
        size *= 2
    places = min(size, 8 * _AT_ONCE)  # bits written at once
    with writing(path) as file:
        begin(file, np.uint8, (size // 8,))
        for part in _by_high_bits(keys, size // places):
            taken = np.zeros(places, np.bool_)
            taken[_slots(keys[part], size) & np.uint64(places - 1)] = True
            file.write(np.packbits(taken, bitorder="little").tobytes())
            release_pages(keys)


def _by_high_bits(keys: Numbers, count: int) -> Iterator[slice]:
    """Cut sorted keys by their high bits into `count` slices, a power of two; some may be empty."""
    bits = count.bit_length() - 1
    edges = np.arange(1, count, dtype=np.uint64) << np.uint64(64 - bits)
    cuts = [0, *np.searchsorted(keys, edges).tolist(), len(keys)]
    return (slice(low, high) for low, high in pairwise(cuts))


def _slots(keys: Numbers, size: int) -> Numbers:
    """The positions of keys in a table of `size` entries, a power of two."""
    return keys >> np.uint64(64 - (size.bit_length() - 1))
