"""Intervals: what they promise, by simulation, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.evaluation.intervals import Interval, interval_of, replicates, resampled, wilson
from ecominstruct.evaluation.metric_counts import STEPS, Sums
from ecominstruct.tasks.spec import Metric


def sums(metric: Metric, columns: np.ndarray, name: str = "f", labels: int = 1) -> Sums:
    families = tuple(f"{name}{number:05d}" for number in range(len(columns)))
    return Sums(families, tuple(f"label {n}" for n in range(labels)), {metric: columns})


def one_label_a_row(rights: np.ndarray, sizes: np.ndarray, name: str) -> Sums:
    """Micro F1 of a task with one label a row, which is its accuracy: 2·TP over 2·TP + FP + FN."""
    return sums("micro_f1", np.stack([2 * rights, 2 * sizes], axis=1).astype(float), name)


def test_the_mean_weight_is_one_and_families_see_the_same_resamples_everywhere() -> None:
    names = [f"family {n}" for n in range(400)]
    weights = resampled(names, np.eye(400))
    assert weights.mean() == pytest.approx(1, abs=0.01)
    assert weights.var() == pytest.approx(1, abs=0.02)
    assert np.array_equal(resampled(names[::-1], np.eye(400))[:, ::-1], weights)
    assert np.array_equal(resampled(names[:7], np.eye(7)), weights[:, :7])


def test_too_few_groups_or_nothing_counted_have_no_interval_but_a_reason() -> None:
    few = one_label_a_row(np.ones(9), np.ones(9), "a")
    assert interval_of(few, "micro_f1", 1.0) == Interval(reason="9 independent groups of rows are too few")
    assert interval_of(few, "micro_f1", None).reason == "nothing was there to be counted"


def test_perfect_scores_have_an_interval_too() -> None:
    low, high = wilson(1.0, 0.0, 100)
    assert high == 1
    assert low == pytest.approx(1 / (1 + 1.959964**2 / 100), abs=1e-6)
    assert wilson(0.0, 0.0, 100) == (0.0, pytest.approx(1 - low, abs=1e-6))


@given(value=st.floats(0, 1), variance=st.floats(0, 0.25), families=st.integers(10, 10_000))
def test_an_interval_holds_its_score_and_stays_in_bounds(value: float, variance: float, families: int) -> None:
    low, high = wilson(value, variance, families)
    assert 0 <= low <= value + 1e-6  # of what is written, six digits
    assert value - 1e-6 <= high <= 1


def test_macro_f1_has_an_interval_only_over_labels_with_enough_golds() -> None:
    rng = np.random.default_rng(5)
    counters = np.zeros((200, 3, 3))
    label = np.where(np.arange(200) < 5, 2, np.arange(200) % 2)  # the third label has five golds
    right = rng.random(200) < 0.7
    counters[np.arange(200), label, np.where(right, 0, 2)] = 1
    found = interval_of(sums("macro_f1", counters.reshape(200, 9), labels=3), "macro_f1", 0.7)
    assert (found.labels, found.reason) == (2, "labels with fewer than 10 golds are left out of it")
    assert found.low is not None and found.high is not None and found.value is not None
    assert found.low < found.value < found.high
    rare = interval_of(sums("macro_f1", counters[:5].repeat(2, axis=0)[:9].reshape(9, 9)), "macro_f1", 0.7)
    assert rare.low is None
    none = interval_of(sums("macro_f1", counters[5:13].repeat(2, axis=0).reshape(16, 9), labels=3), "macro_f1", 0.7)
    assert none == Interval(reason="no label has 10 golds", labels=0)


def test_rows_of_one_family_are_not_counted_as_independent() -> None:
    """Ten equal rows a family say no more than one."""
    right = np.arange(100) % 2 == 0
    alone = interval_of(one_label_a_row(right, np.ones(100), "k"), "micro_f1", 0.5)
    tenfold = interval_of(one_label_a_row(10 * right, np.full(100, 10), "k"), "micro_f1", 0.5)
    assert alone == tenfold


def holds(found: Interval, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


@pytest.mark.long
@pytest.mark.parametrize("rate", [0.1, 0.55, 0.9])
@pytest.mark.parametrize("clusters", [100, 300])
@pytest.mark.parametrize("kin", [0.0, 0.5])
def test_coverage_of_micro_metrics(rate: float, clusters: int, kin: float) -> None:
    """Of 2,000 simulated test sets, 93 to 97 % have an interval that holds the truth.

    `kin`: the correlation of rows of one family; families have 1 to 5 rows.
    """
    rng = np.random.default_rng([int(1000 * rate), clusters, int(10 * kin)])
    held = 0
    for number in range(2_000):
        sizes = rng.integers(1, 6, clusters)
        alike = rng.random((clusters, 5)) < kin
        own, shared = rng.random((clusters, 5)) < rate, rng.random((clusters, 1)) < rate
        rights = (np.where(alike, shared, own) * (np.arange(5) < sizes[:, None])).sum(axis=1)
        task = one_label_a_row(rights, sizes, f"{number}:")
        found = interval_of(task, "micro_f1", task.value("micro_f1"))
        held += holds(found, rate)
    assert 0.93 <= held / 2_000 <= 0.97, held / 2_000


@pytest.mark.long
@pytest.mark.parametrize("clusters", [100, 300])
def test_coverage_of_span_f1_and_of_means(clusters: int) -> None:
    """The same for a ratio whose denominator varies, and for a mean of values between 0 and 1 such as ROUGE-L."""
    rng = np.random.default_rng([7, clusters])
    held = {"span_f1": 0, "rouge_l": 0}
    truth = {"span_f1": 2 * 0.6 / (2 * 0.6 + 0.3 + 0.4), "rouge_l": 2 / 7}
    for number in range(2_000):
        golds = rng.integers(1, 6, clusters)
        tp = rng.binomial(golds, 0.6)
        fp = rng.binomial(golds, 0.3)
        columns = np.stack([2 * tp, 2 * tp + fp + (golds - tp)], axis=1).astype(float)
        values = np.round(rng.beta(2, 5, clusters) * STEPS)
        tasks = {
            "span_f1": sums("span_f1", columns, f"{number}:"),
            "rouge_l": sums("rouge_l", np.stack([values, np.full(clusters, STEPS)], axis=1), f"{number}:"),
        }
        for metric, task in tasks.items():
            found = interval_of(task, metric, task.value(metric))  # type: ignore[arg-type]
            held[metric] += (
                found.low is not None and found.high is not None and found.low <= truth[metric] <= found.high
            )
    # Wilson's formula takes values as right or wrong; the effective number of rows makes up for it.
    assert all(0.93 <= n / 2_000 <= 0.97 for n in held.values()), held


def test_replicates_of_a_difference_are_paired() -> None:
    """Two models that answer alike differ by nothing in every resample."""
    task = one_label_a_row(np.arange(50) % 3 == 0, np.ones(50), "p")
    assert not (replicates(task, "micro_f1") - replicates(task, "micro_f1")).any()
