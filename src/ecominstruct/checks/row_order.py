"""Tests of row order: does the position of a row predict its label?"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

LONGEST_CYCLE = 12
MOST_LABELS = 20
FEWEST_ROWS = 50
LIFT = 0.1  # minimum gain in accuracy of a cycle over the majority label, as a share of rows
SURE = 6.0  # standard deviations by which chi square must exceed its mean; high, because many cycles are tried
ODD = 4.0  # standard deviations from which the number of runs is unusual


class Cycle(NamedTuple):
    """How well `row % every` predicts the label: `exceptions` rows do not follow, `accuracy` is the share that does."""

    every: int
    exceptions: int
    accuracy: float
    majority: float


class Runs(NamedTuple):
    """The number of runs of equal labels, its expectation in random order, and `z` standard deviations between."""

    runs: int
    expected: float
    z: float


def cycle(labels: Sequence[str], numbers: Sequence[int]) -> Cycle | None:
    """Return the cycle of row numbers that predicts the most labels, the shortest of equals.

    Returns None for fewer than FEWEST_ROWS rows, for a single label or more than MOST_LABELS, or if no cycle predicts
    clearly more than the majority label.
    """
    n = len(labels)
    counts = Counter(labels)
    if n < FEWEST_ROWS or not 1 < len(counts) <= MOST_LABELS:
        return None
    majority = max(counts.values())
    best: Cycle | None = None
    for every in range(2, min(LONGEST_CYCLE, n // 10) + 1):
        classes: dict[int, Counter[str]] = defaultdict(Counter)
        for label, number in zip(labels, numbers, strict=True):
            classes[number % every][label] += 1
        told = sum(max(found.values()) for found in classes.values())
        lifts = told - majority > LIFT * n and _surprise(classes, counts) > SURE
        if lifts and (best is None or n - told < best.exceptions):
            best = Cycle(every, n - told, told / n, majority / n)
    return best


def _surprise(classes: Mapping[int, Counter[str]], counts: Counter[str]) -> float:
    """Pearson's chi square of class by label, minus its mean, in standard deviations."""
    n = counts.total()
    freedom = (len(classes) - 1) * (len(counts) - 1)
    if freedom < 1:
        return 0.0
    shares = sum(k**2 / (found.total() * counts[label]) for found in classes.values() for label, k in found.items())
    return (n * (shares - 1) - freedom) / math.sqrt(2 * freedom)


def runs(labels: Sequence[str]) -> Runs | None:
    """The runs test for two or more labels (Barton and David 1957).

    Returns None for fewer than FEWEST_ROWS rows, for a single label, for more than MOST_LABELS, or without variance.
    """
    n = len(labels)
    counts = Counter(labels)
    if n < FEWEST_ROWS or not 1 < len(counts) <= MOST_LABELS:
        return None
    found = 1 + sum(one != other for one, other in pairwise(labels))
    squares, cubes = sum(k**2 for k in counts.values()), sum(k**3 for k in counts.values())
    expected = (n * (n + 1) - squares) / n
    variance = (squares * (squares + n * (n + 1)) - 2 * n * cubes - n**3) / (n**2 * (n - 1))
    return Runs(found, expected, (found - expected) / math.sqrt(variance)) if variance > 0 else None
