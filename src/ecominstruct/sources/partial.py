"""The `.part` file of a download: append-only, resumable after a stop, and locked to one process."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ecominstruct.errors import input_error

CHUNK = 1 << 18  # bytes held in memory at once


class Partial:
    """An open `.part` file: its size, the sha256 of what has arrived, and the version that it belongs to."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._file = file
        self._version = path.with_name(f"{path.name}.version")
        file.seek(0)
        self._digest = hashlib.sha256()
        while chunk := file.read(CHUNK):
            self._digest.update(chunk)
        self.size = file.tell()

    @property
    def sha256(self) -> str:
        """The sha256 of everything that has arrived, as hexadecimal digits."""
        return self._digest.hexdigest()

    @property
    def version(self) -> str:
        """The ETag or date with which the server sent the bytes; '' if unknown."""
        return self._version.read_text(encoding="latin-1") if self.size and self._version.is_file() else ""

    def append(self, chunk: bytes) -> None:
        """Append what has arrived."""
        self._file.write(chunk)
        self._digest.update(chunk)
        self.size += len(chunk)

    def restart(self, version: str = "") -> None:
        """Discard everything that has arrived; the next bytes belong to `version`."""
        self._file.seek(0)
        self._file.truncate()
        self._version.write_text(version, encoding="latin-1")
        self._digest = hashlib.sha256()
        self.size = 0

    def forget_version(self) -> None:
        """Delete the stored version, when the download will not be resumed."""
        self._version.unlink(missing_ok=True)


@contextmanager
def open_partial(part: Path) -> Iterator[Partial]:
    """Open and lock the partial file. After an error, an empty one is deleted.

    Raises InputError if another process holds the lock.
    """
    part.parent.mkdir(parents=True, exist_ok=True)
    with part.open("a+b") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise input_error("is being fetched by another process", "Wait for it", file=str(part)) from None
        partial = Partial(part, file)
        try:
            yield partial
        except BaseException:
            if not partial.size:
                partial.forget_version()
                part.unlink(missing_ok=True)
            raise
