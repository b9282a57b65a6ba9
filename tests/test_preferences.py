"""Preferences: figures as published, closed forms, planted truths, and what cannot be known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecominstruct.people.bradley_terry import fit_strengths
from ecominstruct.people.power import decided_items, more_items, sign_test_power
from ecominstruct.people.preferences import share_of, tallies, verdicts
from ecominstruct.people.votes import CHOICES, Vote

# Davidson (1970), example 2: six brands of chocolate pudding, here as i, j, i preferred, j preferred, neither.
# His estimates, after seven steps of his iteration (also in the overview of the R package PlackettLuce):
PUDDING = [
    (1, 2, 19, 22, 16), (1, 3, 16, 19, 12), (2, 3, 19, 19, 10), (1, 4, 18, 23, 13), (2, 4, 23, 19, 9),
    (3, 4, 19, 20, 15), (1, 5, 13, 19, 18), (2, 5, 16, 20, 12), (3, 5, 16, 15, 17), (4, 5, 17, 14, 16),
    (1, 6, 18, 21, 12), (2, 6, 22, 20, 12), (3, 6, 13, 18, 10), (4, 6, 14, 19, 18), (5, 6, 11, 21, 12),
]  # fmt: skip
WORTH, NU = (0.1388005, 0.1729985, 0.1617420, 0.1653930, 0.1586805, 0.2023855), 0.7468147


def _vote(example: str, left: str, right: str, choice: str, voter: str = "a", task: str = "task") -> Vote:
    item = f"{example} {min(left, right)} {max(left, right)}"
    return Vote(item, example, task, voter, left, right, choice)  # type: ignore[arg-type]


def _many(left: str, right: str, wins: int, losses: int, ties: int, task: str = "task") -> list[Vote]:
    choices = ["left"] * wins + ["right"] * losses + ["tie"] * ties
    return [_vote(f"{task} {left}{right}{n}", left, right, choice, task=task) for n, choice in enumerate(choices)]


def test_davidsons_puddings() -> None:
    votes = [vote for i, j, *found in PUDDING for vote in _many(f"b{i}", f"b{j}", *found)]
    (fit,) = fit_strengths(votes)
    logs = {one.model: one.strength for one in fit.models}
    worth = np.exp([logs[f"b{i}"] for i in range(1, 7)])
    assert worth / worth.sum() == pytest.approx(WORTH, abs=5e-4)
    assert fit.ties.value == pytest.approx(NU / (2 + NU), abs=5e-4)
    assert fit.models[0].model == "b6" and fit.models[-1].model == "b1"
    assert fit.left.value is None  # every pair was shown one way round only
    assert (fit.votes, fit.groups) == (745, 745)


def test_two_models_have_a_closed_form() -> None:
    """Wins to losses as the strengths; the error of its logarithm is the root of 1/wins + 1/losses."""
    wins, losses, ties = 40, 25, 30
    (fit,) = fit_strengths(_many("a", "b", wins, losses, ties))
    (duel,) = fit.duels
    assert duel.wins.value == pytest.approx(wins / (wins + losses), abs=1e-5)
    half = 1.959964 * math.sqrt(1 / wins + 1 / losses) * math.sqrt(95 / 94)
    odds = math.log(wins / losses)
    assert duel.wins.low == pytest.approx(1 / (1 + math.exp(half - odds)), abs=1e-4)
    assert duel.wins.high == pytest.approx(1 / (1 + math.exp(-half - odds)), abs=1e-4)
    strong, weak = fit.models
    assert strong.strength - weak.strength == pytest.approx(odds, abs=1e-4)
    assert strong.wins == duel.wins
    share = ties / math.sqrt(wins * losses)
    assert fit.ties.value == pytest.approx(share / (2 + share), abs=1e-4)


def test_the_side_is_told_from_the_strength() -> None:
    """Equal models, the left one of which wins three times in four, whichever it is."""
    votes = _many("a", "b", 60, 20, 0) + _many("b", "a", 60, 20, 0, "again")
    (fit,) = fit_strengths(votes)
    assert fit.duels[0].wins.value == pytest.approx(0.5, abs=1e-6)
    assert fit.left.value == pytest.approx(0.75, abs=1e-5)
    assert fit.left.low > 0.65


def test_votes_on_one_item_are_not_independent() -> None:
    once = _many("a", "b", 40, 20, 10)
    thrice = [vote._replace(voter=voter) for vote in once for voter in "abc"]
    (one,), (three,) = fit_strengths(once), fit_strengths(thrice)
    assert three.duels[0].wins.low == pytest.approx(one.duels[0].wins.low, abs=1e-6)
    assert three.groups == one.groups == 70


def test_models_that_were_never_compared_are_not_ranked_together() -> None:
    votes = _many("a", "b", 9, 5, 2) + _many("b", "e", 9, 5, 2) + _many("c", "d", 3, 9, 1)
    first, second = fit_strengths(votes)
    assert [one.model for one in first.models] == ["a", "b", "e"]
    assert [one.model for one in second.models] == ["d", "c"]
    assert fit_strengths([]) == []


def test_votes_without_a_limit_are_told_and_do_not_crash() -> None:
    never_lost = _many("a", "b", 12, 6, 3) + _many("a", "c", 14, 0, 0) + _many("b", "c", 15, 0, 0)
    (fit,) = fit_strengths(never_lost)
    assert [one.model for one in fit.models] == ["a", "b", "c"]
    assert "c, directly or by way of others: the votes set no limit" in fit.reason
    assert all(one.low is None and abs(one.strength) < 10 for one in fit.models)
    (fit,) = fit_strengths([*never_lost, *_many("c", "a", 0, 0, 2)])  # ties are limits
    assert fit.reason == ""
    (fit,) = fit_strengths(_many("a", "b", 0, 0, 20))
    assert fit.models == () and fit.reason == "nobody preferred any answer of a, b"
    (fit,) = fit_strengths(_many("a", "b", 5, 4, 0))
    assert fit.reason == "9 independent items are too few for intervals" and fit.ties.value == 0
    (fit,) = fit_strengths(_many("a", "b", 20, 0, 0) + _many("b", "a", 20, 0, 0, "again"))
    assert fit.duels[0].wins.value == 0.5 and fit.left.value is None  # the left one won always: no limit to that


@given(st.lists(st.tuples(st.permutations("abcd"), st.sampled_from(CHOICES), st.integers(0, 3)), max_size=40))
def test_any_votes_come_to_something(found: list[tuple[list[str], str, int]]) -> None:
    votes = [
        _vote(f"e{n // 2}", *sides[:2], choice, f"v{n}", f"t{task}") for n, (sides, choice, task) in enumerate(found)
    ]
    for fit in fit_strengths(votes):
        assert fit.reason or all(one.low < one.strength < one.high for one in fit.models)
        assert all(math.isfinite(one.strength) and 0 < one.wins.value < 1 for one in fit.models)
    rows = tallies(verdicts(votes))
    assert sum(row.items for row in rows if row.task) == len({vote.item for vote in votes})
    assert sum(row.items for row in rows if not row.task) == len({vote.item for vote in votes})
    for row in rows:
        more_items(row)


# -------------------------------------------------------------------------------------------------- shares and tests


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    # Newcombe (1998), Two-sided confidence intervals for the single proportion, Statistics in Medicine 17, table I,
    # method 3 (the score interval without a correction for continuity)
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_as_published(hits: int, n: int, low: float, high: float) -> None:
    found = share_of([True] * hits + [False] * (n - hits), [str(i) for i in range(n)])
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert found.of == n


def test_items_of_one_product_widen_the_interval() -> None:
    hits = [i < 30 for i in range(60)]
    apart = share_of(hits, [str(i) for i in range(60)])
    kin = share_of(hits, [str(i // 3) for i in range(60)])
    assert kin.high - kin.low > 1.5 * (apart.high - apart.low)
    assert share_of([], []) == (None, None, None, 0)


def test_an_item_counts_once_with_what_most_said() -> None:
    votes = [
        _vote("e1", "a", "b", "left"), _vote("e1", "b", "a", "right", "v2"), _vote("e1", "a", "b", "tie", "v3"),
        _vote("e2", "a", "b", "left"), _vote("e2", "a", "b", "right", "v2"),
        _vote("e3", "b", "a", "both_bad"), _vote("e4", "b", "a", "left", task="other"),
        _vote("e4", "b", "a", "right", task="other")._replace(repeat=1),
    ]  # fmt: skip
    whole, other, task = tallies(verdicts(votes))
    assert (whole.win, whole.tie, whole.both_bad, whole.loss, whole.split) == (1, 1, 1, 1, 1)
    assert (task.task, task.items, other.task, other.loss) == ("task", 3, "other", 1)


def test_the_sign_test_sees_no_ties() -> None:
    """Davidson's figure of 3 in 12: of the paper's human comparison, ZH fine class, 50 to 32 with 18 ties: p .060."""
    (_, row) = tallies(verdicts(_many("a", "b", 50, 32, 18)))
    assert row.p == pytest.approx(0.060, abs=5e-4)
    assert row.verdict == "no difference shown"
    scipy = pytest.importorskip("scipy.stats")
    assert row.p == pytest.approx(scipy.binomtest(50, 82).pvalue, rel=1e-9)
    (_, ties) = tallies(verdicts(_many("a", "b", 0, 0, 18)))
    assert ties.p is None and ties.verdict == "not tested"
    rows = tallies(verdicts([v for t in range(20) for v in _many("a", "b", 9, 2, 0, f"t{t}")]))
    assert rows[1].p < 0.07 and rows[1].p_corrected == 1  # twenty tasks
    assert rows[0].verdict == "better"


# ------------------------------------------------------------------------------------------------------------- power


@pytest.mark.parametrize("rate", [0.6, 0.7, 0.8, 0.95])
def test_the_items_that_are_needed_are_the_fewest(rate: float) -> None:
    n = decided_items(rate)
    assert n is not None
    assert sign_test_power(n, rate) >= 0.8 > sign_test_power(n - 1, rate)
    assert n == pytest.approx((1.96 + 0.8416) ** 2 / (4 * (rate - 0.5) ** 2), rel=0.25, abs=6)  # Noether (1987)


def test_power_is_the_share_of_samples_that_show_it() -> None:
    from ecominstruct.evaluation.significance import mcnemar

    drawn = np.random.default_rng(3).binomial(40, 0.7, 4_000)
    shown = np.mean([mcnemar(int(k), 40 - int(k)) < 0.05 for k in drawn])
    assert sign_test_power(40, 0.7) == pytest.approx(shown, abs=0.025)


def test_items_more_or_why_none_would_help() -> None:
    def more(*counts: int) -> tuple[int | None, str]:
        return more_items(tallies(verdicts(_many("a", "b", *counts)))[-1])[::2]

    assert more(50, 10, 40) == (0, "decided")
    found, reason = more(30, 20, 50)
    assert reason == "" and found is not None and 250 < found < 350  # 196 decided of 392, less the 100 there are
    assert more(20, 20, 10)[1].startswith("as many wins as losses")
    assert more(0, 0, 30)[1].startswith("nobody preferred")
    assert more(5_001, 5_000, 0)[1].startswith("so nearly even")
    assert more(3, 0, 0)[0] == 3
