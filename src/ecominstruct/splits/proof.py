"""Whether the splits hold, judged from the files of stages 1 and 2 alone.

Nothing is taken from the code that made the splits: records and assignments are read again and joined by their ids,
and each rule is checked on columns of numbers, or, of keys, on one file of them after another.

    every record is assigned once; without a split are only pairs, and rows of a source that states a set (its test or
    validation rows) that stand in the family of a row that must be in that set
    a family stands in one split; records with a key in common are one family, unless they are pairs
    a group key stands in one split, over all sources; those of stated pairs are left out of this and counted
    no pair outside test has its two sides in the families of those of a stated test pair; the same for validation
    published test sets and what is held out are test; stated test rows are test, and no other rows of their source;
    stated validation rows are not in train, and no other rows of their source are validation

A pair source whose records have one key each is judged like other records.
"""

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
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import read_lists
from ecominstruct.similarity.columns import Flags, Growing, Indices, isin_sorted, sorted_unique
from ecominstruct.similarity.key_files import KeyFiles
from ecominstruct.splits.assign import PART, SPLIT_CODES
from ecominstruct.splits.pairs import TEST, TRAIN, VALIDATION, Codes, Keys

NO_SPLIT, NO_SIDES = -1, 0
_EXPECTED = 4_000_000  # keys, about: of more, the files grow
_SHARE_BITS = 4  # of families, by which they are cut into shares
LISTED = 100  # violations of each kind that are named; all are counted
_COLUMNS = ("id", "source", "record_type", "published_split", "group")


class Violation(NamedTuple):
    """One thing that must not be: its kind, what it is about, and the hashed ids of the records that are in it."""

    kind: str
    detail: str
    records: tuple[int, ...] = ()


