"""How sure a score is: 95 % intervals by a bootstrap over families.

Rows of one family (one product, one query) are kin and not independent, so whole families are drawn. The weight of a
family in a resample is a Poisson number derived by hash from the family and the number of the resample (the Poisson
bootstrap: Hanley and MacGibbon 2006). So all tasks, models and metrics see the same resamples, in whatever order or
process they are computed, and differences and means of scores can be taken resample by resample.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.evaluation import hash_rng
from ecominstruct.evaluation.metric_counts import Sums, macro_of
from ecominstruct.tasks.spec import Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

RESAMPLES = 1_000
FEWEST_FAMILIES = 10  # below, no interval is honest
FEWEST_GOLDS = 10  # of a label, for macro F1
Z95 = 1.959964  # the 97.5 % quantile of the normal distribution
Z80 = 0.841621  # its 80 % quantile
DIGITS = 6  # of what is written: more would show the rounding of the machine


class Interval(NamedTuple):
    """A 95 % interval, or the reason why there is none. `labels`: over how many labels, for macro F1."""

    low: float | None = None
    high: float | None = None
    reason: str = ""
    labels: int | None = None
    value: float | None = None  # the score over those labels, where it is not the score over all


def resampled(families: Sequence[str], columns: NDArray[Any]) -> NDArray[Any]:
    """Sums of columns (F, K) over families in each resample: (RESAMPLES, K)."""
    return np.concatenate([drawn @ columns for drawn in weights(families)])


def weights(families: Sequence[str]) -> Iterator[NDArray[Any]]:
    """The weights of the families, (some resamples, F) at a time; the mean weight is 1."""
    table = _poisson_table()
    rows = max(1, hash_rng.BLOCK // max(len(families), 1) // 4)  # a word gives four numbers below 2¹⁶
    for first in range(0, RESAMPLES // 4, rows):
        found = hash_rng.words("bootstrap", families, first, min(rows, RESAMPLES // 4 - first))
        yield table[hash_rng.split(found, "<u2")]


def _poisson_table() -> NDArray[Any]:
    """For each number below 2¹⁶ the Poisson number (mean 1) of which it is the quantile."""
    below = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(12)])
    return np.searchsorted(below, (np.arange(65_536) + 0.5) / 65_536).astype(float)


def replicates(sums: Sums, metric: Metric) -> NDArray[Any]:
    """The metric in each resample, (RESAMPLES,); 0 where nothing was drawn that could be counted."""
    return sums.values(metric, resampled(sums.families, sums.columns[metric]))


def interval_of(sums: Sums, metric: Metric, value: float | None) -> Interval:
    """The interval of a score, or the reason why there is none.

    For ratios, the variance of the resamples goes into Wilson's formula (1927) by way of the effective number of
    rows, value·(1 − value) / variance: percentiles alone come out too short near 0 and 1, and have no width at all
    where everything is right. Macro F1 has percentiles, only over labels with enough golds: with rare labels its
    resamples say little about the truth.
    """
    families = len(sums.families)
    if value is None:
        return Interval(reason="nothing was there to be counted")
    if families < FEWEST_FAMILIES:
        return Interval(reason=f"{families} independent groups of rows are too few")
    if metric == "macro_f1":
        return _macro_interval(sums)
    drawn = replicates(sums, metric)
    if metric == "bleu":
        return Interval(*percentiles(drawn))
    return Interval(*wilson(value, float(drawn.var()), families))


def wilson(value: float, variance: float, families: int) -> tuple[float, float]:
    """Wilson's score interval of a value in [0, 1] with the given variance; without any, every family is one row."""
    spread = value * (1 - value)
    # One part in so many effective rows, of which there is at least one.
    part = min(variance / spread, 1.0) if variance > 0 and spread > 0 else 1 / families
    centre = value + Z95**2 * part / 2
    half = Z95 * math.sqrt(spread * part + (Z95 * part / 2) ** 2)
    shrink = 1 + Z95**2 * part
    low, high = (centre - half) / shrink, (centre + half) / shrink
    return round(min(max(low, 0.0), value), DIGITS), round(max(min(high, 1.0), value), DIGITS)


def percentiles(drawn: NDArray[Any]) -> tuple[float, float]:
    """The middle 95 % of resamples."""
    low, high = np.percentile(drawn, [2.5, 97.5])
    return round(float(low), DIGITS), round(float(high), DIGITS)


def _macro_interval(sums: Sums) -> Interval:
    counters = sums.columns["macro_f1"]
    by_label = counters.reshape(len(sums.families), -1, 3)
    golds = (by_label[:, :, 0] + by_label[:, :, 2]).sum(axis=0)
    common = by_label[:, golds >= FEWEST_GOLDS, :].reshape(len(sums.families), -1)
    labels = common.shape[1] // 3
    if not labels:
        return Interval(reason=f"no label has {FEWEST_GOLDS} golds", labels=0)
    low, high = percentiles(macro_of(resampled(sums.families, common)))
    rare = "" if labels == len(sums.labels) else f"labels with fewer than {FEWEST_GOLDS} golds are left out of it"
    return Interval(low, high, rare, labels, round(float(macro_of(common.sum(axis=0)[None, :])[0]), DIGITS))
