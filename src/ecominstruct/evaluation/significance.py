"""Significance tests: whether one model is better than another on the same examples, paired and corrected.

The null hypothesis is that within each family the two models are exchangeable. If every family is either completely
right or completely wrong, McNemar's exact test is used (McNemar 1947); otherwise a permutation test that swaps the
models' answers by family at random (Fisher 1935; Noreen 1989); with very many families, its normal approximation.
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
    """The comparison of two models on one task: left minus right, with its 95 % percentile interval.

    `p` is two-sided and not corrected. `detectable` is the minimum detectable effect: the true difference that such a
    test set would show at p < .05, uncorrected, with a power of 80 %.
    """

    difference: float
    low: float | None
    high: float | None
    p: float | None
    detectable: float | None
    test: str


def compare(left: Sums, right: Sums, metric: Metric) -> Comparison:
    """Compare two models on one task. Both must have the same families and labels (see `metric_counts.widened`).

    With fewer than FEWEST_FAMILIES families there is neither an interval nor a p-value.
    """
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
    """The two-sided p-value of the difference between two models, and the name of the test."""
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
    """Whether each family scores either nothing or everything, and all have the same weight."""
    whole = a[0, 1]
    return bool((a[:, 1] == whole).all() and (b[:, 1] == whole).all() and np.isin((a[:, 0], b[:, 0]), (0, whole)).all())


def mcnemar(only_left: int, only_right: int) -> float:
    """McNemar's exact two-sided test (McNemar 1947): the binomial probability of a split at least this uneven.

    The arguments are the numbers of families that only one of the models got right.
    """
    n, fewer = only_left + only_right, min(only_left, only_right)
    if n == 0:
        return 1.0
    base = math.lgamma(n + 1) - n * math.log(2)
    tail = math.fsum(math.exp(base - math.lgamma(k + 1) - math.lgamma(n - k + 1)) for k in range(fewer + 1))
    return min(1.0, 2 * tail)


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Adjust p-values for multiple testing by the step-down method of Holm (1979), in the given order.

    None stays None and is not counted as a test.
    """
    order = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    corrected: list[float | None] = [None] * len(ps)
    highest = 0.0
    for place, (p, index) in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * p))
        corrected[index] = highest
    return corrected


def verdict(difference: float, p: float | None) -> str:
    """`better`, `worse` or `no difference shown` from an adjusted p-value; `not tested` without one."""
    if p is None:
        return "not tested"
    if p >= LEVEL or difference == 0:
        return "no difference shown"
    return "better" if difference > 0 else "worse"


def _permutation_test(left: Sums, right: Sums, metric: Metric) -> float:
    """The p-value of a permutation test; see `share_as_large`."""
    return share_as_large(left.value(metric) - right.value(metric), permuted(left, right, metric))


def permuted(left: Sums, right: Sums, metric: Metric) -> NDArray[Any]:
    """Return the difference in each random permutation of the models' answers by family, with shape (PERMUTATIONS,).

    The random bits of a family are the same for all tasks and models, so permutations of several tasks can be averaged.
    """
    a, b = left.columns[metric], right.columns[metric]
    swapped, mine, both = b - a, a.sum(axis=0), a.sum(axis=0) + b.sum(axis=0)
    found = []
    for coins in _coins(left.families):
        drawn = mine + coins @ swapped
        found.append(left.values(metric, drawn) - left.values(metric, both - drawn))
    return np.concatenate(found)


def share_as_large(observed: float, drawn: NDArray[Any]) -> float:
    """The two-sided Monte Carlo p-value: the share of draws at least as large, including the observed one.

    That is (1 + b) / (1 + m) for b of m draws (Davison and Hinkley 1997), so it is never 0.
    """
    return (1 + int((np.abs(drawn) >= abs(observed) - 1e-12).sum())) / (len(drawn) + 1)


def _coins(families: Sequence[str]) -> Iterator[NDArray[Any]]:
    """Random bits for each permutation and family, in blocks of shape (block, F)."""
    rows = max(1, hash_rng.BLOCK // max(len(families), 1) // 64)  # one word gives 64 bits
    for first in range(0, -(-PERMUTATIONS // 64), rows):
        octets = hash_rng.split(hash_rng.words("permutation", families, first, rows), "u1")
        coins = np.unpackbits(octets, axis=0).astype(float)
        yield coins[: PERMUTATIONS - 64 * first]


def _normal_test(a: NDArray[Any], b: NDArray[Any]) -> float:
    """A two-sided z-test for the linearised difference of two ratios, paired by family."""
    error = math.sqrt(float(((_linear(a) - _linear(b)) ** 2).sum()))
    return math.erfc(abs(_ratio(a) - _ratio(b)) / error / math.sqrt(2)) if error else 1.0


def _linear(counters: NDArray[Any]) -> NDArray[Any]:
    """The contribution of each family to the deviation of a ratio, to first order (delta method)."""
    linear: NDArray[Any] = (counters[:, 0] - _ratio(counters) * counters[:, 1]) / max(counters[:, 1].sum(), 1)
    return linear


def _ratio(counters: NDArray[Any]) -> float:
    numerator, denominator = counters.sum(axis=0)
    return float(numerator / denominator) if denominator else 0.0
