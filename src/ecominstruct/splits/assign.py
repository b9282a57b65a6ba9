"""Stage 2, splits: assigns each record a family and a split, across all sources, before any example exists.

A family is a connected component of records that share a group key (a product, a query, a thread, a text). Families are
split by a hash of their name, so neither row order nor other families affect the result. Some records have a fixed
split, which applies to their whole family:

test         records of a published test set, of a held-out origin or language, and (`published: respect`) of files that
             their publisher marked as test
validation   records of files that their publisher marked as validation, unless the family must be test

If the publisher of a source states a test set, no other row of that source becomes test. Rows of the source whose
family must be test are rejected as `kin_of_stated_test`. The others are train, or validation by the hash of their
family if no file states a validation set. The same holds for stated validation sets (`kin_of_stated_validation`). A
family that contains such a row is never drawn into a split that the row's source states. Rows of sources that state
nothing follow their family.

A pair does not link its keys: in entity matching, linking both sides of every pair would join a third of the data into
one family. A pair is train (or test) only if the families of all its keys are; otherwise it is rejected as
`straddles_split`. The sides of a source's pairs are drawn together, so that the pairs reach their shares (see `pairs`).
A stated pair keeps its split and fixes no family. Only pairs whose sides belong to the same two families, in either
order, are related to it; a pair that shares one side with it may be train. A pair of a published test set, or a
held-out one, takes its sides to test. If all pairs of a source have a single key, they are split like other records.

Only numeric columns are kept in memory: 3 million records with two keys each take less than 300 MB, drawn pairs twice
that.
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
from ecominstruct.runs.files import Part
from ecominstruct.runs.parquet import read_lists, write_part, write_rejects
from ecominstruct.runs.stages import stage
from ecominstruct.runs.store import Manifest, Receipt
from ecominstruct.similarity.columns import Flags, Growing, isin_sorted, run_starts, sorted_unique
from ecominstruct.splits.pairs import FREE, TEST, TRAIN, VALIDATION, Codes, Graph, Keys, Nodes, components, draw_sides

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("splits")
PART = "splits.parquet"
STRADDLES, KIN_OF_TEST, KIN_OF_VALIDATION = "straddles_split", "kin_of_stated_test", "kin_of_stated_validation"
REASONS = ("", STRADDLES, KIN_OF_VALIDATION, KIN_OF_TEST)  # kin: 1 + code of the split
STATED, PAIRS = "stated", "pairs"  # keys of `Receipt.facts`

SPLIT_CODES: dict[str, int] = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
_SPLIT_NAMES = {code: name for name, code in SPLIT_CODES.items()}
_CHUNK = 100_000  # names that are Python integers at once
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd: the multiplier of Fibonacci hashing


class SourceParts(NamedTuple):
    """The record parts of one source, and how its card affects the splits."""

    source: str
    parts: tuple[Part, ...]
    pairs: bool  # records are pairs, which do not link their keys
    test: bool  # published test set, held-out origin or held-out language
    held: bool = False  # held-out origin or language


class SplitsUnit(NamedTuple):
    """The single unit of this stage: all records."""

    records: str  # the folder of stage 1
    sources: tuple[SourceParts, ...]
    rules: Splits


class _Records(NamedTuple):
    """What is needed of all records: `(keys,)` and `(records,)` columns, and `(sources,)` flags."""

    keys: Keys
    first: Nodes  # `(records,)`: position of the first key of a record in `keys`
    source: npt.NDArray[np.int16]  # `(records,)`: index of its source
    must: Codes  # `(records,)`: the split it must have; 0 if none
    pairs: Flags  # `(sources,)`: its records are pairs of two sides
    pulls: Flags  # `(sources,)`: the fixed split of a record applies to its families
    states: Codes  # `(sources,)`: the sets that its publisher states, as bits 1 << split

    @property
    def owner(self) -> Nodes:
        """For each key, the index of its record."""
        lengths = np.diff(self.first, append=np.int32(len(self.keys)))
        return np.repeat(np.arange(len(self.first), dtype=np.int32), lengths)


class _Assigned(NamedTuple):
    """The result for each record, and statistics of the sources whose pairs were drawn together."""

    family: Keys
    split: Codes
    reason: Codes  # index into REASONS
    drawn: list[dict[str, Any]]


def plan_splits(run: Path, records: Manifest, sources: Sequence[SourceParts], rules: Splits) -> StagePlan:
    """Plan the stage as a single unit, because a family may span all sources."""
    inputs = {part.path: part.hash for part in records.parts()}
    inputs["always test"] = ",".join(source.source for source in sources if source.test)
    inputs["held out"] = ",".join(source.source for source in sources if source.held)
    work = SplitsUnit(str(run / records.stage_folder), tuple(sources), rules)
    return StagePlan(STAGE, run / STAGE.folder, [Unit("all", inputs, work)], assign, rules.model_dump())


def assign(work: SplitsUnit, folder: Path) -> Receipt:
    """Find the families, split them, and write one row per record, in the order of the record parts."""
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
    """Count rejections, given as (reason, source), under the keys that receipts use: "reason source"."""
    return {f"{reason} {source}": n for (reason, source), n in sorted(Counter(rejected).items())}


def straddling(splits: Manifest) -> dict[str, int]:
    """Return the number of pairs of each source that were rejected because their sides are in different splits."""
    return rejected_by_source(splits, STRADDLES)


def rejected_by_source(splits: Manifest, reason: str) -> dict[str, int]:
    """Return the number of records of each source that were rejected for a reason."""
    head = f"{reason} "
    return {name.removeprefix(head): n for name, n in splits.counts.items() if name.startswith(head)}


def stated_sets(splits: Manifest) -> dict[str, dict[str, int]]:
    """Return the number of records in each set that a publisher states, by source and split."""
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
    """Read the keys of all records, and the split that each record must have."""
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
    """For each key, its index in `names`, which are sorted and distinct."""
    node = np.empty(len(keys), np.int32)
    for start in range(0, len(keys), _CHUNK):
        node[start : start + _CHUNK] = np.searchsorted(names, keys[start : start + _CHUNK])
    return node


def _links(node: Nodes, known: _Records) -> tuple[Nodes, Nodes]:
    """The links between neighbouring keys of a record. The keys of a pair are not linked."""
    owner = known.owner
    same_owner = owner[1:] == owner[:-1]
    same_owner &= ~known.pairs[known.source[owner[1:]]]
    return node[:-1][same_owner], node[1:][same_owner]


def _demands(nodes: int, family: Nodes, owner: Nodes, known: _Records) -> tuple[Codes, Codes]:
    """For each family, the split it must have (the highest that a record demands), or FREE; and where it is barred.

    A family is barred from a set that a source states if it contains other rows of that source (bits 1 << split).
    """
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
    """Draw the families of the sides of pairs, in place in `code`; returns statistics of each source.

    Sources are processed in the order of their names; later ones do not change what earlier ones drew.
    """
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
    """For each family or group of families, named by its lowest key, a number in [0, 1)."""
    return np.fromiter((fraction(seed, "split", f"{name:016x}") for name in names.tolist()), np.float64, len(names))


def _draw_families(names: Keys, family: Nodes, code: Codes, barred: Codes, rules: Splits) -> None:
    """Draw the families that are still FREE, in place in `code`, by the hash of their lowest key."""
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
    """For each record, the rejection code (0: kept) and the split, given the extremes of its families' splits."""
    pair = known.pairs[known.source]
    free = known.must == 0
    split = np.where(pair & ~free, known.must, low)
    reason = np.zeros(len(split), np.int8)
    reason[pair & free & (low != high)] = REASONS.index(STRADDLES)
    # A family's fixed split is closed to other rows of a source that states that set.
    outside = (known.must < split) & (known.states[known.source] >> split & 1 > 0)
    reason[outside & (reason == 0)] = split[outside & (reason == 0)] + 1
    _judge_pairs(reason, names, family, owner, known)
    return reason, split


def _judge_pairs(reason: Codes, names: Keys, family: Nodes, owner: Nodes, known: _Records) -> None:
    """Reject pairs whose two sides belong to the families of a stated pair, in place in `reason`."""
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
    """Return one hash per wanted record for the set of families of its keys, regardless of order and repetition.

    `families` and `owner` are `(keys,)`, with the keys of a record next to each other; `wanted` is `(records,)`.
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
    """Family names for stated pairs, from a side and the split: the side's own family may be in another split."""
    names = [f"{name:016x}" for name in families.tolist()]
    return np.array(
        [hash64(name, _SPLIT_NAMES[code]) for name, code in zip(names, split.tolist(), strict=True)], np.uint64
    )


# ------------------------------------------------------------------------------------------------------------- writing


def _batches(
    records: Path, sources: Sequence[SourceParts], found: _Assigned, rejects: list[Reject]
) -> Iterator[pa.RecordBatch]:
    """The assignments, in batches that correspond one to one to those of the record parts."""
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
