"""Keys of texts, in files cut by the value of the key: of any number of them, one file is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import Indices, Numbers

_ENTRY = np.dtype([("key", "<u8"), ("text", "<u4")])
_ENTRIES = 250_000  # of one file: 3 MB, and some ten times that while it is looked at
_FILES = 250  # at most: a process may have about a thousand open


class KeyFiles:
    """Keys, even over 64 bits, each with the number of its text; a context that closes the files.

    Iterated, it gives the keys and texts of one file after another; no key of a file is above one of the next.
    """

    def __init__(self, folder: Path, name: str, expected: int) -> None:
        """`expected`: about how many keys will come."""
        self._paths = folder / f"{name}-keys"
        self._count = min(max(1, -(-expected // _ENTRIES)), _FILES)
        self._files: list[IO[bytes]] = []
        self._stack = ExitStack()

    def __enter__(self) -> KeyFiles:
        for number in range(self._count):
            path = self._paths.with_suffix(f".{number:03d}.tmp")
            self._files.append(self._stack.enter_context(path.open("w+b")))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, keys: Numbers, texts: npt.NDArray[np.integer]) -> None:
        """Write more keys."""
        entries = np.empty(len(keys), _ENTRY)
        entries["key"], entries["text"] = keys, texts
        if self._count == 1:
            self._files[0].write(entries.tobytes())
            return
        place = ((keys >> np.uint64(32)) * np.uint64(self._count)) >> np.uint64(32)
        entries = entries[np.argsort(place, kind="stable")]
        ends = np.cumsum(np.bincount(place.astype(np.int64), minlength=self._count))
        for file, start, end in zip(self._files, np.append(0, ends[:-1]), ends, strict=True):
            file.write(entries[start:end].tobytes())

    def __iter__(self) -> Iterator[tuple[Numbers, Indices]]:
        for file in self._files:
            file.seek(0)
            entries = np.frombuffer(file.read(), _ENTRY)
            yield np.ascontiguousarray(entries["key"]), entries["text"].astype(np.int64)
