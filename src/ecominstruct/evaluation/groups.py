"""Group means: mean scores over tasks and seeds, and differences between such means.

A mean is over seeds and tasks, with equal weight for each task. All tasks, seeds and models share the resamples and
permutations of a family, so the mean of their resamples is a resample of the mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, replicates, wilson
from ecominstruct.evaluation.metric_counts import Sums, sum_up, widened
from ecominstruct.evaluation.score import read_scores
from ecominstruct.evaluation.significance import permuted, share_as_large
from ecominstruct.runs.files import flat
from ecominstruct.tasks.spec import Metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

Runs = Mapping[int, Mapping[str, str]]
"""For each seed and task, the name under which its answers were scored."""


class Level(NamedTuple):
    """The mean score of a group of tasks with its 95 % interval; `seeds` holds the mean of each seed."""

    n: int  # number of examples
    score: float
    low: float | None
    high: float | None
    seeds: Mapping[int, float]


class Contrast(NamedTuple):
    """The difference of two means over their common seeds. `p` is two-sided and not corrected."""

    difference: float
    low: float | None
    high: float | None
    p: float | None
    seeds: Mapping[int, float]


class Reader:
    """The scores of a run by model and task, summed once each."""

    def __init__(self, run: Path, metrics: Mapping[str, Metric]) -> None:
        """`run` is the folder that contains 7-scores; `metrics` holds the metric of each task."""
        self._scores = run / "7-scores"
        self._metrics = metrics
        self._sums: dict[tuple[str, str], tuple[Sums, int]] = {}
        self._families: dict[str, tuple[str, ...]] = {}

    def sums(self, name: str, task: str) -> Sums:
        """The scores of a model on a task, by family."""
        return self._read(name, task)[0]

    def examples(self, name: str, task: str) -> int:
        """The number of examples that a model answered."""
        return self._read(name, task)[1]

    def metric(self, task: str) -> Metric:
        """The metric of a task."""
        return self._metrics[task]

    def _read(self, name: str, task: str) -> tuple[Sums, int]:
        if (name, task) not in self._sums:
            scores = read_scores(self._scores / name / f"{flat(task)}.parquet")
            found = sum_up(scores, [self._metrics[task]])
            same = self._families.setdefault(task, found.families)
            assert same == found.families, f"{name} answered other examples of {task}"
            self._sums[name, task] = (Sums(same, found.labels, found.columns), len(scores))
        return self._sums[name, task]


def level(reader: Reader, runs: Runs, tasks: Sequence[str]) -> Level:
    """Return the mean over seeds and tasks, with Wilson's interval (see `intervals.interval_of`)."""
    by_seed = {
        seed: float(np.mean([_value(reader, named[task], task) for task in tasks])) for seed, named in runs.items()
    }
    score = float(np.mean(list(by_seed.values())))
    first = next(iter(runs.values()))
    families = {family for task in tasks for family in reader.sums(first[task], task).families}
    n = sum(reader.examples(first[task], task) for task in tasks)
    rounded = {seed: round(value, DIGITS) for seed, value in by_seed.items()}
    if len(families) < FEWEST_FAMILIES:
        return Level(n, round(score, DIGITS), None, None, rounded)
    drawn = np.mean([_drawn(reader, named[task], task) for named in runs.values() for task in tasks], axis=0)
    low, high = wilson(score, float(drawn.var()), len(families))
    return Level(n, round(score, DIGITS), low, high, rounded)


def _value(reader: Reader, name: str, task: str) -> float:
    return reader.sums(name, task).value(reader.metric(task))


def _drawn(reader: Reader, name: str, task: str) -> NDArray[Any]:
    return replicates(reader.sums(name, task), reader.metric(task))


class _Paired(NamedTuple):
    """One model minus another on one task: the difference, overall, by resample and by permutation."""

    difference: float
    resampled: NDArray[Any]
    permuted: NDArray[Any]
    families: tuple[str, ...]


def contrasts(
    reader: Reader, ours: Runs, theirs: Runs, groups: Mapping[str, Sequence[str]]
) -> dict[str, Contrast | None]:
    """Return ours minus theirs for each group of tasks, paired by seed; None if there is no common seed."""
    seeds = [seed for seed in ours if seed in theirs]
    tasks = sorted({task for group in groups.values() for task in group})
    if not seeds:
        return dict.fromkeys(groups)
    found = {
        (seed, task): _pair(reader, ours[seed][task], theirs[seed][task], task) for seed in seeds for task in tasks
    }
    return {name: _contrast(found, seeds, group) for name, group in groups.items()}


def _pair(reader: Reader, our_name: str, their_name: str, task: str) -> _Paired:
    a, b, metric = reader.sums(our_name, task), reader.sums(their_name, task), reader.metric(task)
    labels = sorted({*a.labels, *b.labels})
    a, b = widened(a, labels), widened(b, labels)
    resampled = replicates(a, metric) - replicates(b, metric)
    return _Paired(a.value(metric) - b.value(metric), resampled, permuted(a, b, metric), a.families)


def _contrast(found: Mapping[tuple[int, str], _Paired], seeds: Sequence[int], tasks: Sequence[str]) -> Contrast:
    """The mean of paired differences, its percentile interval, and the p-value of a permutation test."""
    some = {seed: [found[seed, task] for task in tasks] for seed in seeds}
    every = [pair for pairs in some.values() for pair in pairs]
    difference = float(np.mean([pair.difference for pair in every]))
    by_seed = {seed: round(float(np.mean([pair.difference for pair in pairs])), DIGITS) for seed, pairs in some.items()}
    if len({family for pair in every for family in pair.families}) < FEWEST_FAMILIES:
        return Contrast(round(difference, DIGITS), None, None, None, by_seed)
    low, high = percentiles(np.mean([pair.resampled for pair in every], axis=0))
    p = share_as_large(difference, np.mean([pair.permuted for pair in every], axis=0))
    return Contrast(round(difference, DIGITS), low, high, round(p, 2 * DIGITS), by_seed)
