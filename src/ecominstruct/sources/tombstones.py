"""Tombstones: what was forgotten, read by every build beside the sources, so that it does not come back.

    RUN/forgotten.jsonl    of one run; `ecom forget` writes it
    FILE                   for many runs: `ecom forget RUN --forgotten FILE`, `ecom build … --forgotten FILE`

A line names a record by source and id, or a whole source. Besides the id it has a keyed hash of the raw row, which
identifies the row under another id: when its file was renamed, or when its card was removed and another card reads the
file. The file holds no text of a row. Whoever has a key can test whether a row they know was forgotten, so the file has
mode 0600.

A row is recognised as long as its card reads it as before; `reading` is a fingerprint of that. If a card reads its
files differently and a forgotten record is not found in them, the build stops instead of bringing it back.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import orjson

from ecominstruct.errors import input_error
from ecominstruct.identity import fingerprint
from ecominstruct.sources.cards import SourceCard

FILE = "forgotten.jsonl"
REASON = "forgotten"  # reason for a raw row that becomes no record


class Tombstone(NamedTuple):
    """One forgotten record, or, without `record`, a whole source."""

    source: str
    record: str = ""
    file: str = ""  # its raw file, relative to the source's folder
    row: str = ""  # the keyed hash of its raw row, see `row_hash`
    reading: str = ""  # how the card read its files at that time, see `reading_of`
    key: str = ""  # of that hash, in hexadecimal digits
    spared: str = ""  # ids of records with an equal raw row that are kept, separated by blanks


class Forgotten(NamedTuple):
    """The forgotten rows of one piece of raw data."""

    records: frozenset[str] = frozenset()  # ids
    rows: frozenset[str] = frozenset()  # keyed hashes of rows whose file or card no longer exists
    keys: tuple[str, ...] = ()  # for these hashes
    spared: frozenset[str] = frozenset()  # records that are kept although their raw row is equal
    reread: frozenset[str] = frozenset()  # records that were made when the card read its files differently

    def holds(self, record: str, raw_hash: str, ordinal: int) -> bool:
        """Whether a raw row was forgotten and must not become a record."""
        if record in self.records or record in self.spared:
            return record in self.records
        return any(row_hash(raw_hash, ordinal, key) in self.rows for key in self.keys)


NOTHING = Forgotten()


class Tombstones:
    """All tombstones of a run."""

    def __init__(self, stones: Iterable[Tombstone] = (), known: Collection[str] = ()) -> None:
        """`known` are all sources of the catalogue.

        Rows of a source that no longer exists are looked for in the others.
        """
        self._by_source: dict[str, list[Tombstone]] = {}
        for stone in sorted(stones):
            self._by_source.setdefault(stone.source, []).append(stone)
        self._orphans = [stone for name, own in self._by_source.items() if name not in known for stone in own]

    @property
    def sources(self) -> frozenset[str]:
        """The sources that were forgotten as a whole."""
        return frozenset(name for name, own in self._by_source.items() if any(not stone.record for stone in own))

    def of(self, card: SourceCard, names: Collection[str], all_names: Collection[str]) -> Forgotten:
        """What was forgotten of one piece. `names` are its files, `all_names` all files of the card.

        Raises InputError if forgotten records can no longer be recognised.
        """
        own = self._by_source.get(card.id, [])
        here = [stone for stone in own if stone.file in names]
        moved = [stone for stone in own if stone.record and stone.file not in all_names]
        reading = reading_of(card)
        rows = [stone for stone in (*moved, *self._orphans) if stone.row]
        for stone in moved:
            if stone.reading != reading:
                raise unrecognised(card.id, stone.file, 1)
        return Forgotten(
            frozenset(stone.record for stone in here if stone.record),
            frozenset(stone.row for stone in rows),
            tuple(sorted({stone.key for stone in rows})),
            frozenset(name for stone in rows for name in stone.spared.split()),
            frozenset(stone.record for stone in here if stone.record and stone.reading != reading),
        )


def unrecognised(source: str, file: str, count: int) -> Exception:
    """An InputError: the forgotten records of a file can no longer be recognised."""
    problem = f"reads {file or 'its rows'} differently from when {count:,} of its records were forgotten"
    hint = (
        "They cannot be told from the others: restore read, explode and gather in its card, forget the whole source "
        f"(ecom forget RUN --source {source}), or, where the rows are gone from the file, delete their lines in {FILE}"
    )
    return input_error(problem, hint, file=source)


def reading_of(card: SourceCard) -> str:
    """A fingerprint of everything in a card that determines what a raw row is, before it is mapped to fields."""
    gather = card.gather.model_dump() if card.gather else None
    return fingerprint([card.read.model_dump(), card.explode, gather])


def row_hash(raw_hash: str, ordinal: int, key: str) -> str:
    """The keyed hash (BLAKE2b, 128 bits) of a raw row, from its fingerprint and its ordinal among equal rows."""
    content = f"{raw_hash} {ordinal}".encode()
    return hashlib.blake2b(content, digest_size=16, key=bytes.fromhex(key)).hexdigest()


def read_tombstones(path: Path) -> frozenset[Tombstone]:
    """Read a file of tombstones; an absent file has none.

    A last line without a line break is ignored: it is left by a process that was killed. Raises InputError with the
    line number for a malformed line.
    """
    if not path.exists():
        return frozenset()
    lines = path.read_bytes().split(b"\n")[:-1]
    return frozenset(_tombstone(path, number, line) for number, line in enumerate(lines, 1))


def _tombstone(path: Path, number: int, line: bytes) -> Tombstone:
    try:
        stone = Tombstone(**orjson.loads(line))
        bytes.fromhex(stone.key)
        if all(isinstance(value, str) for value in stone) and stone.source and bool(stone.row) == bool(stone.key):
            return stone
    except (orjson.JSONDecodeError, TypeError, ValueError):
        pass
    hint = "Restore it from a backup: deleting the line would bring its record back"
    raise input_error("is not a tombstone", hint, file=str(path), line=number)


def tombstone_lines(stones: Iterable[Tombstone]) -> Iterator[Mapping[str, str]]:
    """Tombstones as JSON objects for writing, in a fixed order."""
    return ({name: value for name, value in stone._asdict().items() if value} for stone in sorted(stones))


def make_private(path: Path) -> None:
    """Create a file that only its owner can read, if it does not exist. Raises InputError if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise input_error(f"cannot be written: {error.strerror}", "Name another file", file=str(path)) from None
