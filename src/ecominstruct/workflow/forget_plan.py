"""What an ecom forget will do: the request, and the journal that lists everything to go before anything changes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, NamedTuple

from ecominstruct.runs.files import read_json, write_json
from ecominstruct.runs.lock import JOURNAL
from ecominstruct.sources.tombstones import Tombstone, tombstone_lines

How = Literal["equal", "near", "family"]


class Wish(NamedTuple):
    """What somebody wants to be forgotten: a source, a record, or (neither) what a file of tombstones lists."""

    source: str | None = None
    record: str | None = None
    family: bool = False  # also its family and its twins
    file: str | None = None  # a file of tombstones for many runs


class Twin(NamedTuple):
    """A record that says what a forgotten one says: the same, nearly the same, or with a key in common."""

    source: str
    record: str
    how: How
    stays: bool = True


class Journal(NamedTuple):
    """All that is to be done, as it was found before anything changed."""

    wish: Wish
    found: int  # records that the run holds
    stones: tuple[Tombstone, ...]
    examples: tuple[str, ...]
    rows: tuple[str, ...]  # ids of records whose examples go: of those that are forgotten, and of those they went into
    keys: tuple[str, ...]  # of annotations
    twins: tuple[Twin, ...]
    trained: int  # rows that the tuned model was trained on

    @property
    def records(self) -> frozenset[str]:
        """The records that are forgotten."""
        return frozenset(stone.record for stone in self.stones if stone.record)


def read_journal(run: Path) -> Journal | None:
    """The journal of a forgetting that was interrupted, if there is one."""
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
    plain = journal._asdict() | {
        "wish": journal.wish._asdict(),
        "stones": list(tombstone_lines(journal.stones)),
        "twins": [twin._asdict() for twin in journal.twins],
    }
    write_json(run / JOURNAL, plain)