class Ledger:
    """The violations as they are found: all are counted, the first of each kind are kept."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.kept: list[Violation] = []

    def add(self, kind: str, detail: str, *records: int) -> None:
        """Count one violation."""
        self.counts[kind] += 1
        if self.counts[kind] <= LISTED:
            self.kept.append(Violation(kind, detail, records))


class Expected(NamedTuple):
    """What the splits must keep to."""

    test: Collection[str]  # sources that are test as a whole: published test sets, held-out origins and languages
    respect: bool  # published splits are respected
    held: Collection[str] = ()  # of those the held-out ones


class Overlap(NamedTuple):
    """Two sources (or one twice): the group keys that records of both hold, and how many of them cross the splits."""

    left: str
    right: str
    keys: int
    crossing: int


class Shared(NamedTuple):
    """What the stated test pairs of a source have in common with rows of training: single sides."""

    source: str
    keys: int  # of its stated test pairs that a row of training holds too
    test_rows: int  # its stated test pairs that hold such a key
    train_rows: int  # rows of training, of all sources, that hold such a key


class Checked(NamedTuple):
    """What was seen while the splits were checked."""

    overlaps: list[Overlap]
    shared: list[Shared]
    stated: Codes  # of each record: the split that its publisher states, or NO_SPLIT


class Sides(NamedTuple):
    """All records, ordered by their hashed ids, and where each stands: columns of one length, but for the last one."""

    sources: tuple[str, ...]
    record: Keys  # the hash of its id
    source: npt.NDArray[np.int16]  # the number of its source
    pair: Flags  # of two sides
    published: Codes
    assigned: npt.NDArray[np.int32]  # how often
    split: Codes  # NO_SPLIT where it has none
    family: Keys
    place: npt.NDArray[np.uint32]  # of the records in the order of their files: their numbers here
    keys: KeyFiles  # of all records, in the order of their files

    def owned(self) -> Iterator[tuple[Keys, Indices]]:
        """The keys of all records, those of a file at a time, and for each the number of its record."""
        for keys, records in self.keys:
            yield keys, self.place[records].astype(np.int64)


def hashes(values: list[str]) -> Keys:
    """Texts as the numbers by which they are compared here."""
    return np.array([hash64(value) for value in values], np.uint64)


def find(known: Keys, wanted: Keys) -> tuple[Flags, Indices]:
    """Which of the wanted numbers stand in a sorted column, and where."""
    if not len(known):
        return np.zeros(len(wanted), np.bool_), np.zeros(len(wanted), np.int64)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1).astype(np.int64)
    return known[at] == wanted, at


def record_files(run: Path) -> list[Path]:
    """The record parts that lie in a run, whatever its manifest says."""
    return sorted((run / stage("records").folder).rglob("part-*.parquet"))


@contextmanager
def open_sides(run: Path, ledger: Ledger) -> Iterator[Sides]:
    """Read records and assignments and join them; an assignment without a record is a violation."""
    # Not in the folder of the stage: what a killed build leaves behind is the system's to remove.
    with TemporaryDirectory(prefix="ecominstruct-") as scratch, KeyFiles(Path(scratch), "group", _EXPECTED) as keys:
        yield _join(run, keys, ledger)


def _join(run: Path, keys: KeyFiles, ledger: Ledger) -> Sides:
    names: dict[str, int] = {}
    record, source, pair, published = _read_records(run, names, keys)
    order = np.argsort(record, kind="stable")
    place = np.empty(len(order), np.uint32)
    place[order] = np.arange(len(order), dtype=np.uint32)
    record, source, pair, published = (column[order] for column in (record, source, pair, published))
    del order  # as long as the assignments
    return Sides(tuple(names), record, source, pair, published, *_read_assignments(run, record, ledger), place, keys)


def _read_records(run: Path, names: dict[str, int], keys: KeyFiles) -> tuple[Any, ...]:
    """Columns of the records in the order of their files; their keys are written to files, and the names of the
    sources are numbered, on the way."""
    columns = [Growing(kind) for kind in (np.uint64, np.int16, np.bool_, np.int8)]
    two_sided: set[int] = set()  # sources of which a record has two keys or more
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
    return record, source, pair & _in_sources(source, len(names), two_sided), split


def _in_sources(source: npt.NDArray[np.int16], number: int, wanted: Collection[int]) -> Flags:
    flags = np.zeros(number, np.bool_)
    flags[list(wanted)] = True
    return np.asarray(flags[source], np.bool_)


def _read_assignments(run: Path, record: Keys, ledger: Ledger) -> tuple[npt.NDArray[np.int32], Codes, Keys]:
    """How often each record is assigned, and its split and family."""
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


def check_sides(sides: Sides, expected: Expected, ledger: Ledger) -> Checked:
    """Check every rule; returns what was seen on the way."""
    split, stated = sides.split, _stated(sides, expected)
    whole = np.array([name in expected.test for name in sides.sources], np.bool_)[sides.source]
    held = np.array([name in expected.held for name in sides.sources], np.bool_)[sides.source]
    tests, validations = (_stating(sides, (stated == code) & ~held) for code in (TEST, VALIDATION))
    alone = sides.pair & (stated != NO_SPLIT) & ~whole  # stated pairs: their sides may be in other splits, too
    excused = _excused(sides, whole, stated, tests, validations)
    for kind, wrong in (
        ("record_without_assignment", sides.assigned == 0),
        ("record_assigned_twice", sides.assigned > 1),
        ("record_without_split", (sides.assigned > 0) & (split == NO_SPLIT) & ~sides.pair & ~excused),
        ("published_or_held_out_source_outside_test", whole & (split != TEST)),
        ("published_test_row_outside_test", ~whole & (stated == TEST) & (split != TEST)),
        ("published_validation_row_in_train", (stated == VALIDATION) & (split == TRAIN)),
        ("other_row_in_stated_test_set", tests & ~held & (split == TEST) & (stated != TEST)),
        ("other_row_in_stated_validation_set", validations & (split == VALIDATION) & (stated != VALIDATION)),
    ):
        for row in np.flatnonzero(wrong).tolist():
            ledger.add(kind, "", int(sides.record[row]))
    _check_families(sides, alone, ledger)
    _check_stated_pairs(sides, alone, stated, ledger)
    return Checked(_overlaps(sides), _shared(sides, alone & (stated == TEST)), stated)


def _stated(sides: Sides, expected: Expected) -> Codes:
    """The set that the publisher of each record puts it in, test or validation, as far as it is respected."""
    whole = np.array([name in expected.test for name in sides.sources], np.bool_)[sides.source]
    stated = sides.published if expected.respect else np.full(len(sides.split), NO_SPLIT, np.int8)
    return np.where(whole, TEST, np.where(stated == TRAIN, NO_SPLIT, stated)).astype(np.int8)


def _stating(sides: Sides, stated: Flags) -> Flags:
    """The records of the sources of which some records are stated."""
    return _in_sources(sides.source, len(sides.sources), sorted_unique(sides.source[stated].astype(np.uint64)).tolist())


def _excused(sides: Sides, whole: Flags, stated: Codes, tests: Flags, validations: Flags) -> Flags:
    """The records without a split that rightly have none: their source states a set, they are not in it, and their
    family is that of a record that must be."""
    rows = np.flatnonzero((sides.split == NO_SPLIT) & ~sides.pair)
    excused = np.zeros(len(sides.split), np.bool_)
    if not len(rows):
        return excused
    owners = ~sides.pair
    must = [sides.family[owners & (stated == TEST)], *_families_beside(sides, sides.pair & whole)]
    in_tests = isin_sorted(sides.family[rows], sorted_unique(np.concatenate(must)))
    in_validations = isin_sorted(sides.family[rows], sorted_unique(sides.family[owners & (stated == VALIDATION)]))
    excused[rows] = (tests[rows] & (stated[rows] != TEST) & in_tests) | (
        validations[rows] & (stated[rows] == NO_SPLIT) & in_validations
    )
    return excused


def _families_beside(sides: Sides, pairs: Flags) -> Iterator[Keys]:
    """The families of the other records that hold a key of these pairs."""
    for keys, owner in sides.owned() if pairs.any() else ():
        linked = ~sides.pair[owner]
        yield sides.family[owner[linked & isin_sorted(keys, sorted_unique(keys[pairs[owner]]))]]


def _check_stated_pairs(sides: Sides, alone: Flags, stated: Codes, ledger: Ledger) -> None:
    """No other pair says of the same two families what a stated pair says of them, unless it is in the same split."""
    if not alone.any():
        return
    pairs = np.flatnonzero(sides.pair)
    of, known = _both_sides(sides), stated[pairs]
    for code, kind, wrong in (
        (TEST, "kin_of_stated_test_pair", (TRAIN, VALIDATION)),
        (VALIDATION, "kin_of_stated_validation_pair", (TRAIN,)),
    ):
        ours = sorted_unique(of[alone[pairs] & (known == code) & (of != NO_SIDES)])
        for row in np.flatnonzero(np.isin(sides.split[pairs], wrong) & isin_sorted(of, ours)).tolist():
            ledger.add(kind, "", int(sides.record[pairs[row]]))


def _both_sides(sides: Sides) -> Keys:
    """For each pair, a number for the set of the families of its sides, in whatever order.

    The family of a key is that of the records that hold it and are no pairs; else the key is one of its own.
    """
    owners, families = Growing(np.uint32), Growing(np.uint64)
    for keys, owner in sides.owned():
        pair = sides.pair[owner]
        linked = np.argsort(keys[~pair], kind="stable")
        known, family = keys[~pair][linked], sides.family[owner[~pair][linked]]
        there, at = find(known, keys[pair])
        owners.add(owner[pair])
        families.add(np.where(there, family[at], ~keys[pair]) if len(known) else ~keys[pair])
    return _sets(np.flatnonzero(sides.pair), owners.column(), families.column())


def _sets(pairs: Indices, owner: npt.NDArray[np.uint32], family: Keys) -> Keys:
    """One number for the different families of each pair; NO_SIDES for a pair without any."""
    order = np.lexsort((family, owner))
    owner, family = owner[order], family[order]
    new = np.ones(len(owner), np.bool_)
    new[1:] = (owner[1:] != owner[:-1]) | (family[1:] != family[:-1])
    mixed = np.array([hash64("side", str(one)) for one in family[new].tolist()], np.uint64)
    sums = np.full(len(pairs), NO_SIDES, np.uint64)
    np.add.at(sums, np.searchsorted(pairs, owner[new]), mixed)
    return sums


def _shared(sides: Sides, tests: Flags) -> list[Shared]:
    """The single sides that stated test pairs have in common with rows of training, by the source of the pairs."""
    if not tests.any():
        return []
    keys_of, tested = np.zeros(len(sides.sources), np.int64), np.zeros(len(sides.split), np.bool_)
    numbers = sorted_unique(sides.source[tests].astype(np.uint64)).tolist()
    trained = {number: np.zeros(len(sides.split), np.bool_) for number in numbers}
    for keys, owner in sides.owned():
        train = sides.split[owner] == TRAIN
        both = tests[owner] & isin_sorted(keys, sorted_unique(keys[train]))
        tested[owner[both]] = True
        for number in sorted_unique(sides.source[owner[both]].astype(np.uint64)).tolist():
            mine = sorted_unique(keys[both & (sides.source[owner] == number)])
            keys_of[number] += len(mine)
            trained[number][owner[train & isin_sorted(keys, mine)]] = True
    return [
        Shared(
            sides.sources[number],
            int(keys_of[number]),
            int((tested & (sides.source == number)).sum()),
            int(trained[number].sum()),
        )
        for number in sorted(np.flatnonzero(keys_of).tolist(), key=lambda number: sides.sources[number])
    ]


def _check_families(sides: Sides, alone: Flags, ledger: Ledger) -> None:
    """No family and no key in two splits, and no kin in two families."""
    for some in _shares(sides.family):
        placed = some[sides.split[some] != NO_SPLIT]
        for low, high in _differing(sides.family[placed], sides.split[placed]):
            _add_two(sides, ledger, "family_in_two_splits", placed[low], placed[high])
    for keys, owner in sides.owned():
        held = (sides.split[owner] != NO_SPLIT) & ~alone[owner]
        for low, high in _differing(keys[held], sides.split[owner[held]]):
            _add_two(sides, ledger, "key_in_two_splits", owner[held][low], owner[held][high])
        linked = ~sides.pair[owner]
        for low, high in _differing(keys[linked], sides.family[owner[linked]]):
            _add_two(sides, ledger, "kin_in_two_families", owner[linked][low], owner[linked][high])


def _shares(keys: Keys) -> Iterator[Indices]:
    """The places of keys by their highest bits, equal ones together: sorting takes several times the memory of what is
    sorted."""
    shares = (keys >> np.uint64(64 - _SHARE_BITS)).astype(np.uint8)
    for share in range(1 << _SHARE_BITS):
        yield np.flatnonzero(shares == share)


def count_families(sides: Sides) -> int:
    """How many families there are."""
    return sum(len(sorted_unique(sides.family[some])) for some in _shares(sides.family))


def count_keys(sides: Sides) -> int:
    """How many different group keys there are."""
    return sum(len(sorted_unique(keys)) for keys, _ in sides.keys)


def _differing(groups: Keys, values: npt.NDArray[Any]) -> Iterator[tuple[int, int]]:
    """For each group whose values differ, the positions of a lowest and of a highest one."""
    order = np.lexsort((values, groups))
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order][:1] + np.uint64(1)))
    low, high = order[starts], order[np.append(starts[1:], len(order)) - 1] if len(order) else order
    differ = values[low] != values[high]
    yield from zip(low[differ].tolist(), high[differ].tolist(), strict=True)


def _add_two(sides: Sides, ledger: Ledger, kind: str, low: Any, high: Any) -> None:
    ledger.add(kind, "", int(sides.record[low]), int(sides.record[high]))


def _overlaps(sides: Sides) -> list[Overlap]:
    """The keys that each two sources share, counted once a key."""
    shared = np.zeros((2, len(sides.sources), len(sides.sources)), np.int64)
    for keys, owner in sides.owned():
        held = sides.split[owner] != NO_SPLIT
        _count_shared(sides, keys[held], owner[held], shared)
    found = []
    for one, other in np.argwhere(shared[0]).tolist():
        left, right = sorted((sides.sources[one], sides.sources[other]))
        found.append(Overlap(left, right, *shared[:, one, other].tolist()))
    return sorted(found)


def _count_shared(sides: Sides, keys: Keys, owner: Indices, shared: Indices) -> None:
    """Count, of some keys, those that two sources share, and those of them that cross the splits."""
    if not len(keys):
        return
    order = np.lexsort((sides.source[owner], keys))
    keys, source, split = keys[order], sides.source[owner][order], sides.split[owner][order]
    first = np.flatnonzero(np.append(True, (keys[1:] != keys[:-1]) | (source[1:] != source[:-1])))
    low, high = np.minimum.reduceat(split, first), np.maximum.reduceat(split, first)
    several = np.diff(np.append(first, len(keys))) > 1
    keys, source = keys[first], source[first]
    np.add.at(shared[0], (source[several], source[several]), 1)
    np.add.at(shared[1], (source[several], source[several]), low[several] != high[several])
    step = 1  # the sources of a key stand side by side: compare neighbours, then those two apart, and so on
    while (same := np.flatnonzero(keys[:-step] == keys[step:])).size:
        crosses = np.minimum(low[same], low[same + step]) != np.maximum(high[same], high[same + step])
        np.add.at(shared[0], (source[same], source[same + step]), 1)
        np.add.at(shared[1], (source[same], source[same + step]), crosses)
        step += 1


def name_records(run: Path, wanted: Collection[int]) -> dict[int, str]:
    """Records by their hashed ids, as a person finds them: source, id, file and line."""
    found: dict[int, str] = {}
    for path in record_files(run) if wanted else ():
        for lists in read_lists(path, "id", "source", "file", "row"):
            for record, source, file, row in zip(*lists, strict=True):
                if (number := hash64(record)) in wanted:
                    found[number] = f"{source} {record} ({file or 'built in'}:{row + 1})"
    return found
