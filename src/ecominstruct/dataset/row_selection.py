"""Which training and test rows of a task are taken: those with the lowest hashes, as many as the recipe allows.

What decides is the hash of task and row alone, so neither the order of rows nor that of their files changes a choice,
and a smaller set is part of a larger one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecominstruct.dataset.mixture import Limits
from ecominstruct.identity import hash64
from ecominstruct.rows import Split
from ecominstruct.runs.store import read_lists

ALL = (1 << 64) - 1


class Taking(NamedTuple):
    """The highest hash that stays under each limit, with the reason that a higher one gives; those of outputs."""

    limits: Limits
    steps: tuple[tuple[str, int], ...] = ()
    outputs: Mapping[str, int] | None = None
    test: int = ALL  # the highest hash of a test row

    def reason(self, row: int, wording: int, output: str) -> str:
        """Why a training row is not taken, by its hash, the number of its wording and its output; or nothing."""
        if self.limits.wordings is not None and wording >= self.limits.wordings:
            return "over_wordings"
        if self.outputs is not None and row > self.outputs.get(output, ALL):
            return "over_label"
        return next((reason for reason, highest in self.steps if row > highest), "")


def row_hash(task: str, row: str) -> int:
    """What decides whether a row is taken."""
    return hash64(task, row, "cap")


def decide(
    task: str,
    parts: Sequence[str],
    dropped: Mapping[str, Any],
    limits: Limits,
    per_label: int | None,
    test_rows: int | None,
) -> Taking:
    """Read which rows there are, and find the hashes up to which they are taken."""
    taking = Taking(limits)
    if test_rows is not None:
        tested = sorted(row for row, _ in _rows(task, parts, dropped, taking, "test"))
        taking = taking._replace(test=tested[test_rows - 1] if len(tested) > test_rows else ALL)
    if per_label is not None:
        taking = taking._replace(outputs=_by_output(task, parts, dropped, taking, per_label))
    hashes = np.fromiter((row for row, _ in _rows(task, parts, dropped, taking)), np.uint64)
    hashes.sort()
    steps = []
    for reason, most in limits.steps(len(hashes)):
        if most < len(hashes):
            steps.append((reason, int(hashes[most - 1]) if most else -1))
    return taking._replace(steps=tuple(steps))


def wordings(records: Sequence[str], before: tuple[str, int] = ("", -1)) -> Iterator[tuple[str, int]]:
    """For each row, its record and the number of its wording: rows of one record stand side by side."""
    record, number = before
    for name in records:
        number = number + 1 if name == record else 0
        record = name
        yield record, number


def _rows(
    task: str, parts: Sequence[str], dropped: Mapping[str, Any], taking: Taking, of: Split = "train"
) -> Iterator[tuple[int, str]]:
    """The hash and the output of every row of a split that is neither dropped nor left out yet."""
    for path in parts:
        before = ("", -1)
        for ids, records, splits, outputs in read_lists(Path(path), "id", "record", "split", "output"):
            numbered = list(wordings(records, before))
            before = numbered[-1] if numbered else before
            for row, (record, number), split, output in zip(ids, numbered, splits, outputs, strict=True):
                if split == of and record not in dropped:
                    row_number = row_hash(task, row)
                    if of == "test" or not taking.reason(row_number, number, output):
                        yield row_number, output


def _by_output(
    task: str, parts: Sequence[str], dropped: Mapping[str, Any], taking: Taking, most: int
) -> dict[str, int]:
    found: dict[str, list[int]] = defaultdict(list)
    for row, output in _rows(task, parts, dropped, taking):
        found[output].append(row)
    return {output: sorted(rows)[most - 1] for output, rows in found.items() if len(rows) > most}
