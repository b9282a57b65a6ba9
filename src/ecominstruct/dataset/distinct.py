"""Examples of one task whose questions are the same: found over all parts of the task by hashes of what is asked.

Of equal questions with one answer the first is kept, test rows before others. Equal questions with different answers
have no right one, so none of them is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecominstruct.identity import fingerprint, hash64
from ecominstruct.rows import SPLITS
from ecominstruct.store import read_batches
from ecominstruct.tasks.spec import Task

_ORDER = {str(split): number for number, split in enumerate(reversed(SPLITS))}


class Clash(NamedTuple):
    """Why a record is not the only one that asks its question, and the beginning of the question."""

    reason: str
    detail: str


class _Asked(NamedTuple):
    record: str
    split: str
    answer: str
    question: str


def clashes(task: Task, paths: Sequence[str], splits: Collection[str]) -> dict[str, Clash]:
    """The records of a task that ask what another one asks, in examples of these splits, by their ids.

    Only questions that come twice are looked at closely: what is kept of all others is one small number each.
    """
    keys, counts = np.unique(np.fromiter((key for key, _ in _keys(task, paths, splits)), np.uint64), return_counts=True)
    repeated = set(keys[counts > 1].tolist())
    if not repeated:
        return {}
    groups: dict[int, list[_Asked]] = defaultdict(list)
    for key, asked in _keys(task, paths, splits, repeated):
        groups[key].append(asked)
    return {record: clash for group in groups.values() for record, clash in _judged(group)}


def _judged(group: list[_Asked]) -> Iterator[tuple[str, Clash]]:
    """What is wrong with the records that ask the same."""
    if len({asked.answer for asked in group}) > 1:
        yield from ((asked.record, Clash("conflicting_gold", asked.question)) for asked in group)
        return
    ordered = sorted(group, key=lambda asked: _ORDER[asked.split])
    yield from ((asked.record, Clash("duplicate_input", asked.question)) for asked in ordered[1:])


def _keys(
    task: Task, paths: Sequence[str], splits: Collection[str], wanted: Collection[int] | None = None
) -> Iterator[tuple[int, _Asked]]:
    """The question of each record as a number; with its answer for those numbers that are wanted."""
    asked = ["record", "split", "input", *(["choices"] if _menu_asks(task) else [])]
    columns = asked if wanted is None else [*asked, "gold"]
    last = ""
    for path in paths:
        for batch in read_batches(Path(path), *columns):
            values: list[Any] = [batch.column(name) for name in columns]
            for row in zip(*(column.to_pylist() for column in values), strict=True):
                record, split, text = row[:3]
                if record == last or split not in splits:  # the wordings of a record follow each other
                    continue
                last = record
                key = hash64(text, *sorted(row[3]) if len(asked) > 3 else ())
                if wanted is None:
                    yield key, _Asked(record, split, "", "")
                elif key in wanted:
                    yield key, _Asked(record, split, fingerprint(row[-1]), text[:200])


def _menu_asks(task: Task) -> bool:
    """Whether rows differ by their candidates: those of a pool of labels are the same for all."""
    return task.form in ("select", "rank") or task.candidates is not None
