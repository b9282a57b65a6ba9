"""Stage 2, splits: the family and the split of each record, over all sources, before any example exists.

A family is a connected component of records that share a group key (a product, a query, a thread, a text). Families
are split by a hash of their name, so neither order nor the other families move one. Some records must be where they
are, and their family goes with them:

test         records of a published test set, of a held-out origin or language, and (`published: respect`) of files
             that their publisher marked as test
validation   of files that their publisher marked as validation, unless the family must be test

A source whose publisher states a test set has this one and no other: none of its other rows becomes test. Those in
the family of a record that must be test are rejected as `kin_of_stated_test`; the others are train, or validation by
the hash of their family where no file states one. The same holds for stated validation sets
(`kin_of_stated_validation`). Families that hold such a row are never drawn to a split that its source states. Rows of
sources that state nothing follow their family.

A pair links nothing: in entity matching, linking both sides of all pairs would join a third of the data to one
family. It is train (or test) only if the families of all its keys are; otherwise it is rejected as
`straddles_split`. The sides of a source's pairs are drawn together, so that the pairs reach their shares (`pairs`).
A stated pair stays where it is and moves no family: its kin are the pairs whose sides are of the same families, in
either order, and a pair that shares one side with it may be train. A pair of a published test set, or a held-out one,
takes its sides to test. Where the pairs of a source have one key each, they are split like other records.

All that is held in memory are columns of numbers: 3 million records with two keys each take under 300 MB, as many pairs
that are drawn twice that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.config.recipe import Splits
from ecominstruct.identity import fraction, hash64
from ecominstruct.rows import Reject, assignment_schema
from ecominstruct.runs.executor import StagePlan, Unit
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Part, Receipt, read_lists, write_part, write_rejects
from ecominstruct.similarity.columns import Flags, Growing, isin_sorted, run_starts, sorted_unique
from ecominstruct.splits.pairs import FREE, TEST, TRAIN, VALIDATION, Codes, Graph, Keys, Nodes, components, draw_sides

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("splits")
PART = "splits.parquet"
STRADDLES, KIN_OF_TEST, KIN_OF_VALIDATION = "straddles_split", "kin_of_stated_test", "kin_of_stated_validation"
REASONS = ("", STRADDLES, KIN_OF_VALIDATION, KIN_OF_TEST)  # by code; kin of validation and test: 1 + code of the split
STATED, PAIRS = "stated", "pairs"  # facts of the receipt

SPLIT_CODES: dict[str, int] = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
_SPLIT_NAMES = {code: name for name, code in SPLIT_CODES.items()}
_CHUNK = 100_000  # names that are plain Python numbers at once
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio, odd: spreads numbers before they are added


class SourceParts(NamedTuple):
    """The record parts of one source, and what its card means for the splits."""

    source: str
    parts: tuple[Part, ...]
    pairs: bool  # records are pairs: they link nothing
    test: bool  # published test set, held-out origin or held-out language
    held: bool = False  # of a held-out origin or language


class SplitsUnit(NamedTuple):
    """The single unit of this stage: all records."""

    records: str  # the folder of stage 1
    sources: tuple[SourceParts, ...]
    rules: Splits


class _Records(NamedTuple):
    """What is known of all records: their keys one after another, two numbers for each record, and three facts of
    each source."""

    keys: Keys
    first: Nodes  # the position of a record's first key
    source: npt.NDArray[np.int16]  # its number
    must: Codes  # the split that the record must have; 0 where it has none
    pairs: Flags  # by source: its records are pairs of two sides
    pulls: Flags  # by source: what its records must be, their families must be
    states: Codes  # by source, as bits 1 << split: the sets that its publisher states

    @property
    def owner(self) -> Nodes:
        """For each key, the number of its record."""
        lengths = np.diff(self.first, append=np.int32(len(self.keys)))
        return np.repeat(np.arange(len(self.first), dtype=np.int32), lengths)


class _Assigned(NamedTuple):
    """What becomes of each record, and of the pairs of each source that were drawn together."""

    family: Keys
    split: Codes
    reason: Codes  # a place in REASONS
    drawn: list[dict[str, Any]]


def plan_splits(run: Path, records: Manifest, sources: Sequence[SourceParts], rules: Splits) -> StagePlan:
    """What there is to do: one unit, since a family may reach over all sources."""
    inputs = {part.path: part.hash for part in records.parts()}
    inputs["always test"] = ",".join(source.source for source in sources if source.test)
    inputs["held out"] = ",".join(source.source for source in sources if source.held)
    work = SplitsUnit(str(run / records.stage_folder), tuple(sources), rules)
    return StagePlan(STAGE, run / STAGE.folder, [Unit("all", inputs, work)], assign, rules.model_dump())


def assign(work: SplitsUnit, folder: Path) -> Receipt:
    """Find the families, split them, and write one row a record in the order of the record parts."""
    records = Path(work.records)
    known = _read(records, work.sources, respect=work.rules.published == "respect")
    found = _assign(known, work.sources, work.rules)
    rejects: list[Reject] = []
    batches = _batches(records, work.sources, found, rejects)
    part = write_part(folder, PART, assignment_schema(), batches)
    rejected = write_rejects(folder, "rejects", "all", rejects)
    kept = found.split[found.reason == 0]
    counts: dict[str, int] = {name: int((kept == code).sum()) for name, code in SPLIT_CODES.items()}
    counts["families"] = len(sorted_unique(found.family))
    counts |= counts_by_source((row.reason, row.detail) for row in rejects)
    facts = {STATED: _stated(known, work.sources), PAIRS: found.drawn}
    done = Receipt("all", {}, part.rows, part.rows - len(rejects), rejected, {}, counts, (part,))
    return replace(done, facts=facts)


def counts_by_source(rejected: Iterable[tuple[str, str]]) -> dict[str, int]:
    """How many records of each source were rejected for each reason, as counts of a receipt; given are the reason and
    the source of each."""
    return {f"{reason} {source}": n for (reason, source), n in sorted(Counter(rejected).items())}


def straddling(splits: Manifest) -> dict[str, int]:
    """How many pairs of each source were rejected since their sides stand in different splits."""
    return rejected_by_source(splits, STRADDLES)


def rejected_by_source(splits: Manifest, reason: str) -> dict[str, int]:
    """How many records of each source were rejected for a reason."""
    head = f"{reason} "
    return {name.removeprefix(head): n for name, n in splits.counts.items() if name.startswith(head)}


def stated_sets(splits: Manifest) -> dict[str, dict[str, int]]:
    """The sets that the publishers of sources state, by source and split, with their records."""
    return {source: dict(of) for unit in splits.units for source, of in unit.facts.get(STATED, {}).items()}


def _stated(known: _Records, sources: Sequence[SourceParts]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, source in enumerate(sources):
        if known.states[number]:
            must = known.must[known.source == number]
            sizes = {name: int((must == code).sum()) for name, code in SPLIT_CODES.items() if code}
            found[source.source] = {name: n for name, n in sizes.items() if n}
    return found


# ------------------------------------------------------------------------------------------------------------- reading


def _read(records: Path, sources: Sequence[SourceParts], *, respect: bool) -> _Records:
    """The keys of all records, and what each record means for its families."""
    keys, lengths, number, must = (Growing(kind) for kind in (np.uint64, np.int32, np.int16, np.int8))
    pairs, states = np.zeros((2, len(sources)), np.int8)
    for place, source in enumerate(sources):
        for part in source.parts:
            for ids, groups, published in read_lists(records / part.path, "id", "group", "published_split"):
                # A record without keys is a family of its own, named by its id.
                groups = [group or [record] for record, group in zip(ids, groups, strict=True)]
                keys.add(np.array([hash64(key) for group in groups for key in group], np.uint64))
                lengths.add([len(group) for group in groups])
                number.add(np.full(len(groups), place, np.int16))
                codes = _must(source, published, SPLIT_CODES if respect else {})
                must.add(codes)
                pairs[place] |= source.pairs and any(len(group) > 1 for group in groups)
                for code in (VALIDATION, TEST):
                    states[place] |= (1 << code) * (not source.held and bool((codes == code).any()))
    counts = lengths.column()
    first = np.cumsum(counts, dtype=np.int32) - counts
    whole = np.array([source.test for source in sources], np.bool_)
    two_sided = pairs.astype(np.bool_)
    return _Records(keys.column(), first, number.column(), must.column(), two_sided, ~two_sided | whole, states)


def _must(source: SourceParts, published: Sequence[Any], codes: Mapping[Any, int]) -> Codes:
    if source.test:
        return np.full(len(published), TEST, np.int8)
    return np.array([codes.get(split, 0) for split in published], np.int8)


# ------------------------------------------------------------------------------------------------------------ families


def _assign(known: _Records, sources: Sequence[SourceParts], rules: Splits) -> _Assigned:
    names = sorted_unique(known.keys)
    node = _nodes(names, known.keys)
    family = components(len(names), _links(node, known))[node]  # of each key: the node of its family
    owner = known.owner
    code, barred = _demands(len(names), family, owner, known)
    drawn = _draw_pairs(names, family, code, barred, known, sources, rules)
    _draw_families(names, family, code, barred, rules)
    splits = code[family]
    del code, barred
    low, high = np.minimum.reduceat(splits, known.first), np.maximum.reduceat(splits, known.first)
    del splits
    reason, split = _judge(names, family, owner, low, high, known)
    lowest = names[np.minimum.reduceat(family, known.first)]
    stated = known.pairs[known.source] & ~known.pulls[known.source] & (known.must > 0)
    lowest[stated] = _apart(lowest[stated], split[stated])
    return _Assigned(lowest, split, reason, drawn)


def _nodes(names: npt.NDArray[np.integer], keys: npt.NDArray[np.integer]) -> Nodes:
    """The place of each key among all different ones, which are in order."""
    node = np.empty(len(keys), np.int32)
    for start in range(0, len(keys), _CHUNK):
        node[start : start + _CHUNK] = np.searchsorted(names, keys[start : start + _CHUNK])
    return node


def _links(node: Nodes, known: _Records) -> tuple[Nodes, Nodes]:
    """Pairs of neighbouring keys of one record; the keys of a pair are not linked."""
    owner = known.owner
    same_owner = owner[1:] == owner[:-1]
    same_owner &= ~known.pairs[known.source[owner[1:]]]
    return node[:-1][same_owner], node[1:][same_owner]


def _demands(nodes: int, family: Nodes, owner: Nodes, known: _Records) -> tuple[Codes, Codes]:
    """For each family the split that it must have, the highest that one of its records asks for, or FREE; and as bits
    those that it may not be drawn to, since a source states them whose other rows are in it."""
    must = np.zeros(nodes, np.int8)
    np.maximum.at(must, family, np.where(known.pulls[known.source], known.must, 0)[owner])
    barred = np.zeros(nodes, np.int8)
    np.bitwise_or.at(barred, family, np.where(known.must == 0, known.states[known.source], 0)[owner])
    must[must == 0] = FREE
    return must, barred


def _draw_pairs(
    names: Keys,
    family: Nodes,
    code: Codes,
    barred: Codes,
    known: _Records,
    sources: Sequence[SourceParts],
    rules: Splits,
) -> list[dict[str, Any]]:
    """Draw the families of the sides of pairs, source by source in the order of their names; what an earlier one drew
    stays. `code` is filled in; returns what became of the pairs."""
    found = []
    owner = known.owner
    for number in sorted(np.flatnonzero(known.pairs).tolist(), key=lambda number: sources[number].source):
        stated = int(known.states[number])
        test, validation = (0.0 if stated >> split & 1 else share for split, share in _shares(rules))
        drawn = (known.source == number) & (known.must == 0)
        if sources[number].held or not test + validation or not drawn.any():
            continue
        keys = np.flatnonzero(drawn[owner])
        sides = sorted_unique(family[keys].astype(np.uint64)).astype(np.int32)
        first = run_starts(owner[keys].astype(np.uint64))
        graph = Graph(_nodes(sides, family[keys]), first, names[sides], code[sides], barred[sides])
        done = draw_sides(graph, test, validation, partial(_chances, rules.seed))
        code[sides] = done.code
        found.append(
            {
                "source": sources[number].source,
                "pairs": done.pairs,
                "test": done.test,
                "validation": done.validation,
                "straddling": done.lost,
                "wanted_test": round(test * done.pairs),
                "wanted_validation": round(validation * done.pairs),
            }
        )
    return found


def _shares(rules: Splits) -> tuple[tuple[int, float], tuple[int, float]]:
    return (TEST, rules.test), (VALIDATION, rules.validation)


def _chances(seed: str, names: Keys) -> npt.NDArray[np.float64]:
    """For each family, or group of families, by its lowest key, a number in [0, 1)."""
    return np.fromiter((fraction(seed, "split", f"{name:016x}") for name in names.tolist()), np.float64, len(names))


def _draw_families(names: Keys, family: Nodes, code: Codes, barred: Codes, rules: Splits) -> None:
    """Fill in the split of each family that is still free, by the hash of its name, its lowest key."""
    used = np.zeros(len(names), np.bool_)
    used[family] = True
    free = np.flatnonzero(used & (code == FREE))
    for start in range(0, len(free), _CHUNK):
        some = free[start : start + _CHUNK]
        chances = _chances(rules.seed, names[some])
        tested = chances < rules.test
        held = ~tested & (chances < rules.test + rules.validation)
        code[some] = TRAIN
        code[some[held & (barred[some] & 1 << VALIDATION == 0)]] = VALIDATION
        code[some[tested & (barred[some] & 1 << TEST == 0)]] = TEST


def _judge(names: Keys, family: Nodes, owner: Nodes, low: Codes, high: Codes, known: _Records) -> tuple[Codes, Codes]:
    """Why each record is rejected, if it is, and its split; `low` and `high` are those of its families."""
    pair = known.pairs[known.source]
    free = known.must == 0
    split = np.where(pair & ~free, known.must, low)
    reason = np.zeros(len(split), np.int8)
    reason[pair & free & (low != high)] = REASONS.index(STRADDLES)
    # What a family demands, its records must allow: a source that states a set has no other rows in it.
    outside = (known.must < split) & (known.states[known.source] >> split & 1 > 0)
    reason[outside & (reason == 0)] = split[outside & (reason == 0)] + 1
    _judge_pairs(reason, names, family, owner, known)
    return reason, split


def _judge_pairs(reason: Codes, names: Keys, family: Nodes, owner: Nodes, known: _Records) -> None:
    """Reject the pairs whose sides are of the families of both sides of a stated pair."""
    stated = known.pairs & ~known.pulls
    if not (known.must[stated[known.source]] > 0).any():
        return
    wanted = known.pairs[known.source]
    sides = pair_sides(names[family], owner, wanted)
    must = known.must[wanted]
    ours = stated[known.source[wanted]]
    rows = np.flatnonzero(wanted)
    for split in (VALIDATION, TEST):
        kin = (must < split) & isin_sorted(sides, sorted_unique(sides[ours & (must == split)]))
        reason[rows[kin]] = split + 1


def pair_sides(families: Keys, owner: npt.NDArray[np.integer], wanted: Flags) -> Keys:
    """For each wanted record, one number for the set of the families of its keys: neither order nor number count.

    `families` and `owner` stand beside the keys, those of a record one after another.
    """
    keys = np.flatnonzero(wanted[owner])
    owners, families = owner[keys], families[keys]
    order = np.lexsort((families, owners))
    owners, families = owners[order], families[order]
    different = np.append(True, (owners[1:] != owners[:-1]) | (families[1:] != families[:-1]))[: len(owners)]
    owners, families = owners[different], families[different]
    mixed = families * _MIX
    mixed ^= mixed >> np.uint64(32)
    mixed *= _MIX
    return np.add.reduceat(mixed, run_starts(owners.astype(np.uint64))) if len(owners) else mixed


def _apart(families: Keys, split: Codes) -> Keys:
    """The families of stated pairs: by a side, but no family of others, which may be in another split."""
    names = [f"{name:016x}" for name in families.tolist()]
    return np.array(
        [hash64(name, _SPLIT_NAMES[code]) for name, code in zip(names, split.tolist(), strict=True)], np.uint64
    )


# ------------------------------------------------------------------------------------------------------------- writing


def _batches(
    records: Path, sources: Sequence[SourceParts], found: _Assigned, rejects: list[Reject]
) -> Iterator[pa.RecordBatch]:
    """The assignments, in batches that match those of the record parts one to one."""
    import pyarrow as pa

    at = 0
    for source in sources:
        for part in source.parts:
            for (ids,) in read_lists(records / part.path, "id"):
                span = slice(at, at + len(ids))
                at += len(ids)
                families = [f"{name:016x}" for name in found.family[span].tolist()]
                reasons = found.reason[span].tolist()
                names = [
                    None if reason else _SPLIT_NAMES[code]
                    for code, reason in zip(found.split[span].tolist(), reasons, strict=True)
                ]
                rejects.extend(
                    Reject(STAGE.name, "all", record, REASONS[reason], source.source)
                    for record, reason in zip(ids, reasons, strict=True)
                    if reason
                )
                yield pa.RecordBatch.from_arrays(
                    [pa.array(ids), pa.array(families), pa.array(names, pa.string())], schema=assignment_schema()
                )
