"""Task quality: the entropy of the labels, and the accuracy of trivial baselines.

Both are computed on a sample of the examples of a task, chosen by hash. The baselines are the same as the models with
their names. They are listed with each task so that an easy one is recognised as such.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any, NamedTuple

from ecominstruct.rows import Example, Gold
from ecominstruct.tasks.spec import Task

SAMPLE = 1_000  # the maximum number of examples in the sample
EASY = 0.95  # a task is easy if a baseline solves a larger share
UNEVEN = 0.8  # a label entropy below this share of the maximum needs a stated reason

Order = Callable[[Example], Sequence[str]]


class Quality(NamedTuple):
    """Quality measures of a task, as shares in [0, 1]; None if not applicable.

    `entropy` is the label entropy of the golds relative to the maximum for the pool of labels. The baselines are the
    most frequent answer, the candidate with the largest character overlap with the input, the longest candidate, and
    the first one.
    """

    examples: int
    entropy: float | None
    majority: float | None
    overlap: float | None
    longest: float | None
    first: float | None

    @property
    def easy(self) -> bool:
        """Whether one of the baselines solves the task."""
        return any(floor is not None and floor > EASY for floor in self[2:])

    @property
    def uneven(self) -> bool:
        """Whether the task must state a reason for its unbalanced labels."""
        return self.entropy is not None and self.entropy < UNEVEN

    def row(self) -> dict[str, Any]:
        """The measures as plain data, rounded to three decimals."""
        shares = {name: None if share is None else round(share, 3) for name, share in self._asdict().items()}
        return {**shares, "examples": self.examples, "easy": self.easy, "uneven": self.uneven}


def quality(task: Task, labels: Sequence[str], examples: Sequence[Example], *, menu: bool) -> Quality:
    """Compute the quality of a task from some of its examples.

    `menu`: whether their choices are the possible answers.
    """
    floors = {name: _accuracy(examples, order) if menu else None for name, order in ORDERS.items()}
    counted = bool(labels) and task.form in ("classify", "qa")
    golds = Counter(label for example in examples for label in (example.gold.labels or (example.gold.text,)))
    entropy = label_entropy(golds, len(labels)) if counted and examples else None
    majority = max(Counter(_answer(example.gold) for example in examples).values(), default=0)
    return Quality(len(examples), entropy, majority / len(examples) if examples else None, **floors)


def label_entropy(counts: Mapping[str, int], labels: int) -> float:
    """The Shannon entropy of label counts relative to that of `labels` equally frequent labels, in [0, 1].

    It is 0 with fewer than two labels or without counts.
    """
    total = sum(counts.values())
    if labels < 2 or not total:
        return 0.0
    return -sum(count / total * log(count / total) for count in counts.values() if count) / log(labels)


def by_overlap(example: Example) -> list[str]:
    """The candidates by number of characters shared with the input, descending.

    Ties go to the shorter candidate, then to the one shown first.
    """
    seen = Counter(_characters(example.input))

    def shared(choice: str) -> tuple[int, int]:
        letters = Counter(_characters(choice))
        # At equal overlap, the shorter candidate shares a larger part of itself.
        return (seen & letters).total(), -len(choice)

    return sorted(example.choices, key=shared, reverse=True)


def by_length(example: Example) -> list[str]:
    """The candidates by length, descending; ties in the order shown."""
    return sorted(example.choices, key=len, reverse=True)


def as_shown(example: Example) -> Sequence[str]:
    """The candidates in the order shown."""
    return example.choices


ORDERS: Mapping[str, Order] = {"overlap": by_overlap, "longest": by_length, "first": as_shown}


def _accuracy(examples: Sequence[Example], order: Order) -> float | None:
    """The share of examples answered by the first candidate of an order; for rankings, by the whole order."""
    hits = sum(_hits(example.gold, order(example)) for example in examples)
    return hits / len(examples) if examples else None


def _hits(gold: Gold, ordered: Sequence[str]) -> bool:
    if gold.ranking:
        return gold.ranking == tuple(ordered)
    return _answer(gold) == tuple(ordered[:1])


def _answer(gold: Gold) -> tuple[Any, ...]:
    """The answer in hashable form."""
    return gold.ranking or gold.labels or tuple(gold.spans) or (gold.text,)


def _characters(text: str) -> list[str]:
    return [char for char in text.casefold() if not char.isspace()]
