"""Planted truths: studies are drawn from known strengths, ties, sides and noisy voters; the figures must find them.

An interval of 95 % must hold the truth in 93 to 97 of 100 studies (`long`, from 400 studies on); a smaller number with
wider bounds is part of `make test`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pytest

from ecominstruct.people.agreement import agreements, by_two, ratings_of
from ecominstruct.people.bradley_terry import fit_strengths
from ecominstruct.people.effects import left_side
from ecominstruct.people.power import decided_items
from ecominstruct.people.preferences import tallies, verdicts
from ecominstruct.people.votes import Vote

MODELS = ("a", "b", "c")
PAIRS = (("a", "b"), ("a", "c"), ("b", "c"))


class Truth(NamedTuple):
    """What is planted. `item`: how much answers of one model differ in quality; `noise`: share of votes at random."""

    strengths: tuple[float, float, float] = (0.7, 0.2, -0.9)
    ties: float = -0.2
    side: float = 0.3
    item: float = 0.0
    noise: float = 0.0
    voters: int = 1


SIMPLE = Truth()
ALIKE = Truth(strengths=(0.0, 0.0, 0.0), ties=0.5)
PEOPLE = Truth(item=0.8, noise=0.15, voters=3)


def study(truth: Truth, items: int, seed: int) -> list[Vote]:
    """Votes on so many items of each pair, sides in turn; the outcomes as Davidson and Beaver have it."""
    random = np.random.default_rng(seed)
    strength = dict(zip(MODELS, truth.strengths, strict=True))
    votes = []
    for pair in PAIRS:
        gap = strength[pair[0]] - strength[pair[1]] + random.normal(0, truth.item, items)
        for voter in range(truth.voters):
            swapped = (np.arange(items) + voter) % 2 == 1
            left = np.where(swapped, -gap, gap) / 2 + truth.side / 2
            weights = np.exp(np.stack([left, -left, np.full(items, truth.ties)]))
            chances = weights / weights.sum(axis=0)
            chances = (1 - truth.noise) * chances + truth.noise / 3
            drawn = (random.random(items) > chances.cumsum(axis=0)[:-1]).sum(axis=0)
            for n in range(items):
                one, other = pair[::-1] if swapped[n] else pair
                choice = ("left", "right", "tie")[drawn[n]]
                about = "".join(pair) + str(n)
                votes.append(Vote(about, about, "t", f"v{voter}", one, other, choice))  # type: ignore[arg-type]
    return votes


Figures = dict[str, tuple[float, float, float]]  # value, low, high


def strengths(votes: list[Vote]) -> Figures:
    """The chance of each duel, the side and the ties."""
    (fit,) = fit_strengths(votes)
    found = {"/".join(duel.pair): duel.wins for duel in fit.duels} | {"left": fit.left, "ties": fit.ties}
    return {name: share[:3] for name, share in found.items()}  # type: ignore[misc]


def shares(votes: list[Vote]) -> Figures:
    """Wins among all and among the decided, and the left side."""
    whole = [row for row in tallies(verdicts(votes)) if not row.task]
    found = {f"wins {row.pair}": row.wins for row in whole} | {f"decided {row.pair}": row.decided for row in whole}
    return {name: share[:3] for name, share in (found | {"left": left_side(votes)}).items()}  # type: ignore[misc]


def agreement(votes: list[Vote]) -> Figures:
    """All statistics of agreement."""
    ratings = ratings_of(votes)
    found = {one.statistic: one for one in agreements(ratings)}
    found["cohen_kappa"] = by_two(ratings)[0].kappa
    return {name: (one.value, one.low, one.high) for name, one in found.items()}  # type: ignore[misc]


@lru_cache
def limit(figures: Callable[[list[Vote]], Figures], truth: Truth) -> dict[str, float]:
    """What the figures come to in a study without end (nearly)."""
    return {name: found[0] for name, found in figures(study(truth, 30_000, 10**6)).items()}


def coverage(figures: Callable[[list[Vote]], Figures], truth: Truth, items: int, studies: int) -> dict[str, float]:
    """How often each interval holds the truth."""
    known = limit(figures, truth)
    held = dict.fromkeys(known, 0)
    for seed in range(studies):
        for name, (_, low, high) in figures(study(truth, items, seed)).items():
            held[name] += low <= known[name] <= high
    return {name: n / studies for name, n in held.items()}


CASES = {
    "strengths, one voter": (strengths, SIMPLE, 80),
    "strengths, models alike": (strengths, ALIKE, 80),
    "strengths, three noisy voters": (strengths, PEOPLE, 60),
    "shares, one voter": (shares, SIMPLE, 80),
    "shares, three noisy voters": (shares, PEOPLE, 60),
    "agreement, three noisy voters": (agreement, PEOPLE, 60),
}


def test_the_planted_figures_are_those_of_a_study_without_end() -> None:
    votes = study(SIMPLE, 4_000, 1)
    found = strengths(votes)
    for pair in PAIRS:
        gap = SIMPLE.strengths[MODELS.index(pair[0])] - SIMPLE.strengths[MODELS.index(pair[1])]
        assert found["/".join(pair)][0] == pytest.approx(1 / (1 + np.exp(-gap)), abs=0.015)
    many = np.exp(SIMPLE.ties)
    assert found["ties"][0] == pytest.approx(many / (2 + many), abs=0.015)
    assert found["left"][0] == pytest.approx(1 / (1 + np.exp(-SIMPLE.side)), abs=0.015)


@pytest.mark.slow
@pytest.mark.parametrize("case", [name for name in CASES if not name.startswith("agreement")])
def test_intervals_hold_the_truth_about_as_often_as_they_say(case: str) -> None:
    figures, truth, items = CASES[case]
    found = coverage(figures, truth, items, 60)
    assert found and all(share >= 0.85 for share in found.values()), found


@pytest.mark.long
@pytest.mark.parametrize("case", CASES)
def test_intervals_hold_the_truth_as_often_as_they_say(case: str) -> None:
    figures, truth, items = CASES[case]
    found = coverage(figures, truth, items, 400 if figures is agreement else 1_000)
    if figures is shares:
        # Sides are dealt evenly, so the share of the left side varies less than that of coins: its interval is safe.
        assert 0.93 <= found.pop("left") <= 0.985
    assert all(0.93 <= share <= 0.97 for share in found.values()), found


@pytest.mark.parametrize("truth", [SIMPLE, PEOPLE], ids=["one voter", "three noisy voters"])
def test_the_order_is_found(truth: Truth) -> None:
    """In forty studies of 300 items: always the right model first, hardly ever a wrong order called certain."""
    firsts, certain, wrong = 0, 0, 0
    for seed in range(40):
        (fit,) = fit_strengths(study(truth, 100, seed))
        firsts += [one.model for one in fit.models] == ["a", "b", "c"]
        for duel in fit.duels:
            certain += duel.wins.low > 0.5
            wrong += duel.wins.high < 0.5
    assert firsts >= 36 and certain >= 80 and wrong <= 1


@pytest.mark.slow
def test_the_number_of_items_that_are_needed_is_enough_in_four_of_five_studies() -> None:
    needed = decided_items(0.7)
    assert needed is not None
    random = np.random.default_rng(4)
    shown = 0
    for study_ in range(400):
        wins = random.random(needed) < 0.7
        votes = [Vote(f"i{n}", f"e{n}", "t", "v", "a", "b", "left" if won else "right") for n, won in enumerate(wins)]
        shown += tallies(verdicts(votes))[0].verdict == "better"
        del study_
    assert 0.75 <= shown / 400 <= 0.87
