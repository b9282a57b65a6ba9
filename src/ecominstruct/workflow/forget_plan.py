"""The plan of an `ecom forget`: the request, and the journal that lists all it removes before anything changes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from ecominstruct.runs.files import read_json, write_json
from ecominstruct.runs.lock import JOURNAL
from ecominstruct.sources.tombstones import Tombstone, tombstone_lines

How = Literal["equal", "near", "family"]


class Wish(NamedTuple):
    """What to forget: a source, a record, or (neither) everything that a file of tombstones lists."""

    source: str | None = None
    record: str | None = None
    family: bool = False  # also the families of these records, and their twins
    file: str | None = None  # a file of tombstones for many runs


class Twin(NamedTuple):
    """A record with the content of a forgotten one: equal, nearly equal, or of the same family."""

    source: str
    record: str
    how: How
    stays: bool = True


class Journal(NamedTuple):
    """Everything to remove, as found before anything changed."""

    wish: Wish
    found: int  # number of records to forget that the run holds
    stones: tuple[Tombstone, ...]
    examples: tuple[str, ...]
    rows: tuple[str, ...]  # records whose examples go: forgotten ones, and those whose examples were made with them
    keys: tuple[str, ...]  # keys of annotations
    twins: tuple[Twin, ...]
    trained: int  # number of forgotten rows that the tuned model was trained on

    @property
    def records(self) -> frozenset[str]:
        """The ids of the forgotten records."""
        return frozenset(stone.record for stone in self.stones if stone.record)


def read_journal(run: Path) -> Journal | None:
    """Return the journal of an interrupted `ecom forget`, or None."""
    path = run / JOURNAL
    if not path.is_file():
        return None
    found = read_json(path)
    return Journal(
        Wish(**found["wish"]),
        found["found"],
        tuple(Tombstone(**stone) for stone in found["stones"]),
        tuple(found["examples"]),
        tuple(found["rows"]),
        tuple(found["keys"]),
        tuple(Twin(**twin) for twin in found["twins"]),
        found["trained"],
    )


def write_journal(run: Path, journal: Journal) -> None:
    """Write the journal to the run."""
    plain = journal._asdict() | {
        "wish": journal.wish._asdict(),
        "stones": list(tombstone_lines(journal.stones)),
        "twins": [twin._asdict() for twin in journal.twins],
    }
    write_json(run / JOURNAL, plain)
