"""An independent check of the splits, from the files of stages 1 and 2 alone.

It shares no result with the code that made the splits: records and assignments are read again and joined by id, and
each rule is checked on numeric columns, keys one file at a time.

    every record is assigned once; only pairs may have no split, and rows of a source that states a set (its test or
    validation rows) whose family contains a row that must be in that set
    a family is in one split; records that share a key are in one family, unless they are pairs
    a group key is in one split, across all sources; keys of stated pairs are exempt, and counted
    no pair outside test has its two sides in the families of a stated test pair; likewise for validation
    published test sets and held-out records are test; stated test rows are test, and no other rows of their source are
    stated validation rows are not in train, and no other rows of their source are validation

A pair source whose records have a single key each is checked like other records.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.identity import hash64
from ecominstruct.similarity.columns import Flags, Growing, Indices, isin_sorted, sorted_unique
from ecominstruct.splits.pairs import TEST, TRAIN, VALIDATION, Codes, Keys
from ecominstruct.splits.sides import NO_SPLIT, Ledger, Sides, find, in_sources

NO_SIDES = 0
_SHARE_BITS = 4  # families are processed in shares by this many high bits


class Expected(NamedTuple):
    """What the splits must respect."""

    test: Collection[str]  # sources that are test as a whole: published test sets, held-out origins and languages
    respect: bool  # published splits are respected
    held: Collection[str] = ()  # the held-out sources among them


class Overlap(NamedTuple):
    """Two sources, or one twice: how many group keys records of both share, and how many of these cross splits."""

    left: str
    right: str
    keys: int
    crossing: int


class Shared(NamedTuple):
    """Single sides that the stated test pairs of a source share with training rows."""

    source: str
    keys: int  # keys of its stated test pairs that a training row has too
    test_rows: int  # its stated test pairs with such a key
    train_rows: int  # training rows, of all sources, with such a key


class Checked(NamedTuple):
    """The result of a check, besides violations."""

    overlaps: list[Overlap]
    shared: list[Shared]
    stated: Codes  # `(records,)`: the split that the publisher states, or NO_SPLIT


def check_sides(sides: Sides, expected: Expected, ledger: Ledger) -> Checked:
    """Check every rule and add violations to the ledger; returns further results."""
    split, stated = sides.split, _stated(sides, expected)
    whole = np.array([name in expected.test for name in sides.sources], np.bool_)[sides.source]
    held = np.array([name in expected.held for name in sides.sources], np.bool_)[sides.source]
    tests, validations = (_stating(sides, (stated == code) & ~held) for code in (TEST, VALIDATION))
    alone = sides.pair & (stated != NO_SPLIT) & ~whole  # stated pairs, whose sides may be in other splits
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
    """The set that the publisher puts each record into, test or validation, as far as the recipe respects it."""
    whole = np.array([name in expected.test for name in sides.sources], np.bool_)[sides.source]
    stated = sides.published if expected.respect else np.full(len(sides.split), NO_SPLIT, np.int8)
    return np.where(whole, TEST, np.where(stated == TRAIN, NO_SPLIT, stated)).astype(np.int8)


def _stating(sides: Sides, stated: Flags) -> Flags:
    """The records of sources that have at least one stated record."""
    return in_sources(sides.source, len(sides.sources), sorted_unique(sides.source[stated].astype(np.uint64)).tolist())


def _excused(sides: Sides, whole: Flags, stated: Codes, tests: Flags, validations: Flags) -> Flags:
    """The records that legitimately have no split.

    Their source states a set, they are not in it, and their family contains a record that must be in it.
    """
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
    """The families of other records that share a key with these pairs."""
    for keys, owner in sides.owned() if pairs.any() else ():
        linked = ~sides.pair[owner]
        yield sides.family[owner[linked & isin_sorted(keys, sorted_unique(keys[pairs[owner]]))]]


def _check_stated_pairs(sides: Sides, alone: Flags, stated: Codes, ledger: Ledger) -> None:
    """Check that a pair with the same two families as a stated pair is in the same split."""
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
    """For each pair, a hash of the set of the families of its sides, regardless of order.

    The family of a key is that of the records, other than pairs, that have it; without any, the key is its own family.
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
    """One hash for the distinct families of each pair; NO_SIDES for a pair without any."""
    order = np.lexsort((family, owner))
    owner, family = owner[order], family[order]
    new = np.ones(len(owner), np.bool_)
    new[1:] = (owner[1:] != owner[:-1]) | (family[1:] != family[:-1])
    mixed = np.array([hash64("side", str(one)) for one in family[new].tolist()], np.uint64)
    sums = np.full(len(pairs), NO_SIDES, np.uint64)
    np.add.at(sums, np.searchsorted(pairs, owner[new]), mixed)
    return sums


def _shared(sides: Sides, tests: Flags) -> list[Shared]:
    """The single sides that stated test pairs share with training rows, by the source of the pairs."""
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
    """Check that no family or key is in two splits, and that no records that share a key are in two families."""
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
    """Yield the positions of keys in shares by their high bits, which limits the memory that sorting takes."""
    shares = (keys >> np.uint64(64 - _SHARE_BITS)).astype(np.uint8)
    for share in range(1 << _SHARE_BITS):
        yield np.flatnonzero(shares == share)


def count_families(sides: Sides) -> int:
    """Return the number of families."""
    return sum(len(sorted_unique(sides.family[some])) for some in _shares(sides.family))


def count_keys(sides: Sides) -> int:
    """Return the number of distinct group keys."""
    return sum(len(sorted_unique(keys)) for keys, _ in sides.keys)


def _differing(groups: Keys, values: npt.NDArray[Any]) -> Iterator[tuple[int, int]]:
    """For each group with different values, the positions of a lowest and a highest one."""
    order = np.lexsort((values, groups))
    starts = np.flatnonzero(np.diff(groups[order], prepend=groups[order][:1] + np.uint64(1)))
    low, high = order[starts], order[np.append(starts[1:], len(order)) - 1] if len(order) else order
    differ = values[low] != values[high]
    yield from zip(low[differ].tolist(), high[differ].tolist(), strict=True)


def _add_two(sides: Sides, ledger: Ledger, kind: str, low: Any, high: Any) -> None:
    ledger.add(kind, "", int(sides.record[low]), int(sides.record[high]))


def _overlaps(sides: Sides) -> list[Overlap]:
    """Count the keys that each two sources share."""
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
    """Add the keys that two sources share, and those of them that cross splits, to `shared`."""
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
    step = 1  # the sources of a key are adjacent: compare neighbours, then entries two apart, and so on
    while (same := np.flatnonzero(keys[:-step] == keys[step:])).size:
        crosses = np.minimum(low[same], low[same + step]) != np.maximum(high[same], high[same + step])
        np.add.at(shared[0], (source[same], source[same + step]), 1)
        np.add.at(shared[1], (source[same], source[same + step]), crosses)
        step += 1
