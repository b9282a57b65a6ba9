"""What else moves votes: planted effects are found, and what cannot be known says why."""

from __future__ import annotations

import numpy as np
import pytest

from ecominstruct.people import effects
from ecominstruct.people.effects import left_side, length_effect, self_agreement, votes_and_metrics
from ecominstruct.people.preferences import verdicts
from ecominstruct.people.votes import Vote


def _votes(n: int, choice: object, sides: object = None, voter: str = "a") -> list[Vote]:
    """n votes on items of their own; `choice` and `sides` are functions of the number of the item."""
    votes = []
    for number in range(n):
        left, right = ("A", "B") if number % 2 else ("B", "A")
        votes.append(Vote(f"i{number}", f"e{number}", "t", voter, left, right, choice(number, left)))  # type: ignore
    return votes


def test_the_left_side() -> None:
    found = left_side(_votes(200, lambda n, left: ("left", "left", "right", "tie")[n // 2 % 4]))
    assert (found.value, found.of) == (pytest.approx(2 / 3, abs=1e-6), 150)
    assert 0.5 < found.low < 2 / 3 < found.high
    assert left_side([]) == (None, None, None, 0)


def test_length_is_told_apart_from_the_model_that_writes_more() -> None:
    """A is better, and mostly longer. Its length does nothing: A wins as often where it is the shorter one."""
    votes = _votes(400, lambda n, left: "left" if (left == "A") == (n // 2 % 4 > 0) else "right")
    lengths = {(f"e{n}", "A"): 90.0 if n % 5 else 10.0 for n in range(400)} | {(f"e{n}", "B"): 50.0 for n in range(400)}
    found = length_effect(verdicts(votes), lengths)
    assert found.longer.low > 0.55  # the longer one is preferred …
    assert found.odds.low < 1 < found.odds.high  # … but not for its length
    lengths |= {(f"e{n}", "A"): 90.0 if n // 2 % 4 > 0 else 10.0 for n in range(200)}  # now half of the wins go with it
    assert length_effect(verdicts(votes), lengths).odds.low > 2


def test_length_without_an_answer_says_why() -> None:
    votes = _votes(40, lambda n, left: "left" if left == "A" else "right")
    always = {(f"e{n}", model): size for n in range(40) for model, size in (("A", 9.0), ("B", 5.0))}
    found = length_effect(verdicts(votes), always)
    assert found.longer.value == 1
    assert found.odds.value is None and found.odds.reason.startswith("no two models each wrote")
    assert length_effect(verdicts(votes), {}).longer.of == 0
    mixed = _votes(40, lambda n, left: "left" if (left == "A") == (n % 4 < 2) else "right")
    by_win = {(f"e{n}", "A"): 9.0 if n % 4 < 2 else 1.0 for n in range(40)} | {(f"e{n}", "B"): 5.0 for n in range(40)}
    assert "the longer one won every item" in length_effect(verdicts(mixed), by_win).odds.reason


def test_mantel_and_haenszel_as_published() -> None:
    """The admissions of Berkeley (Bickel, Hammel and O'Connell 1975): men and women, admitted or not, in departments;
    the ratio of odds over all is 1.84, within departments 0.905 (R: mantelhaen.test(UCBAdmissions))."""
    men = [(512, 313), (353, 207), (120, 205), (138, 279), (53, 138), (22, 351)]
    women = [(89, 19), (17, 8), (202, 391), (131, 244), (94, 299), (24, 317)]
    tables = [np.array(both, dtype=float) for both in zip(men, women, strict=True)]
    found = effects._pooled_odds(tables)
    assert found.value == pytest.approx(0.9047, abs=5e-4)
    assert (found.low, found.high) == (pytest.approx(0.772, abs=2e-3), pytest.approx(1.060, abs=2e-3))
    assert effects._pooled_odds([sum(tables)]).value == pytest.approx(1.84, abs=5e-3)


def test_items_that_come_again() -> None:
    votes = _votes(20, lambda n, left: "left")
    turned = [vote._replace(repeat=1, left=vote.right, right=vote.left) for vote in votes[:4]]  # the other model wins
    same = [vote._replace(repeat=1, left=vote.right, right=vote.left, choice="right") for vote in votes[4:10]]
    undecided = [vote._replace(repeat=1, choice="tie") for vote in votes[10:12]]
    lost = votes[0]._replace(item="new", repeat=2, voter="b")
    every, one, other = self_agreement([*votes, *turned, *same, *undecided, lost])
    assert (every.voter, one.voter, other.voter) == ("", "a", "b")
    assert (one.same.value, one.same.of, one.turned, one.lost) == (0.5, 12, 4, 0)
    assert (other.same.of, other.lost) == (0, 1)
    assert self_agreement(votes) == []


def test_metrics_and_votes() -> None:
    random = np.random.default_rng(5)
    better = random.random(300) < 0.7
    votes = _votes(300, lambda n, left: "left" if (left == "A") == better[n] else "right")
    noise, size = random.normal(size=300), np.where(better, 1.0, -1.0)
    scores = {
        "good": {(f"e{n}", "A"): size[n] + noise[n] for n in range(300)} | {(f"e{n}", "B"): 0.0 for n in range(300)},
        "flat": {(f"e{n}", model): 0.5 for n in range(300) for model in "AB"},
        "noise": {(f"e{n}", "A"): noise[n] for n in range(300)} | {(f"e{n}", "B"): 0.0 for n in range(300)},
        "unknown": {("other", "A"): 1.0},
    }
    flat, good, noisy = votes_and_metrics(votes, scores)
    worth = np.where(better, 1.0, -1.0)
    assert good.correlation == pytest.approx(np.corrcoef(size + noise, worth)[0, 1], abs=1e-6)
    assert good.low < good.correlation < good.high and good.high - good.low < 0.2
    assert good.same.value == pytest.approx(np.mean((size + noise) * worth > 0), abs=1e-6)
    assert noisy.low < 0 < noisy.high or abs(noisy.correlation) < 0.15
    assert flat.reason == "on every item both answers score the same" and flat.same.of == 0
    few = votes_and_metrics(votes[:8], scores)[1]
    assert few.low is None and few.reason.startswith("8 independent")
    same = votes_and_metrics(_votes(20, lambda n, left: "tie"), scores)[1]
    assert same.reason == "on every item all votes come to the same"
