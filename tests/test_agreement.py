"""Agreement between voters: figures as published, planted agreement, and reasons where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from ecominstruct.people import agreement
from ecominstruct.people.agreement import ALL_EQUAL, NO_SPREAD, ONE_VOTER, agreements, by_two, ratings_of
from ecominstruct.people.votes import Vote

# Fleiss (1971), as worked out in the article "Fleiss' kappa" of Wikipedia: 14 raters, 10 subjects, kappa 0.210.
FLEISS = [
    (0, 0, 0, 0, 14), (0, 2, 6, 4, 2), (0, 0, 3, 5, 6), (0, 3, 9, 2, 0), (2, 2, 8, 1, 1),
    (7, 7, 0, 0, 0), (3, 2, 6, 3, 0), (2, 5, 3, 2, 2), (6, 5, 2, 1, 0), (0, 2, 2, 3, 7),
]  # fmt: skip
# Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C: 4 observers, 12 units, missing data;
# nominal alpha 0.743. The same table is cac.raw4raters of irrCAC (Gwet), whose overview gives AC1 0.77544 and a share
# of 0.8181818. The last unit has one value only.
KRIPPENDORFF = [
    (1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0), (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3),
    (0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0), (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0),
]  # fmt: skip
# cont3x3abstractors of irrCAC, whose overview gives kappa 0.7964094, AC1 0.8493305 and a share of 0.89.
ABSTRACTORS = [(13, 0, 0), (0, 20, 7), (0, 4, 56)]


def _counts(raters: list[tuple[int, ...]]) -> np.ndarray:
    table = np.array(raters)
    return np.stack([(table == value).sum(axis=0) for value in range(1, table.max() + 1)], axis=1)


def _pairs(table: list[tuple[int, ...]]) -> np.ndarray:
    cells = [(row, column) for row, counts in enumerate(table) for column, n in enumerate(counts) for _ in range(n)]
    tables = np.zeros((len(cells), len(table), len(table)))
    for item, (row, column) in enumerate(cells):
        tables[item, row, column] = 1
    return tables


def test_figures_as_published() -> None:
    assert agreement.fleiss_kappa(np.array(FLEISS)) == pytest.approx(0.210, abs=5e-4)
    counts = _counts(KRIPPENDORFF)
    several = counts[counts.sum(axis=1) >= 2]
    assert agreement.krippendorff_alpha(several) == pytest.approx(0.743, abs=5e-4)
    assert agreement.percent(several) == pytest.approx(0.8181818, abs=1e-6)
    assert agreement.gwet_ac1(counts) == pytest.approx(0.77544, abs=1e-5)
    tables = _pairs(ABSTRACTORS)
    assert agreement.cohen_kappa(tables) == pytest.approx(0.7964094, abs=1e-6)
    votes = tables.sum(axis=1) + tables.sum(axis=2)
    assert agreement.gwet_ac1(votes) == pytest.approx(0.8493305, abs=1e-6)
    assert agreement.percent(votes) == pytest.approx(0.89)


def _votes(*rows: str, repeat: int = 0) -> list[Vote]:
    """Votes of a, b, c … on an item a row: l, r, t or x (both bad), - for none; every other vote is shown mirrored."""
    votes = []
    for item, row in enumerate(rows):
        for column, letter in enumerate(row):
            sides, choices = (("A", "B"), "lrtx") if (item + column) % 2 else (("B", "A"), "rltx")
            if letter != "-":
                choice = ("left", "right", "tie", "both_bad")[choices.index(letter)]
                votes.append(Vote(f"i{item}", f"e{item}", "task", "abcdef"[column], *sides, choice, "", repeat))
    return votes


def test_votes_count_by_model_and_not_by_side() -> None:
    ratings = ratings_of(_votes("ll", "rr", "tx") + _votes("rr", repeat=1))
    assert ratings.counts.tolist() == [[2, 0, 0, 0], [0, 0, 0, 2], [0, 1, 1, 0]]
    assert ratings_of([], {}).counts.shape == (0, 4)


def test_missing_votes_are_allowed_where_a_statistic_allows_them() -> None:
    rows = ["llt", "rr-", "ll-", "r--", "xtx", "tt-", "rrl", "ll-", "ll-", "rr-", "tt-", "rl-", "ll-"]
    found = {one.statistic: one for one in agreements(ratings_of(_votes(*rows)))}
    assert (found["percent"].items, found["percent"].left_out) == (12, 1)
    assert (found["gwet_ac1"].items, found["gwet_ac1"].left_out) == (13, 0)
    assert (found["fleiss_kappa"].items, found["fleiss_kappa"].left_out) == (9, 4)  # those with two votes
    assert found["fleiss_kappa"].reason == "9 independent items are too few for an interval"
    for name in ("percent", "krippendorff_alpha", "gwet_ac1"):
        one = found[name]
        assert one.low < one.value < one.high, one
    pairs = {(two.one, two.other): two for two in by_two(ratings_of(_votes(*rows)))}
    assert pairs["a", "b"].percent.items == 12
    assert pairs["b", "c"].kappa.items == 3


def test_what_is_undefined_says_why() -> None:
    assert {one.reason for one in agreements(ratings_of(_votes(*"lrtx")))} == {ONE_VOTER}
    assert {one.reason for one in agreements(ratings_of([]))} == {ONE_VOTER}
    same = {one.statistic: one for one in agreements(ratings_of(_votes(*["ll"] * 30)))}
    assert same["fleiss_kappa"].reason == same["krippendorff_alpha"].reason == ALL_EQUAL
    assert same["gwet_ac1"].value == 1 and same["gwet_ac1"].reason == NO_SPREAD
    assert same["percent"].value == 1 and 0.8 < same["percent"].low < 1  # agreement on 30 items is no certainty
    (two,) = by_two(ratings_of(_votes(*["ll"] * 30)))
    assert two.kappa.reason == ALL_EQUAL
    (two,) = by_two(ratings_of(_votes(*["lr"] * 30)))  # never equal, each always the same: no more than chance
    assert two.kappa.value == 0 and two.percent.value == 0
    assert not by_two(ratings_of(_votes("l-", "-l")))


def test_one_product_is_not_many_items() -> None:
    votes = _votes(*["ll", "lr", "rr", "rl"] * 20)
    apart = agreements(ratings_of(votes))[0]
    kin = {f"e{item}": f"p{item % 12}" for item in range(80)}
    together = agreements(ratings_of(votes, kin))[0]
    assert together.value == apart.value == 0.5
    assert agreements(ratings_of(votes, dict.fromkeys(kin, "p")))[0].reason.startswith("1 independent")


@pytest.mark.parametrize(("truthful", "skew"), [(0.9, 0), (0.7, 0), (0.8, 0.9)])
def test_planted_agreement_is_found(truthful: float, skew: float) -> None:
    """Each of two voters says the truth, or else something by chance: kappa is the square of the share of truth."""
    random = np.random.default_rng(7)
    n = 40_000
    truth = np.where(random.random(n) < skew, 0, random.integers(0, 4, n))
    said = [np.where(random.random(n) < truthful, truth, random.integers(0, 4, n)) for _ in range(2)]
    counts = np.stack([sum((voter == code).astype(int) for voter in said) for code in range(4)], axis=1)
    tables = agreement._tables(np.stack(said, axis=1))
    agreed = truthful**2 + (1 - truthful**2) / 4  # where truths are even
    if not skew:
        for statistic in (agreement.fleiss_kappa, agreement.krippendorff_alpha, agreement.gwet_ac1):
            assert statistic(counts) == pytest.approx(truthful**2, abs=0.015)
        assert agreement.cohen_kappa(tables) == pytest.approx(truthful**2, abs=0.015)
        assert agreement.percent(counts) == pytest.approx(agreed, abs=0.01)
    else:  # nearly all votes are the same: kappa falls, AC1 does not
        assert agreement.gwet_ac1(counts) > agreement.cohen_kappa(tables) + 0.3
