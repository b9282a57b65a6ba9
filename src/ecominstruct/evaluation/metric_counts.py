"""Scores of one model on one task, summed by family: the input of intervals and comparisons.

Every metric is a function of sums over examples. The summands are integers (values in [0, 1] are rounded to multiples
of 2⁻³⁰), so sums are exact in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ecominstruct.evaluation.metrics import bleu
from ecominstruct.rows import Score
from ecominstruct.tasks.spec import Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

STEPS = 2**30
UNREAD = "\0unread"  # the label of an answer without one; not a label of any task, and left out of macro F1
TYPED, UNTYPED = ("tp", "fp", "fn"), ("tp_untyped", "fp_untyped", "fn_untyped")
COUNTED: dict[Metric, tuple[str, str, str]] = {"micro_f1": TYPED, "span_f1": TYPED, "span_f1_untyped": UNTYPED}
"""Metrics that are the F1 of summed counters. Macro F1 and BLEU have their own columns; all others are means."""


@dataclass(frozen=True)
class Sums:
    """Sums by family, for F families and L labels. All columns are float64 arrays of whole numbers."""

    families: tuple[str, ...]  # distinct, sorted
    labels: tuple[str, ...]
    columns: dict[Metric, NDArray[Any]]  # (F, K): K = 2 (numerator, denominator), 3·L for macro F1, 10 for BLEU

    def values(self, metric: Metric, summed: NDArray[Any]) -> NDArray[Any]:
        """Compute the metric from D sums of its columns, from shape (D, K) to (D,); 0 if there is nothing to count."""
        if metric == "bleu":
            return np.array([bleu([int(count) for count in row]) for row in summed])
        if metric == "macro_f1":
            return macro_of(summed)
        values: NDArray[Any] = summed[:, 0] / np.maximum(summed[:, 1], 1)
        return values

    def value(self, metric: Metric) -> float:
        """The metric over all families; 0 if there is nothing to count."""
        return float(self.values(metric, self.columns[metric].sum(axis=0)[None, :])[0])


def widened(sums: Sums, labels: Sequence[str]) -> Sums:
    """The same sums over a larger, sorted set of labels. Additional labels have zeros."""
    if "macro_f1" not in sums.columns or tuple(labels) == sums.labels:
        return replace(sums, labels=tuple(labels))
    place = {label: index for index, label in enumerate(labels)}
    wide = np.zeros((len(sums.families), len(labels), 3))
    wide[:, [place[label] for label in sums.labels]] = sums.columns["macro_f1"].reshape(len(sums.families), -1, 3)
    return replace(sums, labels=tuple(labels), columns={**sums.columns, "macro_f1": wide.reshape(len(wide), -1)})


def macro_of(summed: NDArray[Any]) -> NDArray[Any]:
    """Macro F1 from counters by label, from shape (D, 3·L) to (D,).

    Labels with neither gold nor prediction are left out.
    """
    tp, fp, fn = np.moveaxis(summed.reshape(len(summed), -1, 3), 2, 0)
    found = 2 * tp + fp + fn
    scores: NDArray[Any] = (2 * tp / np.maximum(found, 1)).sum(axis=1) / np.maximum((found > 0).sum(axis=1), 1)
    return scores


def labels_of(scores: Sequence[Score]) -> set[str]:
    """The labels that occur in golds or answers."""
    return {count.label for score in scores for count in score.counts} - {UNREAD}


def sum_up(scores: Sequence[Score], metrics: Sequence[Metric], labels: set[str] | None = None) -> Sums:
    """Sum the scores of one task by family, for these metrics.

    `labels` are those of all models in a comparison; by default those that occur in `scores`.
    """
    families, inverse = np.unique(np.array([score.family for score in scores], dtype=str), return_inverse=True)
    names = tuple(sorted(labels_of(scores) if labels is None else labels))

    def grouped(values: Sequence[float]) -> NDArray[Any]:
        return np.bincount(inverse, weights=np.asarray(values, dtype=float), minlength=len(families))

    columns: dict[Metric, NDArray[Any]] = {}
    for metric in metrics:
        if metric in COUNTED:
            tp, fp, fn = (grouped([getattr(score, name) for score in scores]) for name in COUNTED[metric])
            columns[metric] = np.stack([2 * tp, 2 * tp + fp + fn], axis=1)
        elif metric == "macro_f1":
            columns[metric] = _by_label(scores, inverse, len(families), names)
        elif metric == "bleu":
            counters = zip(*(score.bleu or () for score in scores), strict=True)
            columns[metric] = np.stack([grouped(column) for column in counters], axis=1)
        else:
            steps = [round(getattr(score, metric) * STEPS) for score in scores]
            columns[metric] = np.stack([grouped(steps), grouped([STEPS] * len(scores))], axis=1)
    return Sums(tuple(str(name) for name in families), names, columns)


def _by_label(scores: Sequence[Score], inverse: NDArray[Any], families: int, labels: Sequence[str]) -> NDArray[Any]:
    """Counters by family and label, of shape (F, 3·L)."""
    place = {label: index for index, label in enumerate(labels)}
    counters = np.zeros((families, len(labels), 3))
    for family, score in zip(inverse, scores, strict=True):
        for count in score.counts:
            if count.label != UNREAD:
                counters[family, place[count.label]] += (count.tp, count.fp, count.fn)
    return counters.reshape(families, -1)
