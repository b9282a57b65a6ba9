"""Confidence intervals of scores: 95 %, by a bootstrap over families (cluster bootstrap).

Rows of one family (one product, one query) are not independent, so whole families are resampled. A family's weight in a
resample is a Poisson(1) number, derived by hash from the family and the number of the resample (Poisson bootstrap:
Hanley and MacGibbon 2006; the bootstrap itself: Efron 1979). All tasks, models and metrics therefore see the same
resamples, in any order and process, and differences and means of scores can be computed resample by resample.
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
FEWEST_FAMILIES = 10  # with fewer, no interval is given
FEWEST_GOLDS = 10  # of a label, to be included in the interval of macro F1
Z95 = 1.959964  # the 97.5 % quantile of the standard normal distribution
Z80 = 0.841621  # its 80 % quantile
DIGITS = 6  # decimals that are written; further ones depend on the machine's rounding


class Interval(NamedTuple):
    """A 95 % confidence interval, or the reason why there is none.

    For macro F1, `labels` is the number of labels with enough golds, over which the interval is computed.
    """

    low: float | None = None
    high: float | None = None
    reason: str = ""
    labels: int | None = None
    value: float | None = None  # the score over those labels, if it is not the score over all


def resampled(families: Sequence[str], columns: NDArray[Any]) -> NDArray[Any]:
    """Sum columns over families with the weights of each resample.

    `columns` has shape (F, K) for F families; the result has shape (RESAMPLES, K).
    """
    return np.concatenate([drawn @ columns for drawn in weights(families)])


def weights(families: Sequence[str]) -> Iterator[NDArray[Any]]:
    """Yield the weights of the families in blocks of resamples, each of shape (block, F). The mean weight is 1."""
    table = _poisson_table()
    rows = max(1, hash_rng.BLOCK // max(len(families), 1) // 4)  # one 64-bit word gives four 16-bit numbers
    for first in range(0, RESAMPLES // 4, rows):
        found = hash_rng.words("bootstrap", families, first, min(rows, RESAMPLES // 4 - first))
        yield table[hash_rng.split(found, "<u2")]


def _poisson_table() -> NDArray[Any]:
    """The Poisson(1) quantile of each 16-bit number: a table for inverse transform sampling, of shape (65536,)."""
    below = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(12)])
    return np.searchsorted(below, (np.arange(65_536) + 0.5) / 65_536).astype(float)


def replicates(sums: Sums, metric: Metric) -> NDArray[Any]:
    """Return the metric in each resample, with shape (RESAMPLES,); 0 in resamples with nothing to count."""
    return sums.values(metric, resampled(sums.families, sums.columns[metric]))


def interval_of(sums: Sums, metric: Metric, value: float | None) -> Interval:
    """Return the 95 % interval of a score, or the reason why there is none.

    For ratios, the bootstrap variance enters Wilson's score interval (Wilson 1927) through the effective number of
    rows, value·(1 − value) / variance. Plain percentiles are too narrow near 0 and 1, and have no width if every answer
    is right. BLEU uses percentiles. Macro F1 uses percentiles over the labels with at least FEWEST_GOLDS golds, because
    its resamples are unreliable for rare labels.
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
    """Wilson's score interval (Wilson 1927) for a value in [0, 1] with a given variance.

    If the variance or value·(1 − value) is 0, the number of families is the effective number of rows. The interval
    contains `value`.
    """
    spread = value * (1 - value)
    # The reciprocal of the effective number of rows, which is at least 1.
    part = min(variance / spread, 1.0) if variance > 0 and spread > 0 else 1 / families
    centre = value + Z95**2 * part / 2
    half = Z95 * math.sqrt(spread * part + (Z95 * part / 2) ** 2)
    shrink = 1 + Z95**2 * part
    low, high = (centre - half) / shrink, (centre + half) / shrink
    return round(min(max(low, 0.0), value), DIGITS), round(max(min(high, 1.0), value), DIGITS)


def percentiles(drawn: NDArray[Any]) -> tuple[float, float]:
    """The percentile interval: the 2.5 % and 97.5 % quantiles of resamples, of shape (R,)."""
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
