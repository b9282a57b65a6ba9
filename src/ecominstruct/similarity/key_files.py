"""Keys of texts in temporary files, partitioned by value, so that one partition at a time fits into memory."""

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
_ENTRIES = 250_000  # per file: 3 MB, and about ten times that while it is processed
_FILES = 250  # maximum: a process may have about a thousand files open


class KeyFiles:
    """Keys, uniform over 64 bits, each with the index of its text; a context manager that closes the files.

    Iteration yields `(keys, texts)` of one file after another. No key of a file is larger than one of the next.
    """

    def __init__(self, folder: Path, name: str, expected: int) -> None:
        """Create files named after `name` in `folder`. `expected`: the approximate number of keys."""
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
        """Append keys, `(n,) uint64`, and the index of the text of each, `(n,)` below 2**32."""
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
