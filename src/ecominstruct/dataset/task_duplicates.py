"""Duplicates among the pairs of one task: equal inputs, near-equal inputs, and equal inputs with conflicting answers.

A copy is a pair of the same split with the same or nearly the same input and the same answer. Free-text answers may
differ as little as short texts may. An input is nearly the same only if every field and every candidate is: one review
and two questions about it are not copies, although the review is long and the questions are short. Numbers, units,
models, sizes and negations must be equal as well. Otherwise the second of two rows would be dropped if it had the
answer of the first and kept if not, and a model would learn that from the remaining rows.

An equal input with a different answer is not a copy. In tasks with one correct answer, the two are in conflict, unless
most pairs agree on one of the answers. Which of several pairs is the original depends on the hash of its record.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from rapidfuzz.distance import Indel

from ecominstruct.dataset.shown import Shown, alike, shown, sides_of
from ecominstruct.identity import hash64
from ecominstruct.languages import same_text
from ecominstruct.rows import SPLITS, Check, Match
from ecominstruct.runs.parquet import BATCH_ROWS
from ecominstruct.similarity.columns import Growing, Indices, Numbers, TextFile, release_pages, run_starts, slices
from ecominstruct.similarity.compared_forms import Forms
from ecominstruct.similarity.duplicates import NONE, find_copies
from ecominstruct.similarity.key_files import KeyFiles
from ecominstruct.similarity.near_duplicates import AT_ONCE, Compared, Near, Scores, are_short, near_keys
from ecominstruct.similarity.sketches import SketchFile, sketch
from ecominstruct.tasks.templates import without

if TYPE_CHECKING:
    from ecominstruct.dataset.pairs import Pair, PairsUnit

_FEWEST_VOTES = 3  # for an answer that others contradict
_KEYED = 1 << 19  # bytes of texts whose keys are computed together
_LEAST = 256  # the minimum in bytes that a text counts for: for short texts, the keys dominate memory
_KEYS = 71  # average number of keys per text


class Pairs(NamedTuple):
    """Numbers about all pairs, in the order of precedence for staying."""

    place: Indices  # position in the input order
    same: Numbers  # equal for pairs of one split whose inputs are equal up to white space, case and width
    answer: Numbers


class Found(NamedTuple):
    """Pairs for which another pair was found, as row numbers, with their similarity."""

    pair: Indices
    other: Indices
    similarity: Scores
    check: Check
    kind: str

    @classmethod
    def of(cls, check: Check, kind: str, pair: Indices, other: Indices) -> Found:
        """Matches with similarity 1."""
        return cls(pair, other, np.ones(len(pair)), check, kind)


class Siblings:
    """Collects the pairs of a task, then finds the copies and conflicts among them.

    A context manager: while it is open, texts are stored in files of a scratch folder. Only a few numbers per pair are
    in memory.
    """

    def __init__(self, work: PairsUnit, scratch: Path, near: Near, forms: Forms) -> None:
        self._work, self._scratch, self._near, self._forms_of = work, scratch, near, forms
        self._sides = sides_of(work.template)
        self._stack = ExitStack()
        self._numbers = [Growing(np.uint64) for _ in range(3)]  # rank, input and answer
        self._aparts, self._orders = Growing(np.uint64), Growing(np.uint64)
        self._splits = Growing(np.int8)
        self._short = Growing(np.bool_)
        self.crowded = 0

    def __enter__(self) -> Siblings:
        open_file = self._stack.enter_context
        self._forms = TextFile(open_file((self._scratch / "forms.tmp").open("w+b")))
        self._shown = TextFile(open_file((self._scratch / "shown.tmp").open("w+b")))
        self._records = TextFile(open_file((self._scratch / "records.tmp").open("w+b")))
        self._outputs = TextFile(open_file((self._scratch / "outputs.tmp").open("w+b")))
        self._sketches = SketchFile(open_file((self._scratch / "sketches.tmp").open("w+b")))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, pairs: Sequence[Pair]) -> Numbers:
        """Add pairs. Return a number for each, equal if the same is asked and answered, across tasks."""
        texts = ["\n".join((without(self._work.template, pair.input), *pair.choices)) for pair in pairs]
        inputs = [shown(self._work.template, self._sides, pair, self._forms_of) for pair in pairs]
        answers = [pair.output if self._work.free else "" for pair in pairs]
        keys = [of.keys(self._forms_of, answer) for of, answer in zip(inputs, answers, strict=True)]
        forms = [of.form for of in keys]
        outputs = [self._forms_of(pair.output).joined for pair in pairs]
        self._forms.add(forms)
        self._shown.add(of.packed() for of in inputs)
        self._aparts.add(np.array([of.apart for of in keys], np.uint64))
        self._orders.add(np.array([of.order for of in keys], np.uint64))
        self._sketches.add(sketch(forms))
        if self._work.free:
            self._outputs.add(outputs)
        self._short.add(are_short(texts))
        self._records.add(pair.record for pair in pairs)
        self._splits.add([SPLITS.index(pair.split) for pair in pairs])
        numbers = [
            (
                hash64(self._work.task, pair.record, "original"),
                hash64(pair.split, same_text(unicodedata.normalize("NFKC", text))),
                hash64(pair.answer),
            )
            for pair, text in zip(pairs, texts, strict=True)
        ]
        for column, values in zip(self._numbers, np.array(numbers, np.uint64).reshape(-1, 3).T, strict=True):
            column.add(values)
        return np.array([hash64(self._work.asks, *said) for said in zip(forms, outputs, strict=True)], np.uint64)

    def matches(self) -> Iterator[Match]:
        """Yield all copies and conflicts in the order of the pairs."""
        rank, same, answer = (column.column() for column in self._numbers)
        place = np.argsort(rank, kind="stable")
        pairs = Pairs(place, same[place], answer[place])
        first = _first_of_equals(pairs)
        copies = np.flatnonzero(first != np.arange(len(first)))
        found = [Found.of("conflict", "answers", *_contradictions(pairs))] if not self._work.free else []
        found.append(Found.of("copy", "exact", copies, first[copies]))
        if self._work.clean.copies == "near":
            found.append(self._near_copies(pairs, np.flatnonzero(first == np.arange(len(first)))))
        yield from self._matches([one._replace(pair=place[one.pair], other=place[one.other]) for one in found])

    def _matches(self, found: Sequence[Found]) -> Iterator[Match]:
        """The matches pair by pair; for one pair, in the order of `found`."""
        records, splits, source = self._records.texts(), self._splits.column(), self._work.source
        kinds = np.repeat(np.arange(len(found)), [len(one.pair) for one in found])
        pair, other, similarity = (np.concatenate([one[at] for one in found]) for at in range(3))
        order = np.lexsort((kinds, pair))
        for start in range(0, len(order), BATCH_ROWS):
            some = order[start : start + BATCH_ROWS]
            sides = [zip(records.take(rows), splits[rows].tolist(), strict=True) for rows in (pair[some], other[some])]
            for kind, value, (one, split), (two, its) in zip(
                kinds[some].tolist(), similarity[some].tolist(), *sides, strict=True
            ):
                said = (found[kind].check, found[kind].kind, "input", value)
                yield Match(one, SPLITS[split], *said, two, source, SPLITS[its], "input")

    def _near_copies(self, pairs: Pairs, alone: Indices) -> Found:
        """The near copies among the pairs that are not exact copies."""
        place = pairs.place[alone]
        compared = Compared(self._forms.texts(), self._short.column(), self._sketches.sketches())
        outputs, inputs, orders = self._outputs.texts(), self._shown.texts(), self._orders.column()
        apart = self._apart(pairs, alone)

        def verify(left: Indices, right: Indices) -> Scores:
            one, other = place[left], place[right]
            scores = compared.similarities(one, other, self._near)
            scores[(orders[one] == orders[other]) & (orders[one] > 0)] = 1.0
            scores[apart[left] != apart[right]] = 0.0
            near = np.flatnonzero(scores > 0)
            if self._work.free:
                answers = zip(outputs.take(one[near]), outputs.take(other[near]), strict=True)
                scores[near] *= [_agree(one, other, self._near.edits) for one, other in answers]
                near = near[scores[near] > 0]
            for start in range(0, len(near), AT_ONCE):
                some = near[start : start + AT_ONCE]
                ours, theirs = ([Shown.unpacked(text) for text in inputs.take(side[some])] for side in (one, other))
                scores[some] *= alike(ours, theirs, self._near, self._forms_of, sides=self._sides is not None)
            release_pages(inputs.content)
            return scores

        with KeyFiles(self._scratch, "near", _KEYS * len(alone)) as files:
            for part in slices(np.maximum(compared.texts.lengths[place], _LEAST), _KEYED):
                keys, texts = near_keys(compared.texts.take(place[part]), compared.short[place[part]])
                files.add(keys ^ apart[part.start + texts], part.start + texts)
            ordered = np.flatnonzero(orders[place])
            files.add(orders[place[ordered]] ^ apart[ordered], ordered)
            copies = find_copies(len(alone), files, verify)
        self.crowded = copies.crowded
        rows = np.flatnonzero(copies.original != NONE)
        similarity = np.round(copies.similarity[rows], 4)
        return Found(alone[rows], alone[copies.original[rows]], similarity, "copy", "near")

    def _apart(self, pairs: Pairs, rows: Indices) -> Numbers:
        """A hash of what must be equal in copies: split, marks, and the answer unless it is free text."""
        splits: Numbers = np.array([hash64(name) for name in SPLITS], np.uint64)
        place = pairs.place[rows]
        apart: Numbers = splits[self._splits.column()[place]] ^ self._aparts.column()[place]
        return apart if self._work.free else apart ^ pairs.answer[rows]


def _first_of_equals(pairs: Pairs) -> Indices:
    """For each pair, the first one with an equal input and answer."""
    order = np.lexsort((pairs.answer, pairs.same))
    group, answer = pairs.same[order], pairs.answer[order]
    head = np.ones(len(order), np.bool_)
    head[1:] = (group[1:] != group[:-1]) | (answer[1:] != answer[:-1])
    first = np.empty(len(order), np.int64)
    first[order] = order[head][np.cumsum(head) - 1]  # the sort is stable, so the head is the first of its equals
    return first


def _contradictions(pairs: Pairs) -> tuple[Indices, Indices]:
    """Pairs whose input has a different answer elsewhere: each with the first pair that gives another answer.

    If an answer was given at least three times and twice as often as all others together, the annotators agree on it,
    and only the other pairs are in conflict.
    """
    order = np.argsort(pairs.same, kind="stable")
    same, answer = pairs.same[order], pairs.answer[order]
    head = run_starts(same)
    size = np.diff(head, append=len(order))
    first = np.repeat(head, size)  # for each position, the start of its group
    odd = answer != answer[first]
    second = np.minimum.reduceat(np.where(odd, np.arange(len(order)), len(order)), head) if len(order) else head
    second = np.repeat(second, size)  # the position of the first different answer in its group, if any
    votes = _votes(same, answer)
    agreed = (votes >= _FEWEST_VOTES) & (3 * votes >= 2 * np.repeat(size, size))
    some = np.flatnonzero((second < len(order)) & ~agreed)
    return order[some], order[np.where(odd, first, second)[some]]


def _votes(same: Numbers, answer: Numbers) -> Indices:
    """For each pair, how many pairs with its input give its answer."""
    order = np.lexsort((answer, same))
    begins = np.ones(len(order), np.bool_)
    begins[1:] = (same[order][1:] != same[order][:-1]) | (answer[order][1:] != answer[order][:-1])
    number = np.cumsum(begins) - 1
    votes = np.empty(len(order), np.int64)
    votes[order] = np.bincount(number)[number] if len(order) else number
    return votes


def _agree(one: str, other: str, least: float) -> bool:
    return Indel.normalized_similarity(one, other) >= least
