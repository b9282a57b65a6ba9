"""Selection of training and test rows: those with the lowest hashes, as many as the recipe allows.

Only the hash of task and row id decides. The order of rows and files therefore does not matter, and a smaller selection
is a subset of a larger one.
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
from ecominstruct.runs.parquet import read_lists

ALL = (1 << 64) - 1


class Taking(NamedTuple):
    """The highest hash accepted under each limit, with the reason for rejecting higher ones; and the same by output."""

    limits: Limits
    steps: tuple[tuple[str, int], ...] = ()
    outputs: Mapping[str, int] | None = None
    test: int = ALL  # the highest hash of a selected test row

    def reason(self, row: int, wording: int, output: str) -> str:
        """Why a training row is not selected, from its hash, its wording number and its output; '' if it is."""
        if self.limits.wordings is not None and wording >= self.limits.wordings:
            return "over_wordings"
        if self.outputs is not None and row > self.outputs.get(output, ALL):
            return "over_label"
        return next((reason for reason, highest in self.steps if row > highest), "")


def row_hash(task: str, row: str) -> int:
    """The hash that decides whether a row is selected."""
    return hash64(task, row, "cap")


def decide(
    task: str,
    parts: Sequence[str],
    dropped: Mapping[str, Any],
    limits: Limits,
    per_label: int | None,
    test_rows: int | None,
) -> Taking:
    """Read the available rows and return the selection as hash thresholds.

    `dropped` are records left out already. `per_label` is the maximum number of rows with the same output, `test_rows`
    the maximum number of test rows; None means no limit.
    """
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
    """Yield the record and wording number of each row. Rows of one record are adjacent; `before` is the last result."""
    record, number = before
    for name in records:
        number = number + 1 if name == record else 0
        record = name
        yield record, number


def _rows(
    task: str, parts: Sequence[str], dropped: Mapping[str, Any], taking: Taking, of: Split = "train"
) -> Iterator[tuple[int, str]]:
    """The hash and the output of every row of a split that is neither dropped nor over an earlier limit."""
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
