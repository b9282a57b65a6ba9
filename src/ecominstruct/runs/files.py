"""Files of a run, each written atomically: under a temporary name, synced, renamed. And what a damaged one raises."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson
import xxhash

from ecominstruct.errors import Damaged, Fault

if TYPE_CHECKING:
    pass

CHANGED = "its bytes are not those that were written"


@dataclass(frozen=True)
class Part:
    """A file of a stage: its path in the stage folder, its number of rows, its size in bytes and its xxh3-128 hash.

    `rows` is 0 if it is not a Parquet file.
    """

    path: str
    rows: int
    size: int
    hash: str

    def is_whole(self, folder: Path) -> bool:
        """Return whether the file exists and has the recorded size. Its content is not read."""
        path = folder / self.path
        return path.is_file() and path.stat().st_size == self.size


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to `path`, which replaces it atomically when the block succeeds.

    The temporary name is unique, because two machines may write the same file if a worker was given up too early.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        yield temporary
        settle(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


_HALF_WRITTEN = re.compile(r"\..+\.[0-9a-f]{16}\.tmp")


def is_leftover(path: Path) -> bool:
    """Return whether this is a temporary path of `replacing`. If nobody is writing, its writer was killed."""
    return _HALF_WRITTEN.fullmatch(path.name) is not None


@contextmanager
def writing(path: Path) -> Iterator[IO[bytes]]:
    """Yield an open binary file that replaces `path` atomically when the block succeeds."""
    with replacing(path) as temporary, temporary.open("wb") as file:
        yield file


def settle(temporary: Path, path: Path) -> None:
    """Sync a complete file and rename it to its final name, in the same file system, so that it survives a crash."""
    with temporary.open("rb") as written:
        os.fsync(written.fileno())
    temporary.replace(path)
    settle_names(path.parent)


def settle_names(folder: Path) -> None:
    """Sync a folder, so that the names in it are as durable as the contents of the files."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def write_json(path: Path, value: Any) -> None:
    """Write JSON with sorted keys and a final newline: equal values give equal bytes."""
    write_bytes(path, json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """Serialise a value like `write_json`."""
    options = orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
    return orjson.dumps(value, option=options)


def read_json(path: Path) -> Any:
    """Read a JSON file of a run. Raises Damaged if it is not valid JSON, because only this program writes it."""
    return parsed(path, path.read_bytes())


def parsed(path: Path, content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        raise damaged_error(path, "is not the JSON that was written") from None


def damaged_error(path: Path, problem: str) -> Damaged:
    return Damaged([Fault(str(path), 0, problem, "Delete it and run the stage again")])


def hash_file(path: Path) -> str:
    """Return the xxh3-128 of a file's bytes in hexadecimal digits."""
    digest = xxhash.xxh3_128()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def part_of(folder: Path, path: str, rows: int = 0) -> Part:
    """Describe a file in a stage folder, as it is now, as a Part."""
    return Part(path, rows, (folder / path).stat().st_size, hash_file(folder / path))


def flat(key: str) -> str:
    """Convert a key to a file name: slashes become dots. Keys consist of ids, which contain no dots."""
    return key.replace("/", ".")
