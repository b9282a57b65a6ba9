"""How much there is to learn in a task: the entropy of its labels, and how far one gets without understanding.

Both are taken from a sample of the examples of a task, chosen by hash. The floors are those of the models of the same
names; here they stand beside each task, so that nobody takes an easy task for a hard one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import log
from typing import Any, NamedTuple

from ecominstruct.rows import Example, Gold
from ecominstruct.tasks.spec import Task

SAMPLE = 1_000  # examples of a task at most
EASY = 0.95  # a task that a floor solves more often than this is easy
UNEVEN = 0.8  # a label entropy below this share of the largest possible wants a reason

Order = Callable[[Example], Sequence[str]]


class Quality(NamedTuple):
    """What is known of a task: shares in [0, 1]; None where the task has nothing of the kind.

    `entropy` is that of the labels of the golds, as a share of the largest that the pool of labels allows. The floors:
    the most frequent answer for all rows, the candidate with most characters of the input, the longest, the first.
    """

    examples: int
    entropy: float | None
    majority: float | None
    overlap: float | None
    longest: float | None
    first: float | None

    @property
    def easy(self) -> bool:
        """Whether one of the floors solves the task."""
        return any(floor is not None and floor > EASY for floor in self[2:])

    @property
    def uneven(self) -> bool:
        """Whether a reason for the labels must be stated."""
        return self.entropy is not None and self.entropy < UNEVEN

    def row(self) -> dict[str, Any]:
        """The numbers as plain data, to three decimals."""
        shares = {name: None if share is None else round(share, 3) for name, share in self._asdict().items()}
        return {**shares, "examples": self.examples, "easy": self.easy, "uneven": self.uneven}


def quality(task: Task, labels: Sequence[str], examples: Sequence[Example], *, menu: bool) -> Quality:
    """The quality of a task by some of its examples; `menu`: whether their choices are the answers to choose from."""
    floors = {name: _accuracy(examples, order) if menu else None for name, order in ORDERS.items()}
    counted = bool(labels) and task.form in ("classify", "qa")
    golds = Counter(label for example in examples for label in (example.gold.labels or (example.gold.text,)))
    entropy = label_entropy(golds, len(labels)) if counted and examples else None
    majority = max(Counter(_answer(example.gold) for example in examples).values(), default=0)
    return Quality(len(examples), entropy, majority / len(examples) if examples else None, **floors)


def label_entropy(counts: Mapping[str, int], labels: int) -> float:
    """The entropy of label counts, as a share of the entropy of this many labels that are equally frequent."""
    total = sum(counts.values())
    if labels < 2 or not total:
        return 0.0
    return -sum(count / total * log(count / total) for count in counts.values() if count) / log(labels)


def by_overlap(example: Example) -> list[str]:
    """The candidates, first the one that shares most characters with the input; of equals, the first one shown."""
    seen = Counter(_characters(example.input))

    def shared(choice: str) -> tuple[int, int]:
        letters = Counter(_characters(choice))
        # Of two candidates with as many shared characters, the shorter one shares the larger part of itself.
        return (seen & letters).total(), -len(choice)

    return sorted(example.choices, key=shared, reverse=True)


def by_length(example: Example) -> list[str]:
    """The candidates, the longest first; of equals, the first one shown."""
    return sorted(example.choices, key=len, reverse=True)


def as_shown(example: Example) -> Sequence[str]:
    """The candidates as they are shown."""
    return example.choices


ORDERS: Mapping[str, Order] = {"overlap": by_overlap, "longest": by_length, "first": as_shown}


def _accuracy(examples: Sequence[Example], order: Order) -> float | None:
    """The share of examples that the first candidate of an order answers; of rankings, that the order itself does."""
    hits = sum(_hits(example.gold, order(example)) for example in examples)
    return hits / len(examples) if examples else None


def _hits(gold: Gold, ordered: Sequence[str]) -> bool:
    if gold.ranking:
        return gold.ranking == tuple(ordered)
    return _answer(gold) == tuple(ordered[:1])


def _answer(gold: Gold) -> tuple[Any, ...]:
    """What is asked for, in a form that can be counted."""
    return gold.ranking or gold.labels or tuple(gold.spans) or (gold.text,)


def _characters(text: str) -> list[str]:
    return [char for char in text.casefold() if not char.isspace()]
