"""Stage 2, splits: the family and the split of each record, over all sources, before any example exists.

A family is a connected component of records that share a group key (a product, a query, a thread, a text). Families
are split by a hash of their name, so neither order nor the other families move one. Records of a published test
set, of a held-out origin and of a held-out language pull their whole family into the test split.

A pair links nothing: in entity matching, linking both sides of all pairs would join a third of the data to one
family. It is train (or test) only if the families of all its keys are; otherwise it is rejected as
`straddles_split`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.engines import StagePlan, Unit
from ecominstruct.identity import fraction, hash64
from ecominstruct.recipe import Splits
from ecominstruct.rows import Reject, Split, assignment_schema
from ecominstruct.stages import stage
from ecominstruct.store import Manifest, Part, Receipt, read_batches, read_columns, write_part, write_rejects

if TYPE_CHECKING:
    import pyarrow as pa

STAGE = stage("splits")
PART = "splits.parquet"
STRADDLES = "straddles_split"

Keys = npt.NDArray[np.uint64]
Indices = npt.NDArray[np.int64]


class SourceParts(NamedTuple):
    """The record parts of one source, and what its card means for the splits."""

    parts: tuple[Part, ...]
    pairs: bool  # records are pairs: they link nothing
    test: bool  # published test set, held-out origin or held-out language


class Work(NamedTuple):
    """The single unit of this stage: all records."""

    records: str  # the folder of stage 1
    sources: tuple[SourceParts, ...]
    rules: Splits


def plan_splits(run: Path, records: Manifest, sources: Sequence[SourceParts], rules: Splits) -> StagePlan:
    """What there is to do: one unit, since a family may reach over all sources."""
    inputs = {part.path: part.hash for part in records.parts()}
    inputs["always test"] = ",".join(source.parts[0].path for source in sources if source.test and source.parts)
    work = Work(str(run / records.stage_folder), tuple(sources), rules)
    return StagePlan(STAGE, run / STAGE.folder, [Unit("all", inputs, work)], assign, rules.model_dump())


def assign(work: Work, folder: Path) -> Receipt:
    """Find the families, split them, and write one row a record in the order of the record parts."""
    records = Path(work.records)
    keys, owner, pair, test = _read_keys(records, work.sources)
    names, key_node = np.unique(keys, return_inverse=True)
    family_of_node = components(len(names), _links(key_node, owner, pair))
    split_of_node = _split_families(names, family_of_node, np.unique(key_node[test[owner]]), work.rules)
    first = _first_key(owner, len(pair))
    lowest = np.minimum.reduceat(family_of_node[key_node], first)
    splits = split_of_node[key_node]
    # Records that must be test never straddle: all their keys' families are test.
    straddles = np.minimum.reduceat(splits, first) != np.maximum.reduceat(splits, first)
    split = splits[first]
    rejects: list[Reject] = []
    batches = _batches(records, work.sources, names[lowest], split, straddles, rejects)
    part = write_part(folder, PART, assignment_schema(), batches)
    rejected = write_rejects(folder, "rejects", "all", rejects)
    kept = split[~straddles]
    counts: dict[str, int] = {name: int((kept == code).sum()) for name, code in SPLIT_CODES.items()}
    counts["families"] = len(np.unique(lowest))
    return Receipt("all", {}, part.rows, part.rows - len(rejects), rejected, {}, counts, (part,))


SPLIT_CODES: dict[Split, int] = {"train": 0, "validation": 1, "test": 2}
_SPLIT_NAMES = {code: name for name, code in SPLIT_CODES.items()}


def _read_keys(records: Path, sources: Sequence[SourceParts]) -> tuple[Keys, Indices, Any, Any]:
    """All keys, the number of the record that owns each, and for each record: is it a pair, must it be test."""
    keys: list[int] = []
    owners: list[int] = []
    pair: list[bool] = []
    test: list[bool] = []
    for source in sources:
        for part in source.parts:
            for record, group in zip(*read_columns(records / part.path, "id", "group"), strict=True):
                # A record without keys is a family of its own, named by its id.
                for key in group or [record]:
                    keys.append(hash64(key))
                    owners.append(len(pair))
                pair.append(source.pairs)
                test.append(source.test)
    return (
        np.array(keys, np.uint64),
        np.array(owners, np.int64),
        np.array(pair, np.bool_),
        np.array(test, np.bool_),
    )


def _first_key(owner: Indices, records: int) -> Indices:
    """The position of each record's first key."""
    return np.searchsorted(owner, np.arange(records)).astype(np.int64)


def _links(key_node: Indices, owner: Indices, pair: Any) -> tuple[Indices, Indices]:
    """Pairs of neighbouring keys of one record; the keys of a pair are not linked."""
    same_owner = (owner[1:] == owner[:-1]) & ~pair[owner[1:]] if len(owner) else np.zeros(0, np.bool_)
    return key_node[:-1][same_owner], key_node[1:][same_owner]


def components(nodes: int, links: tuple[Indices, Indices]) -> Indices:
    """The connected components of a graph: for each node, the lowest node that it is connected with.

    Each round gives both ends of every link the lower label, then lets labels point to their labels' labels, so the
    number of rounds grows with the logarithm of the longest chain, not with its length.
    """
    label: Indices = np.arange(nodes, dtype=np.int64)
    left, right = links
    while True:
        before = label.copy()
        low = np.minimum(label[left], label[right])
        np.minimum.at(label, label[left], low)
        np.minimum.at(label, label[right], low)
        label = label[label]
        if np.array_equal(label, before):
            return label


def _split_families(names: Keys, family: Indices, test_nodes: Indices, rules: Splits) -> Any:
    """The split of each key, by the name of its family: its lowest key."""
    code = np.zeros(len(names), np.int8)
    forced = set(family[test_nodes].tolist())
    for node in np.unique(family).tolist():
        chance = fraction(rules.seed, "split", f"{int(names[node]):016x}")
        if node in forced or chance < rules.test:
            code[node] = SPLIT_CODES["test"]
        elif chance < rules.test + rules.validation:
            code[node] = SPLIT_CODES["validation"]
    return code[family]


def _batches(
    records: Path, sources: Sequence[SourceParts], family: Keys, split: Any, straddles: Any, rejects: list[Reject]
) -> Iterator[pa.RecordBatch]:
    """The assignments, in batches that match those of the record parts one to one."""
    import pyarrow as pa

    at = 0
    for source in sources:
        for part in source.parts:
            for batch in read_batches(records / part.path):
                ids = [str(record) for record in batch.column("id").to_pylist()]
                span = slice(at, at + len(ids))
                at += len(ids)
                families = [f"{name:016x}" for name in family[span].tolist()]
                names = [
                    None if crosses else _SPLIT_NAMES[code]
                    for code, crosses in zip(split[span].tolist(), straddles[span].tolist(), strict=True)
                ]
                rejects.extend(
                    Reject(STAGE.name, "all", record, STRADDLES, part.path)
                    for record, name in zip(ids, names, strict=True)
                    if name is None
                )
                yield pa.RecordBatch.from_arrays(
                    [pa.array(ids), pa.array(families), pa.array(names, pa.string())], schema=assignment_schema()
                )
