"""Duplicates across tasks: training pairs of two records with the same question, input and answer.

Two pairs ask the same question if their tasks use the same pool of wordings. Tasks on the same record ask different
things and are not duplicates. But one data set may be read from two folders, with the same question asked in both; a
model would then see the pair twice. Which pair is the original depends on the hash of task and record. Pairs that are
leaks, copies or in conflict are not considered. Filters, policies and caps are applied later, and may remove an
original.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ecominstruct.identity import hash64
from ecominstruct.runs.parquet import read_batches
from ecominstruct.runs.stages import MATCHES, MEASURES
from ecominstruct.similarity.columns import Growing, Indices, run_starts

if TYPE_CHECKING:
    import pyarrow as pa

Twins = Mapping[str, Mapping[str, str]]
"""By task and record: the pair that stays instead."""


def find_twins(findings: Path, tasks: Sequence[str]) -> Twins:
    """Find the training pairs of these tasks that repeat a pair of another task, which stays instead.

    Uses 12 bytes of memory per training pair, plus the ids of the repeated ones.
    """
    contents, numbers = Growing(np.uint64), Growing(np.int32)
    for number, task in enumerate(tasks):
        for _, said in _pairs(findings / task):
            contents.add(said)
            numbers.add(np.full(len(said), number))
    several = _in_several(contents.column(), numbers.column())
    groups: dict[int, list[tuple[int, str, str]]] = {}
    for task in tasks if several else ():
        for records, said in _pairs(findings / task):
            for record, content in zip(records.to_pylist(), said.tolist(), strict=True):
                if content in several and record:
                    groups.setdefault(content, []).append((hash64(task, record, "original"), task, record))
    found: dict[str, dict[str, str]] = {}
    for group in groups.values():
        _, first, original = min(group)
        for _, task, record in group:
            if task != first and record != original:
                found.setdefault(task, {})[record] = f"{original} of {first}"
    return found


def _in_several(contents: npt.NDArray[np.uint64], numbers: npt.NDArray[np.int32]) -> set[int]:
    """The contents that occur in more than one task."""
    order: Indices = np.argsort(contents)
    contents, numbers = contents[order], numbers[order]
    first = run_starts(contents)
    if not len(first):
        return set()
    low, high = np.minimum.reduceat(numbers, first), np.maximum.reduceat(numbers, first)
    return set(contents[first[low != high]].tolist())


def _pairs(folder: Path) -> Iterator[tuple[pa.Array[Any], npt.NDArray[np.uint64]]]:
    """The records of a task's training pairs that no match removes, with the hash of each pair's content."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [batch.column("record") for batch in read_batches(folder / MATCHES, "record")]
    matched = pa.chunked_array(columns, pa.string()).combine_chunks()
    for batch in read_batches(folder / MEASURES, "record", "split", "content"):
        out = pc.is_in(batch.column("record"), matched)
        some = batch.filter(pc.and_not(pc.is_in(batch.column("split"), pa.array(["train"])), out))
        yield some.column("record"), some.column("content").to_numpy(zero_copy_only=False)
