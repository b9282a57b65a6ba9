"""Copies among the pairs of one task: equal inputs, near inputs, and equal inputs whose answers contradict each other.

A copy is a pair of the same split with the same, or nearly the same, input and the same answer; free texts as answers
may differ as little as short texts may. An equal input with another answer is no copy: where a task has one right
answer, the two are in conflict. Which of several pairs is the original is a matter of the hash of its record.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rapidfuzz.distance import Indel

from ecominstruct.checks.columns import Growing, Indices, Numbers, TextFile
from ecominstruct.checks.copies import NONE, find_copies
from ecominstruct.checks.keys import KeyFiles
from ecominstruct.checks.near import Compared, Near, Scores, are_short, near_keys
from ecominstruct.checks.sketches import SketchFile, sketch
from ecominstruct.identity import hash64
from ecominstruct.languages import kin_text, same_text
from ecominstruct.rows import Check, Match
from ecominstruct.tasks.templates import without

if TYPE_CHECKING:
    from ecominstruct.dataset.findings import Pair, Work

_AT_ONCE = 4_000  # texts whose keys are made together
_KEYS = 70  # of a text, about


class Pairs(NamedTuple):
    """Numbers that are known of all pairs, in the order of their right to stay."""

    place: Indices  # in the order in which they came
    same: Numbers  # equal for pairs of one split whose inputs are equal, but for white space, case and width
    answer: Numbers


class Siblings:
    """Takes the pairs of a task as they come, and says in the end which are copies of which.

    A context: while it is open, texts lie in files of a scratch folder; in memory are some numbers for each pair.
    """

    def __init__(self, work: Work, scratch: Path, near: Near) -> None:
        self._work, self._scratch, self._near = work, scratch, near
        self._stack = ExitStack()
        self._records: list[str] = []
        self._splits: list[str] = []
        self._numbers: list[Numbers] = []  # rank, input and answer of some pairs
        self._short = Growing(np.bool_)
        self.crowded = 0

    def __enter__(self) -> Siblings:
        open_file = self._stack.enter_context
        self._forms = TextFile(open_file((self._scratch / "forms.tmp").open("w+b")))
        self._outputs = TextFile(open_file((self._scratch / "outputs.tmp").open("w+b")))
        self._sketches = SketchFile(open_file((self._scratch / "sketches.tmp").open("w+b")))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, pairs: Sequence[Pair]) -> None:
        """Take more pairs."""
        texts = ["\n".join((without(self._work.template, pair.input), *pair.choices)) for pair in pairs]
        forms = [kin_text(text) for text in texts]
        outputs = [kin_text(pair.output) for pair in pairs]
        self._forms.add(forms)
        self._sketches.add(sketch(forms))
        if self._work.free:
            self._outputs.add(outputs)
        self._short.add(are_short(texts))
        self._records += [pair.record for pair in pairs]
        self._splits += [sys.intern(pair.split) for pair in pairs]
        numbers = [
            (
                hash64(self._work.task, pair.record, "original"),
                hash64(pair.split, same_text(unicodedata.normalize("NFKC", text))),
                hash64(pair.output),
            )
            for pair, text in zip(pairs, texts, strict=True)
        ]
        self._numbers.append(np.array(numbers, np.uint64).reshape(-1, 3).T)

    def matches(self) -> list[Match]:
        """All copies and conflicts, in the order of the pairs."""
        rank, same, answer = np.concatenate([np.zeros((3, 0), np.uint64), *self._numbers], axis=1)
        place = np.argsort(rank, kind="stable")
        pairs = Pairs(place, same[place], answer[place])
        first = _first_of_equals(pairs)
        alone = np.flatnonzero(first == np.arange(len(first)))
        found = [
            self._match("copy", "exact", place[row], place[first[row]], 1.0)
            for row in np.flatnonzero(first != np.arange(len(first))).tolist()
        ]
        if not self._work.free:
            found += [
                self._match("conflict", "answers", place[one], place[other], 1.0)
                for one, other in _contradictions(pairs)
            ]
        if self._work.clean.copies == "near":
            found += self._near_copies(pairs, alone)
        return [match for _, match in sorted(found, key=lambda item: (item[0], item[1].check))]

    def _match(self, check: Check, kind: str, one: int, other: int, similarity: float) -> tuple[int, Match]:
        records, splits = self._records, self._splits
        source = self._work.source
        return int(one), Match(
            records[one], splits[one], check, kind, "input", similarity, records[other], source, splits[other], "input"
        )

    def _near_copies(self, pairs: Pairs, alone: Indices) -> list[tuple[int, Match]]:
        """The near copies among pairs that are no exact ones."""
        place = pairs.place[alone]
        compared = Compared(self._forms.texts(), self._short.column(), self._sketches.sketches())
        outputs = self._outputs.texts()

        def verify(left: Indices, right: Indices) -> Scores:
            scores = compared.similarities(place[left], place[right], self._near)
            if self._work.free:
                near = np.flatnonzero(scores > 0)
                answers = zip(outputs.take(place[left[near]]), outputs.take(place[right[near]]), strict=True)
                scores[near] *= [_agree(one, other, self._near.edits) for one, other in answers]
            return scores

        apart = self._apart(pairs, alone)
        with KeyFiles(self._scratch, "near", _KEYS * len(alone)) as files:
            for start in range(0, len(alone), _AT_ONCE):
                some = place[start : start + _AT_ONCE]
                keys, texts = near_keys(compared.texts.take(some), compared.short[some])
                files.add(keys ^ apart[start + texts], start + texts)
            copies = find_copies(len(alone), files, verify)
        self.crowded = copies.crowded
        return [
            self._match(
                "copy", "near", place[row], place[copies.original[row]], round(float(copies.similarity[row]), 4)
            )
            for row in np.flatnonzero(copies.original != NONE).tolist()
        ]

    def _apart(self, pairs: Pairs, rows: Indices) -> Numbers:
        """What keeps pairs apart that are no copies, however similar: their split, and their answer if it is one."""
        split = np.array([hash64(self._splits[at]) for at in pairs.place[rows].tolist()], np.uint64)
        return split if self._work.free else split ^ pairs.answer[rows]


def _first_of_equals(pairs: Pairs) -> Indices:
    """For each pair, the first one with an equal input and answer."""
    order = np.lexsort((pairs.answer, pairs.same))
    group, answer = pairs.same[order], pairs.answer[order]
    head = np.ones(len(order), np.bool_)
    head[1:] = (group[1:] != group[:-1]) | (answer[1:] != answer[:-1])
    first = np.empty(len(order), np.int64)
    first[order] = order[head][np.cumsum(head) - 1]  # the sort is stable: the head is the first of its equals
    return first


def _contradictions(pairs: Pairs) -> Iterator[tuple[int, int]]:
    """The pairs whose input has another answer elsewhere: each, and the first pair that gives another one."""
    order = np.argsort(pairs.same, kind="stable")
    heads = np.flatnonzero(np.diff(pairs.same[order], prepend=pairs.same[order][:1] + np.uint64(1)))
    ends = np.append(heads[1:], len(order))
    for start, end in zip(heads[ends - heads > 1].tolist(), ends[ends - heads > 1].tolist(), strict=True):
        group = order[start:end].tolist()
        first = group[0]
        others = [row for row in group if pairs.answer[row] != pairs.answer[first]]
        for row in group if others else ():
            yield row, others[0] if pairs.answer[row] == pairs.answer[first] else first


def _agree(one: str, other: str, least: float) -> bool:
    return Indel.normalized_similarity(one, other) >= least
