"""Training pairs that stand in two tasks: the same question (by its pool of wordings), input and answer, made of two
records.

Tasks that were made of one record ask different things of it and are no copies of each other. But one data set may be
read from two folders, and one question be asked in two of them; then a model sees the pair twice. Which of several is
the original is a matter of the hash of task and record. A pair that was found to be a leak, a copy or in conflict is
none of them; what a filter, a policy or a cap takes out is not known yet, and may take an original.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ecominstruct.identity import hash64
from ecominstruct.runs.stages import MATCHES, MEASURES
from ecominstruct.runs.store import read_batches
from ecominstruct.similarity.columns import Growing, Indices, run_starts

if TYPE_CHECKING:
    import pyarrow as pa

Twins = Mapping[str, Mapping[str, str]]
"""By task and record: which pair stays instead."""


def find_twins(findings: Path, tasks: Sequence[str]) -> Twins:
    """The training pairs of these tasks that say what a pair of another task says, which stays instead.

    In memory are 12 bytes for each training pair, and the names of those that say the same.
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
    """What is said in more than one task."""
    order: Indices = np.argsort(contents)
    contents, numbers = contents[order], numbers[order]
    first = run_starts(contents)
    if not len(first):
        return set()
    low, high = np.minimum.reduceat(numbers, first), np.maximum.reduceat(numbers, first)
    return set(contents[first[low != high]].tolist())


def _pairs(folder: Path) -> Iterator[tuple[pa.Array[Any], npt.NDArray[np.uint64]]]:
    """The training pairs of a task that no match takes out: their records, and what they say as a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = [batch.column("record") for batch in read_batches(folder / MATCHES, "record")]
    matched = pa.chunked_array(columns, pa.string()).combine_chunks()
    for batch in read_batches(folder / MEASURES, "record", "split", "content"):
        out = pc.is_in(batch.column("record"), matched)
        some = batch.filter(pc.and_not(pc.is_in(batch.column("split"), pa.array(["train"])), out))
        yield some.column("record"), some.column("content").to_numpy(zero_copy_only=False)
