"""Many texts as one column of bytes with offsets: in memory, or in a file that is mapped when it is large.

A list of two million Python strings takes hundreds of megabytes and cannot be shared; a mapped column takes what is
looked at, and all processes share it.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.runs.store import writing

Numbers = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


class Texts(NamedTuple):
    """Text number i is bytes `offsets[i]` to `offsets[i + 1]` of `content`, in UTF-8."""

    content: npt.NDArray[np.uint8]
    offsets: Indices

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Indices:
        """The bytes of each text."""
        return np.diff(self.offsets)

    def take(self, numbers: Indices) -> list[str]:
        """The texts with these numbers."""
        content = self.content.data
        starts, ends = self.offsets[numbers].tolist(), self.offsets[numbers + 1].tolist()
        return [str(content[start:end], "utf-8", "surrogatepass") for start, end in zip(starts, ends, strict=True)]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Texts:
        """A column in memory."""
        encoded = [encode(text) for text in texts]
        offsets = np.zeros(len(encoded) + 1, np.int64)
        np.cumsum([len(text) for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"".join(encoded), np.uint8), offsets)


def encode(text: str) -> bytes:
    """A text as the bytes of a column."""
    return text.encode("utf-8", "surrogatepass")


class Growing:
    """A column of numbers that grows, without being held twice in the end."""

    def __init__(self, kind: npt.DTypeLike) -> None:
        self._kind, self._bytes = np.dtype(kind), bytearray()

    def add(self, numbers: npt.ArrayLike) -> None:
        """Append numbers."""
        self._bytes += np.asarray(numbers, self._kind).tobytes()

    def column(self) -> npt.NDArray[Any]:
        """All of them; nothing can be added afterwards."""
        return np.frombuffer(self._bytes, self._kind)


class SortedIdSet:
    """Numbers that came before, in 8 bytes each: a set of Python takes ten times as many."""

    def __init__(self) -> None:
        self._runs: list[Numbers] = []  # each in order, and more than twice as long as the next

    def fresh(self, numbers: Numbers) -> Indices:
        """The places, in order, of those that come for the first time; they are known from now on."""
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
    """A column of texts that grows in a file; `texts` maps what has been written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._lengths: list[npt.NDArray[np.int32]] = []

    def add(self, texts: Iterable[str]) -> None:
        """Write more texts."""
        encoded = [encode(text) for text in texts]
        self._lengths.append(np.array([len(text) for text in encoded], np.int32))
        self._file.write(b"".join(encoded))

    def offsets(self) -> Indices:
        """Where each text begins, and where the last one ends."""
        lengths = np.concatenate([np.zeros(1, np.int32), *self._lengths])
        return np.cumsum(lengths, dtype=np.int64)

    def texts(self) -> Texts:
        """All texts so far."""
        self._file.flush()
        return Texts(map_column(Path(self._file.name)), self.offsets())


def map_column(path: Path, kind: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """The numbers that a file consists of, mapped; an empty file cannot be mapped."""
    if not path.stat().st_size:
        return np.zeros(0, kind)
    return np.asarray(np.memmap(path, kind, "r"))  # a plain array: looking into it costs less


def release_pages(*columns: npt.NDArray[Any]) -> None:
    """Give back the pages of mapped columns: the system keeps them as long as it has room, and the next look finds them
    again. Columns in memory stay as they are."""
    for column in columns:
        base: Any = column
        while isinstance(base, np.ndarray):
            base = base.base
        if isinstance(base, mmap.mmap):
            base.madvise(mmap.MADV_DONTNEED)


def save(path: Path, column: npt.NDArray[Any]) -> None:
    """Write a column of numbers, whole or not at all."""
    with writing(path) as file:
        np.save(file, column, allow_pickle=False)


def begin(file: IO[bytes], kind: npt.DTypeLike, shape: tuple[int, ...]) -> None:
    """Write what `save` writes before the numbers, of a column that is written bit by bit."""
    descr = np.lib.format.dtype_to_descr(np.dtype(kind))
    np.lib.format.write_array_header_1_0(file, {"descr": descr, "fortran_order": False, "shape": shape})


def load(path: Path) -> npt.NDArray[Any]:
    """Map a column of numbers that was saved; what is not looked at is not read."""
    return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


def sorted_unique(numbers: Numbers) -> Numbers:
    """The different ones among numbers, in order. By sorting: `numpy.unique` builds a table of hashes, which takes
    fifty times as long for numbers that were packed from two."""
    ordered = np.sort(numbers)
    return ordered[run_starts(ordered)]


def isin_sorted(values: Numbers, known: Numbers) -> Flags:
    """Which values stand among known ones, which are in order."""
    if not len(known):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(known, values), len(known) - 1)
    return np.asarray(known[at] == values, np.bool_)


def run_starts(ordered: Numbers) -> Indices:
    """Where, among numbers in order, those begin that are equal to each other."""
    first = np.ones(len(ordered), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    return np.flatnonzero(first)


def pack(left: npt.NDArray[np.integer], right: npt.NDArray[np.integer]) -> Numbers:
    """Pairs of numbers below 2**32 as one number each: in order by the left one, then by the right one."""
    return np.asarray((left.astype(np.uint64) << np.uint64(32)) | right.astype(np.uint64), np.uint64)


def unpack(packed: Numbers) -> tuple[Indices, Indices]:
    """The pairs that were packed."""
    return (packed >> np.uint64(32)).astype(np.int64), (packed & np.uint64(0xFFFFFFFF)).astype(np.int64)


def slices(lengths: Indices, most: int) -> Iterator[slice]:
    """Cut items into consecutive slices of at most so much length together (a longer item stands alone)."""
    ends = np.cumsum(lengths)
    start, before = 0, 0
    while start < len(ends):
        end = max(int(np.searchsorted(ends, before + most, "right")), start + 1)
        yield slice(start, end)
        start, before = end, int(ends[end - 1])
