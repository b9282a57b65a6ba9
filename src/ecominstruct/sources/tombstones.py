"""What was forgotten, so that it stays forgotten: tombstones of records, which every build reads beside the sources.

    RUN/forgotten.jsonl    of one run; `ecom forget` writes it
    FILE                   for many runs: `ecom forget RUN --forgotten FILE`, `ecom build … --forgotten FILE`

A line names a record by its source and its id, or, without a record, a whole source. Besides the id it holds a keyed
hash of the raw row, so that the row is known again under another id: when its file has another name, or when its card
is gone from the catalogue and another one reads the file. No text of a row stands in the file. Whoever holds a key can
test whether a row that they know was forgotten, which is why the file has mode 0600.

A row is recognised as long as its card reads it as before: `reading` says how that was. Where a card reads its files in
another way and a forgotten record cannot be found in them, the build refuses to go on rather than bring it back.
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
REASON = "forgotten"  # of a raw row that becomes no record


class Tombstone(NamedTuple):
    """One record that was forgotten; without `record`, a whole source."""

    source: str
    record: str = ""
    file: str = ""  # its raw file, relative to the folder of the source
    row: str = ""  # the keyed hash of its raw row, see `row_hash`
    reading: str = ""  # how the card read its files then, see `reading_of`
    key: str = ""  # of that hash, in hexadecimal digits
    spared: str = ""  # the ids of records with an equal raw row that stay, with blanks between


class Forgotten(NamedTuple):
    """What was forgotten of the rows of one piece of raw data."""

    records: frozenset[str] = frozenset()  # ids
    rows: frozenset[str] = frozenset()  # keyed hashes of rows whose file, or whose card, is no longer there
    keys: tuple[str, ...] = ()  # of these hashes
    spared: frozenset[str] = frozenset()  # records that stay though their raw row is equal
    reread: frozenset[str] = frozenset()  # the records that were made when the card read its files in another way

    def holds(self, record: str, raw_hash: str, ordinal: int) -> bool:
        """Whether a raw row must not become a record."""
        if record in self.records or record in self.spared:
            return record in self.records
        return any(row_hash(raw_hash, ordinal, key) in self.rows for key in self.keys)


NOTHING = Forgotten()


class Tombstones:
    """All tombstones of a run, and which sources there are to tell them by."""

    def __init__(self, stones: Iterable[Tombstone] = (), known: Collection[str] = ()) -> None:
        """`known`: all sources of the catalogue; a row of one that is gone is looked for in the others."""
        self._by_source: dict[str, list[Tombstone]] = {}
        for stone in sorted(stones):
            self._by_source.setdefault(stone.source, []).append(stone)
        self._orphans = [stone for name, own in self._by_source.items() if name not in known for stone in own]

    @property
    def sources(self) -> frozenset[str]:
        """The sources that were forgotten as a whole."""
        return frozenset(name for name, own in self._by_source.items() if any(not stone.record for stone in own))

    def of(self, card: SourceCard, names: Collection[str], all_names: Collection[str]) -> Forgotten:
        """What was forgotten of the files of one piece. `names`: its files; `all_names`: all files of the card."""
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
    """InputError: forgotten records cannot be told among the rows of a file any more."""
    problem = f"reads {file or 'its rows'} in another way than when {count:,} of its records were forgotten"
    hint = (
        "They cannot be told from the others: restore read, explode and gather in its card, forget the whole source "
        f"(ecom forget RUN --source {source}), or, where the rows are gone from the file, delete their lines in {FILE}"
    )
    return input_error(problem, hint, file=source)


def reading_of(card: SourceCard) -> str:
    """A fingerprint of all in a card that decides what a raw row is, before it is mapped to fields."""
    gather = card.gather.model_dump() if card.gather else None
    return fingerprint([card.read.model_dump(), card.explode, gather])


def row_hash(raw_hash: str, ordinal: int, key: str) -> str:
    """The keyed hash (BLAKE2b, 128 bits) of a raw row, by its fingerprint and its number among equal rows."""
    content = f"{raw_hash} {ordinal}".encode()
    return hashlib.blake2b(content, digest_size=16, key=bytes.fromhex(key)).hexdigest()


def read_tombstones(path: Path) -> frozenset[Tombstone]:
    """The tombstones of a file, none where it is absent; InputError that names a line which is none.

    A line counts once it has an end: the last one of a process that was killed does not.
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
    hint = "Restore it from a copy: whoever deletes a line lets its record come back"
    raise input_error("is no tombstone", hint, file=str(path), line=number)


def tombstone_lines(stones: Iterable[Tombstone]) -> Iterator[Mapping[str, str]]:
    """Tombstones as they are written, in a fixed order."""
    return ({name: value for name, value in stone._asdict().items() if value} for stone in sorted(stones))


def make_private(path: Path) -> None:
    """Make a file that only its owner may read, if there is none; InputError where it cannot be made."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise input_error(f"cannot be written: {error.strerror}", "Name another file", file=str(path)) from None
