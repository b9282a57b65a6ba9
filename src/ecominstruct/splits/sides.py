"""The two sides of a split proof, read from stages 1 and 2: records with their families, keys and splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.identity import hash64
from ecominstruct.runs.parquet import read_lists
from ecominstruct.runs.stages import stage
from ecominstruct.similarity.columns import Flags, Growing, Indices
from ecominstruct.similarity.key_files import KeyFiles
from ecominstruct.splits.assign import PART, SPLIT_CODES
from ecominstruct.splits.pairs import Codes, Keys

_EXPECTED = 4_000_000  # approximate number of keys; with more, the files are larger

_COLUMNS = ("id", "source", "record_type", "published_split", "group")

NO_SPLIT = -1
LISTED = 100  # violations of each kind that are listed; all are counted


class Violation(NamedTuple):
    """One violation: its kind, its subject, and the hashed ids of the records involved."""

    kind: str
    detail: str
    records: tuple[int, ...] = ()


class Ledger:
    """The violations found: all are counted, the first `LISTED` of each kind are kept."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[Violation] = []

    def add(self, kind: str, detail: str, *records: int) -> None:
        """Count one violation."""
        self.counts[kind] += 1
        if self.counts[kind] <= LISTED:
            self.kept.append(Violation(kind, detail, records))


class Sides(NamedTuple):
    """All records, sorted by hashed id, as `(records,)` columns; and their keys."""

    sources: tuple[str, ...]
    record: Keys  # hash of its id
    source: npt.NDArray[np.int16]  # index of its source
    pair: Flags  # whether it is a pair of two sides
    published: Codes
    assigned: npt.NDArray[np.int32]  # how many assignments it has
    split: Codes  # NO_SPLIT if it has none
    family: Keys
    place: npt.NDArray[np.uint32]  # for each record in file order, its index here
    keys: KeyFiles  # of all records, with the index of the record in file order

    def owned(self) -> Iterator[tuple[Keys, Indices]]:
        """Yield the keys of one file at a time, and for each key the index of its record here."""
        for keys, records in self.keys:
            yield keys, self.place[records].astype(np.int64)


def hashes(values: list[str]) -> Keys:
    """Hash texts to the numbers by which they are compared here, `(n,) uint64`."""
    return np.array([hash64(value) for value in values], np.uint64)


def find(known: Keys, wanted: Keys) -> tuple[Flags, Indices]:
    """Look up numbers in a sorted array: a mask of those found, and their positions (arbitrary if not found)."""
    if not len(known):
        return np.zeros(len(wanted), np.bool_), np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1).astype(np.int64)
    return known[at] == wanted, at


def record_files(run: Path) -> list[Path]:
    """Return the record parts that exist in a run, regardless of its manifest."""
    return sorted((run / stage("records").folder).rglob("part-*.parquet"))


@contextmanager
def open_sides(run: Path, ledger: Ledger) -> Iterator[Sides]:
    """Read and join records and assignments. An assignment without a record is a violation."""
    # A temporary folder of the system, which cleans up after a killed build.
    with TemporaryDirectory(prefix="ecominstruct-") as scratch, KeyFiles(Path(scratch), "group", _EXPECTED) as keys:
        yield _join(run, keys, ledger)


def _join(run: Path, keys: KeyFiles, ledger: Ledger) -> Sides:
    names: dict[str, int] = {}
    record, source, pair, published = _read_records(run, names, keys)
    order = np.argsort(record, kind="stable")
    place = np.empty(len(order), np.uint32)
    place[order] = np.arange(len(order), dtype=np.uint32)
    record, source, pair, published = (column[order] for column in (record, source, pair, published))
    del order  # frees as much memory as the assignments need
    return Sides(tuple(names), record, source, pair, published, *_read_assignments(run, record, ledger), place, keys)


def _read_records(run: Path, names: dict[str, int], keys: KeyFiles) -> tuple[Any, ...]:
    """Read the columns of all records in file order.

    On the way, writes their keys to `keys` and numbers the source names in `names`.
    """
    columns = [Growing(kind) for kind in (np.uint64, np.int16, np.bool_, np.int8)]
    two_sided: set[int] = set()  # sources in which some record has two keys or more
    known = 0
    for path in record_files(run):
        for ids, sources, kinds, published, groups in read_lists(path, *_COLUMNS):
            numbers = [names.setdefault(name, len(names)) for name in sources]
            two_sided.update(number for number, group in zip(numbers, groups, strict=True) if len(group) > 1)
            values: tuple[npt.ArrayLike, ...] = (
                hashes(ids),
                numbers,
                [kind == "pair" for kind in kinds],
                [SPLIT_CODES.get(name, NO_SPLIT) for name in published],
            )
            for column, value in zip(columns, values, strict=True):
                column.add(value)
            records = np.repeat(np.arange(known, known + len(ids)), [len(group) for group in groups])
            keys.add(hashes([key for group in groups for key in group]), records)
            known += len(ids)
    record, source, pair, split = (column.column() for column in columns)
    return record, source, pair & in_sources(source, len(names), two_sided), split


def in_sources(source: npt.NDArray[np.int16], number: int, wanted: Collection[int]) -> Flags:
    flags = np.zeros(number, np.bool_)
    flags[list(wanted)] = True
    return np.asarray(flags[source], np.bool_)


def _read_assignments(run: Path, record: Keys, ledger: Ledger) -> tuple[npt.NDArray[np.int32], Codes, Keys]:
    """For each record, the number of its assignments, its split and its family."""
    times = np.zeros(len(record), np.int32)
    split = np.full(len(record), NO_SPLIT, np.int8)
    family = np.zeros(len(record), np.uint64)
    for ids, families, names in read_lists(run / stage("splits").folder / PART, "record", "family", "split"):
        known, at = find(record, hashes(ids))
        for row in np.flatnonzero(~known).tolist():
            ledger.add("assignment_of_no_record", ids[row])
        codes = np.array([SPLIT_CODES.get(name, NO_SPLIT) for name in names], np.int8)
        split[at[known]] = codes[known]
        family[at[known]] = hashes(families)[known]
        np.add.at(times, at[known], 1)
    return times, split, family


def name_records(run: Path, wanted: Collection[int]) -> dict[int, str]:
    """Describe records, given by hashed id, for the user: source, id, file and line."""
    found: dict[int, str] = {}
    for path in record_files(run) if wanted else ():
        for lists in read_lists(path, "id", "source", "file", "row"):
            for record, source, file, row in zip(*lists, strict=True):
                if (number := hash64(record)) in wanted:
                    found[number] = f"{source} {record} ({file or 'built in'}:{row + 1})"
    return found
