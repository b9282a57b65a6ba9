"""Columns: many texts as one byte array with offsets, and helpers for sorted arrays. In memory, or memory-mapped.

A list of two million Python strings takes hundreds of megabytes and cannot be shared. A mapped column occupies only the
pages in use, and processes share them.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.runs.files import writing

Numbers = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Texts(NamedTuple):
    """A column of n texts in UTF-8: text i is `content[offsets[i]:offsets[i + 1]]`, and `offsets` is `(n + 1,)`."""

    content: npt.NDArray[np.uint8]
    offsets: Indices

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Indices:
        """The length of each text in bytes, `(n,) int64`."""
        return np.diff(self.offsets)

    def take(self, numbers: Indices) -> list[str]:
        """Return the texts with these indices, decoded."""
        content = self.content.data
        starts, ends = self.offsets[numbers].tolist(), self.offsets[numbers + 1].tolist()
        return [str(content[start:end], "utf-8", "surrogatepass") for start, end in zip(starts, ends, strict=True)]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """Build a column in memory."""
        encoded = [encode(text) for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)


def encode(text: str) -> bytes:
    """Encode a text as a column stores it: UTF-8, with lone surrogates kept."""
    return text.encode("utf-8", "surrogatepass")


class Growing:
    """A growable one-dimensional array, which is never copied as a whole."""

    def __init__(self, kind: npt.DTypeLike) -> None:
        self._kind, self._bytes = np.dtype(kind), bytearray()

    def add(self, numbers: npt.ArrayLike) -> None:
        """Append numbers."""
        self._bytes += np.asarray(numbers, self._kind).tobytes()

    def column(self) -> npt.NDArray[Any]:
        """Return all numbers as an array without copying. Nothing can be added afterwards."""
        return np.frombuffer(self._bytes, self._kind)


class SortedIdSet:
    """A set of uint64 numbers at 8 bytes each, a tenth of what a Python set takes."""

    def __init__(self) -> None:
        self._runs: list[Numbers] = []  # sorted runs; each is more than twice as long as the next

    def fresh(self, numbers: Numbers) -> Indices:
        """Add numbers, and return the sorted indices of those that were not in the set before.

        Of equal numbers in one call, only the first counts as new. `numbers` is `(n,) uint64`.
        """
        different, first = np.unique(numbers, return_index=True)
        known = np.zeros(len(different), np.bool_)
        for run in self._runs:
            known |= isin_sorted(different, run)
        self._keep(different[~known])
        return np.sort(first[~known])

    def _keep(self, run: Numbers) -> None:
        while self._runs and len(self._runs[-1]) <= 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]), kind="stable")
        self._runs.append(run)


class TextFile:
    """A column of texts that is appended to a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lengths: list[npt.NDArray[np.int32]] = []

    def add(self, texts: Iterable[str]) -> None:
        """Append texts."""
        encoded = [encode(text) for text in texts]
        self._lengths.append(np.array([len(text) for text in encoded], np.int32))
        self._file.write(b"".join(encoded))

    def offsets(self) -> Indices:
        """Return the offsets of the texts so far, `(n + 1,) int64`, in bytes."""
        lengths = np.concatenate([np.zeros(1, np.int32), *self._lengths])
        return np.cumsum(lengths, dtype=np.int64)

    def texts(self) -> Texts:
        """Return the texts so far, memory-mapped."""
        self._file.flush()
        return Texts(map_column(Path(self._file.name)), self.offsets())


def map_column(path: Path, kind: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """Memory-map a file of raw numbers of one type. An empty file, which cannot be mapped, gives an empty array."""
    if not path.stat().st_size:
        return np.zeros(0, kind)
    return np.asarray(np.memmap(path, kind, "r"))  # a plain array: indexing a memmap is slower


def release_pages(*columns: npt.NDArray[Any]) -> None:
    """Drop the resident pages of memory-mapped columns; the next access reads them again.

    Without this, the system keeps them as long as it has room. Columns in memory are unaffected.
    """
    for column in columns:
        base: Any = column
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)


def save(path: Path, column: npt.NDArray[Any]) -> None:
    """Write a column as a `.npy` file, atomically."""
    with writing(path) as file:
        np.save(file, column, allow_pickle=False)


def begin(file: IO[bytes], kind: npt.DTypeLike, shape: tuple[int, ...]) -> None:
    """Write the header of a `.npy` file whose numbers are then written piece by piece."""
    descr = np.lib.format.dtype_to_descr(np.dtype(kind))
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def load(path: Path) -> npt.NDArray[Any]:
    """Memory-map a column written by `save`."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def sorted_unique(numbers: Numbers) -> Numbers:
    """Return the sorted distinct numbers of a `(n,) uint64` array.

    By sorting: `numpy.unique` uses a hash table, which is fifty times slower for numbers made by `pack`.
    """
    ordered = np.sort(numbers)
    return ordered[run_starts(ordered)]


def isin_sorted(values: Numbers, known: Numbers) -> Flags:
    """Return a `(n,)` mask of the values that occur in `known`, which must be sorted."""
    if not len(known):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.asarray(known[at] == values, np.bool_)


def run_starts(ordered: Numbers) -> Indices:
    """Return the indices at which runs of equal numbers begin in a sorted array, `int64`."""
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(first)


def pack(left: npt.NDArray[np.integer], right: npt.NDArray[np.integer]) -> Numbers:
    """Pack pairs of integers below 2**32 into `(n,) uint64`, as `left << 32 | right`: sorts by left, then right."""
    return np.asarray((left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64), np.uint64)


def unpack(packed: Numbers) -> tuple[Indices, Indices]:
    """Return the `(left, right)` arrays that `pack` was given, as int64."""
    return (packed >> np.uint64(32)).astype(np.int64), (packed & np.uint64(0xFFFFFFFF)).astype(np.int64)


def slices(lengths: Indices, most: int) -> Iterator[slice]:
    """Yield consecutive slices of items whose lengths sum to at most `most`. A longer item gets a slice of its own."""
    ends = np.cumsum(lengths)
    start, before = 0, 0
    while start < len(ends):
        end = max(int(np.searchsorted(ends, before + most, "right")), start + 1)
        yield slice(start, end)
        start, before = end, int(ends[end - 1])
