"""Whether one model is better than another on the same examples: paired tests, corrected for their number.

The null hypothesis: for each family, the two models might as well have given each other's answers. Where every family
is either right or wrong, McNemar's exact test; else a permutation test that lets a coin decide for each family who
gave which answers; with very many families, the normal distribution to which that converges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.evaluation import hash_rng
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, Z80, Z95, replicates
from ecominstruct.evaluation.metric_counts import Sums
from ecominstruct.tasks.spec import Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

PERMUTATIONS = 9_999
MANY_FAMILIES = 10_000
LEVEL = 0.05


class Comparison(NamedTuple):
    """Left minus right on one task.

    p is not corrected; `detectable` is the difference that would be shown (at p < .05, before any correction) in 80 of
    100 test sets of this kind, if it were there.
    """

    difference: float
    low: float | None
    high: float | None
    p: float | None
    detectable: float | None
    test: str


def compare(left: Sums, right: Sums, metric: Metric) -> Comparison:
    """Compare two models on one task; both have the same families and the same labels."""
    assert left.families == right.families and left.labels == right.labels, "the same examples have been answered"
    difference = left.value(metric) - right.value(metric)
    if len(left.families) < FEWEST_FAMILIES:
        return Comparison(difference, None, None, None, None, f"none: {len(left.families)} groups of rows are too few")
    drawn = replicates(left, metric) - replicates(right, metric)
    low, high = np.percentile(drawn, [2.5, 97.5])
    detectable = (Z95 + Z80) * float(drawn.std())
    p, test = paired_test(left, right, metric)
    rounded = (round(float(low), DIGITS), round(float(high), DIGITS), round(p, 2 * DIGITS), round(detectable, DIGITS))
    return Comparison(round(difference, DIGITS), *rounded, test)


def paired_test(left: Sums, right: Sums, metric: Metric) -> tuple[float, str]:
    """The two-sided p value of the difference between two models, and the name of the test."""
    a, b = left.columns[metric], right.columns[metric]
    if np.array_equal(a, b):
        return 1.0, "none: all groups of rows score the same"
    if metric not in ("macro_f1", "bleu"):
        if _is_right_or_wrong(a, b):
            return mcnemar(int((a[:, 0] > b[:, 0]).sum()), int((a[:, 0] < b[:, 0]).sum())), "McNemar, exact"
        if len(a) > MANY_FAMILIES:
            return _normal_test(a, b), "normal approximation"
    return _permutation_test(left, right, metric), f"permutation, {PERMUTATIONS:,} draws"


def _is_right_or_wrong(a: NDArray[Any], b: NDArray[Any]) -> bool:
    """Whether each family scores either nothing or everything, and all weigh the same."""
    whole = a[0, 1]
    return bool((a[:, 1] == whole).all() and (b[:, 1] == whole).all() and np.isin((a[:, 0], b[:, 0]), (0, whole)).all())


def mcnemar(only_left: int, only_right: int) -> float:
    """McNemar's exact two-sided test: the binomial chance of a split at least as uneven (McNemar 1947)."""
    n, fewer = only_left + only_right, min(only_left, only_right)
    if n == 0:
        return 1.0
    base = math.lgamma(n + 1) - n * math.log(2)
    tail = math.fsum(math.exp(base - math.lgamma(k + 1) - math.lgamma(n - k + 1)) for k in range(fewer + 1))
    return min(1.0, 2 * tail)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """p values corrected for their number (Holm 1979), in the given order; None stays None and is not counted."""
    order = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    corrected: list[float | None] = [None] * len(ps)
    highest = 0.0
    for place, (p, index) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * p))
        corrected[index] = highest
    return corrected


def verdict(difference: float, p: float | None) -> str:
    """`better`, `worse` or `no difference shown`, from a corrected p value; `not tested` without one."""
    if p is None:
        return "not tested"
    if p >= LEVEL or difference == 0:
        return "no difference shown"
    return "better" if difference > 0 else "worse"


def _permutation_test(left: Sums, right: Sums, metric: Metric) -> float:
    """The share of draws, the observed one included, in which the difference is at least as large."""
    return share_as_large(left.value(metric) - right.value(metric), permuted(left, right, metric))


def permuted(left: Sums, right: Sums, metric: Metric) -> NDArray[Any]:
    """The difference in each draw in which a coin decides for each family who gave which answers: (PERMUTATIONS,).

    The coin of a family is the same for all tasks and models, so draws of several tasks can be added up.
    """
    a, b = left.columns[metric], right.columns[metric]
    swapped, mine, both = b - a, a.sum(axis=0), a.sum(axis=0) + b.sum(axis=0)
    found = []
    for coins in _coins(left.families):
        drawn = mine + coins @ swapped
        found.append(left.values(metric, drawn) - left.values(metric, both - drawn))
    return np.concatenate(found)


def share_as_large(observed: float, drawn: NDArray[Any]) -> float:
    """The two-sided p value of a difference: the share of draws that are as large, the observed one included."""
    return (1 + int((np.abs(drawn) >= abs(observed) - 1e-12).sum())) / (len(drawn) + 1)


def _coins(families: Sequence[str]) -> Iterator[NDArray[Any]]:
    """A coin for each family and draw, (some draws, F) at a time."""
    rows = max(1, hash_rng.BLOCK // max(len(families), 1) // 64)  # a word gives 64 coins
    for first in range(0, -(-PERMUTATIONS // 64), rows):
        octets = hash_rng.split(hash_rng.words("permutation", families, first, rows), "u1")
        coins = np.unpackbits(octets, axis=0).astype(float)
        yield coins[: PERMUTATIONS - 64 * first]


def _normal_test(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Two-sided test of the linearised difference of two ratios, family by family."""
    error = math.sqrt(float(((_linear(a) - _linear(b)) ** 2).sum()))
    return math.erfc(abs(_ratio(a) - _ratio(b)) / error / math.sqrt(2)) if error else 1.0


def _linear(counters: NDArray[Any]) -> NDArray[Any]:
    """What each family adds to the deviation of a ratio, to first order."""
    linear: NDArray[Any] = (counters[:, 0] - _ratio(counters) * counters[:, 1]) / max(counters[:, 1].sum(), 1)
    return linear


def _ratio(counters: NDArray[Any]) -> float:
    numerator, denominator = counters.sum(axis=0)
    return float(numerator / denominator) if denominator else 0.0
