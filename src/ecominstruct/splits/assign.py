"""Stage 2, splits: the family and the split of each record, over all sources, before any example exists.

A family is a connected component of records that share a group key (a product, a query, a thread, a text). Families
are split by a hash of their name, so neither order nor the other families move one. What some records must be, their
whole family is:

test         records of a published test set, of a held-out origin or language, and (`published: respect`) of files
             that their publisher marked as test
validation   of files that their publisher marked as validation, unless the family must be test

A pair links nothing: in entity matching, linking both sides of all pairs would join a third of the data to one
family. It is train (or test) only if the families of all its keys are; otherwise it is rejected as
`straddles_split`.

All that is held in memory are columns of numbers: 3 million records with two keys each take under 300 MB.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.checks.columns import Flags, Growing, once
from ecominstruct.engines import StagePlan, Unit
from ecominstruct.identity import fraction, hash64
from ecominstruct.recipe import Splits
from ecominstruct.rows import Reject, assignment_schema
from ecominstruct.stages import stage
from ecominstruct.store import Manifest, Part, Receipt, read_lists, write_part, write_rejects

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("splits")
PART = "splits.parquet"
STRADDLES = "straddles_split"

Keys = npt.NDArray[np.uint64]
Nodes = npt.NDArray[np.int32]  # places among all keys, of which there are fewer than 2**31
Codes = npt.NDArray[np.int8]

SPLIT_CODES: dict[str, int] = {"train": 0, "validation": 1, "test": 2}
_SPLIT_NAMES = {code: name for name, code in SPLIT_CODES.items()}
_CHUNK = 100_000  # names that are plain Python numbers at once


class SourceParts(NamedTuple):
    """The record parts of one source, and what its card means for the splits."""

    source: str
    parts: tuple[Part, ...]
    pairs: bool  # records are pairs: they link nothing
    test: bool  # published test set, held-out origin or held-out language


class Work(NamedTuple):
    """The single unit of this stage: all records."""

    records: str  # the folder of stage 1
    sources: tuple[SourceParts, ...]
    rules: Splits


class _Records(NamedTuple):
    """What is known of all records: their keys one after another, and three numbers for each record."""

    keys: Keys
    first: Nodes  # the position of a record's first key
    pair: Flags
    must: Codes  # the split that its families must have, as far as it decides; 0 where it does not

    @property
    def owner(self) -> Nodes:
        """For each key, the number of its record."""
        lengths = np.diff(self.first, append=np.int32(len(self.keys)))
        return np.repeat(np.arange(len(self.first), dtype=np.int32), lengths)


class _Assigned(NamedTuple):
    """What becomes of each record."""

    family: Keys
    split: Codes
    straddles: Flags


def plan_splits(run: Path, records: Manifest, sources: Sequence[SourceParts], rules: Splits) -> StagePlan:
    """What there is to do: one unit, since a family may reach over all sources."""
    inputs = {part.path: part.hash for part in records.parts()}
    inputs["always test"] = ",".join(source.source for source in sources if source.test)
    work = Work(str(run / records.stage_folder), tuple(sources), rules)
    return StagePlan(STAGE, run / STAGE.folder, [Unit("all", inputs, work)], assign, rules.model_dump())


def assign(work: Work, folder: Path) -> Receipt:
    """Find the families, split them, and write one row a record in the order of the record parts."""
    records = Path(work.records)
    found = _assign(_read(records, work.sources, respect=work.rules.published == "respect"), work.rules)
    rejects: list[Reject] = []
    batches = _batches(records, work.sources, found, rejects)
    part = write_part(folder, PART, assignment_schema(), batches)
    rejected = write_rejects(folder, "rejects", "all", rejects)
    kept = found.split[~found.straddles]
    counts: dict[str, int] = {name: int((kept == code).sum()) for name, code in SPLIT_CODES.items()}
    counts["families"] = len(once(found.family))
    counts |= {f"{STRADDLES} {source}": n for source, n in sorted(Counter(row.detail for row in rejects).items())}
    return Receipt("all", {}, part.rows, part.rows - len(rejects), rejected, {}, counts, (part,))


def _assign(found: _Records, rules: Splits) -> _Assigned:
    names = once(found.keys)
    node = _nodes(names, found.keys)
    family = components(len(names), _links(node, found))
    splits = _split_families(names, family, _musts(len(names), node, found), rules)[node]
    # A pair that must be test never straddles: it made the families of all its keys test.
    split = np.minimum.reduceat(splits, found.first)
    straddles = split != np.maximum.reduceat(splits, found.first)
    return _Assigned(names[np.minimum.reduceat(family[node], found.first)], split, straddles)


def straddling(splits: Manifest) -> dict[str, int]:
    """How many pairs of each source were rejected since their sides stand in different splits."""
    head = f"{STRADDLES} "
    return {name.removeprefix(head): n for name, n in splits.counts.items() if name.startswith(head)}


def _read(records: Path, sources: Sequence[SourceParts], *, respect: bool) -> _Records:
    """The keys of all records, and what each record means for its families."""
    keys, lengths, pair, must = (Growing(kind) for kind in (np.uint64, np.int32, np.bool_, np.int8))
    for source in sources:
        for part in source.parts:
            for ids, groups, published in read_lists(records / part.path, "id", "group", "published_split"):
                # A record without keys is a family of its own, named by its id.
                groups = [group or [record] for record, group in zip(ids, groups, strict=True)]
                keys.add(np.array([hash64(key) for group in groups for key in group], np.uint64))
                lengths.add([len(group) for group in groups])
                pair.add(np.full(len(groups), source.pairs))
                must.add(_must(source, published, SPLIT_CODES if respect else {}))
    counts = lengths.column()
    first = np.cumsum(counts, dtype=np.int32) - counts
    return _Records(keys.column(), first, pair.column(), must.column())


def _must(source: SourceParts, published: Sequence[Any], codes: Mapping[Any, int]) -> Codes:
    if source.test:
        return np.full(len(published), SPLIT_CODES["test"], np.int8)
    return np.array([codes.get(split, 0) for split in published], np.int8)


def _nodes(names: Keys, keys: Keys) -> Nodes:
    """The place of each key among all different ones."""
    node = np.empty(len(keys), np.int32)
    for start in range(0, len(keys), _CHUNK):
        node[start : start + _CHUNK] = np.searchsorted(names, keys[start : start + _CHUNK])
    return node


def _links(node: Nodes, found: _Records) -> tuple[Nodes, Nodes]:
    """Pairs of neighbouring keys of one record; the keys of a pair are not linked."""
    owner = found.owner
    same_owner = (owner[1:] == owner[:-1]) & ~found.pair[owner[1:]] if len(owner) else np.zeros(0, np.bool_)
    return node[:-1][same_owner], node[1:][same_owner]


def _musts(nodes: int, node: Nodes, found: _Records) -> Codes:
    """For each key, the split that its family must have: the highest code that one of its records asks for."""
    must = np.zeros(nodes, np.int8)
    np.maximum.at(must, node, found.must[found.owner])
    return must


def components(nodes: int, links: tuple[Nodes, Nodes]) -> Nodes:
    """The connected components of a graph: for each node, the lowest node that it is connected with.

    Each round gives both ends of every link the lower label, then lets labels point to their labels' labels, so the
    number of rounds grows with the logarithm of the longest chain, not with its length.
    """
    label: Nodes = np.arange(nodes, dtype=np.int32)
    left, right = links
    while True:
        before = label.copy()
        low = np.minimum(label[left], label[right])
        np.minimum.at(label, label[left], low)
        np.minimum.at(label, label[right], low)
        label = label[label]
        if np.array_equal(label, before):
            return label


def _split_families(names: Keys, family: Nodes, must: Codes, rules: Splits) -> Codes:
    """The split of each key: what its family must be, else a matter of the hash of its name, its lowest key."""
    code = np.zeros(len(names), np.int8)
    np.maximum.at(code, family, must)
    heads = np.flatnonzero(family == np.arange(len(names), dtype=np.int32))
    free = heads[code[heads] == 0]
    for start in range(0, len(free), _CHUNK):
        some = free[start : start + _CHUNK]
        chances = np.array([fraction(rules.seed, "split", f"{name:016x}") for name in names[some].tolist()])
        code[some[chances < rules.test + rules.validation]] = SPLIT_CODES["validation"]
        code[some[chances < rules.test]] = SPLIT_CODES["test"]
    return code[family]


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
                names = [
                    None if crosses else _SPLIT_NAMES[code]
                    for code, crosses in zip(found.split[span].tolist(), found.straddles[span].tolist(), strict=True)
                ]
                rejects.extend(
                    Reject(STAGE.name, "all", record, STRADDLES, source.source)
                    for record, name in zip(ids, names, strict=True)
                    if name is None
                )
                yield pa.RecordBatch.from_arrays(
                    [pa.array(ids), pa.array(families), pa.array(names, pa.string())], schema=assignment_schema()
                )
