"""Comparisons: tests against their textbook definitions, verdicts in words, and tables of transfer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.evaluation.generalisation import Skill, tables
from ecominstruct.evaluation.metric_counts import STEPS, Sums
from ecominstruct.evaluation.significance import Comparison, compare, holm, mcnemar, paired_test, verdict
from ecominstruct.tasks.spec import Metric


def task(metric: Metric, values: np.ndarray, weights: np.ndarray | None = None, name: str = "f") -> Sums:
    """A task of which each family has a numerator and a denominator."""
    below = np.ones(len(values)) if weights is None else weights
    families = tuple(f"{name}{number:05d}" for number in range(len(values)))
    return Sums(families, ("a",), {metric: np.stack([values, below], axis=1).astype(float)})


@given(only_left=st.integers(0, 60), only_right=st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_scipy(only_left: int, only_right: int) -> None:
    from scipy.stats import binomtest

    n = only_left + only_right
    wanted = binomtest(only_left, n).pvalue if n else 1.0
    assert mcnemar(only_left, only_right) == pytest.approx(wanted, abs=1e-9)


def test_holm_corrects_for_the_number_of_tests_and_skips_those_that_were_not_made() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == [pytest.approx(0.03), pytest.approx(0.06), None, pytest.approx(0.06)]
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("difference", "p", "said"),
    [
        (0.2, 0.01, "better"),
        (-0.2, 0.01, "worse"),
        (0.2, 0.05, "no difference shown"),
        (0.0, 0.01, "no difference shown"),
        (0.2, None, "not tested"),
    ],
)
def test_a_verdict_is_said_in_words(difference: float, p: float | None, said: str) -> None:
    assert verdict(difference, p) == said


def test_the_test_fits_the_numbers() -> None:
    rng = np.random.default_rng(3)
    right, other = (rng.random(300) < rate for rate in (0.8, 0.5))
    p, name = paired_test(task("micro_f1", right), task("micro_f1", other), "micro_f1")
    assert name == "McNemar, exact" and p < 1e-6
    values, less = rng.random(300) * STEPS, rng.random(300) * 0.6 * STEPS
    whole = np.full(300, STEPS)
    p, name = paired_test(task("rouge_l", values, whole), task("rouge_l", less, whole), "rouge_l")
    assert name.startswith("permutation") and p < 0.01
    assert paired_test(task("rouge_l", values), task("rouge_l", values), "rouge_l")[0] == 1.0


def test_a_permutation_test_agrees_with_that_of_scipy() -> None:
    from scipy.stats import permutation_test

    rng = np.random.default_rng(11)
    a = rng.random(60)
    b = np.clip(a + rng.normal(0.03, 0.15, 60), 0, 1)
    whole = np.full(60, float(STEPS))
    p, _ = paired_test(*(task("rouge_l", np.round(one * STEPS), whole) for one in (a, b)), "rouge_l")

    def mean_difference(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        return np.mean(x - y, axis=axis)

    wanted = permutation_test((a, b), mean_difference, permutation_type="samples", n_resamples=20_000, vectorized=True)
    assert p == pytest.approx(wanted.pvalue, abs=0.015)


def test_few_groups_are_not_tested_and_equal_answers_show_no_difference() -> None:
    few = compare(task("micro_f1", np.ones(9)), task("micro_f1", np.zeros(9)), "micro_f1")
    assert few == Comparison(1.0, None, None, None, None, "none: 9 groups of rows are too few")
    same = compare(task("micro_f1", np.arange(40) % 2), task("micro_f1", np.arange(40) % 2), "micro_f1")
    assert (same.difference, same.low, same.high, same.p) == (0, 0, 0, 1)


@pytest.mark.long
@pytest.mark.parametrize("metric", ["micro_f1", "rouge_l"])
def test_where_there_is_no_difference_one_in_twenty_is_shown_and_a_detectable_one_in_four_of_five(
    metric: Metric,
) -> None:
    rng = np.random.default_rng(17)
    shown, found, n = 0, 0, 400

    def sample(rate: float) -> np.ndarray:
        if metric == "micro_f1":
            return (rng.random(200) < rate).astype(float)
        return np.round(rng.beta(4 * rate, 4 * (1 - rate), 200) * STEPS)

    whole = np.ones(200) if metric == "micro_f1" else np.full(200, float(STEPS))
    gap = compare(*(task(metric, sample(0.6), whole, "gap") for _ in "ab"), metric).detectable or 0
    for number in range(n):
        left, right, better = (task(metric, sample(rate), whole, f"{number}:") for rate in (0.6, 0.6, 0.6 + gap))
        shown += paired_test(left, right, metric)[0] < 0.05
        found += paired_test(better, right, metric)[0] < 0.05
    assert shown / n <= 0.075
    assert 0.7 <= found / n <= 0.9


# ------------------------------------------------------------------------------------------------------------- transfer

FACTS = {
    "en/a/one": {"id": "en/a/one", "origin": "a", "category": "qa", "lang": "en", "level": "final"},
    "en/b/two": {"id": "en/b/two", "origin": "b", "category": "qa", "lang": "en", "level": "atomic"},
    "zh/c/three": {"id": "zh/c/three", "origin": "c", "category": "ner", "lang": "zh", "level": "final"},
}


def test_transfer_sets_seen_against_unseen_and_languages_against_each_other() -> None:
    drawn = np.linspace(-0.1, 0.1, 1_000)
    scores = {"en/a/one": 0.9, "en/b/two": 0.6, "zh/c/three": 0.3}
    skills = {name: Skill(100, score, score + drawn) for name, score in scores.items()}
    found = {table["name"]: table for table in tables(FACTS, ["en/a/one"], skills)}
    assert list(found) == [
        "seen origin",
        "seen task",
        "seen category",
        "seen language",
        "en and zh",
        "final and atomic",
    ]
    seen, unseen = found["seen category"]["groups"]
    assert (seen["tasks"], seen["score"], unseen["tasks"], unseen["score"]) == (2, 0.75, 1, 0.3)
    assert found["seen origin"]["gap"]["difference"] == pytest.approx(0.45)
    gap = found["en and zh"]["gap"]
    assert gap["difference"] == pytest.approx(0.45)
    # The same resamples in both groups: what they share cancels out.
    assert gap["low"] == gap["high"] == pytest.approx(0.45)
    assert found["final and atomic"]["groups"][0]["n"] == 200


def test_without_training_rows_nothing_is_seen_and_there_is_no_gap() -> None:
    skills = {"zh/c/three": Skill(10, 0.5, np.full(1_000, 0.5))}
    for table in tables(FACTS, [], skills):
        assert table["gap"] is None
    assert tables(FACTS, [], skills)[0]["groups"][0] == {
        "name": "seen",
        "tasks": 0,
        "n": 0,
        "score": None,
        "low": None,
        "high": None,
    }
