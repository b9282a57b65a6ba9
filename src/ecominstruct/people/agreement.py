"""Agreement between voters: the share of equal votes, and statistics that correct it for chance.

    percent              the share of equal votes among all pairs of votes on the same item
    cohen_kappa          two voters (Cohen 1960)
    fleiss_kappa         the same number of votes on each item, from any voters (Fleiss 1971)
    krippendorff_alpha   nominal; any number of votes an item (Krippendorff 2011)
    gwet_ac1             like kappa, but stable where nearly all votes are equal (Gwet 2008)

Intervals come from a bootstrap over groups of related examples. A statistic that cannot be computed carries the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.errors import input_error
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, weights, wilson
from ecominstruct.people.preferences import OUTCOMES, Verdict, outcome_of
from ecominstruct.people.votes import Vote

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEEDS = "pip install 'ecominstruct[people]'"
ONE_VOTER = "no item has votes of two voters"
ALL_EQUAL = "all votes are the same: agreement by chance would be perfect, too"
NO_SPREAD = "the votes leave no room for chance: resampling shows no spread"
SELDOM = 0.95  # minimum share of resamples in which a statistic must be defined for its interval to be reported


class Ratings(NamedTuple):
    """Votes as a table of outcome indices, -1 where a voter did not judge an item.

    A vote is coded by the model it prefers (the first or second of the pair, by name), not by side.
    """

    groups: tuple[str, ...]  # the group of each item; items of one group are not independent
    voters: tuple[str, ...]
    codes: NDArray[Any]  # (items, voters)

    @property
    def counts(self) -> NDArray[Any]:
        """The number of votes for each outcome: (items, outcomes)."""
        return np.stack([(self.codes == code).sum(axis=1) for code in range(len(OUTCOMES))], axis=1)


class Agreement(NamedTuple):
    """One statistic with its 95 % interval, or the reason why it has none."""

    statistic: str
    value: float | None
    low: float | None = None
    high: float | None = None
    items: int = 0  # the number of items it is computed from
    left_out: int = 0  # items with too few or too many votes for this statistic
    reason: str = ""


class TwoVoters(NamedTuple):
    """Agreement of two voters on the items that both judged."""

    one: str
    other: str
    percent: Agreement
    kappa: Agreement


def ratings_of(votes: Sequence[Vote], kin: Mapping[str, str] | None = None) -> Ratings:
    """Tabulate first votes. `kin` maps an example to its group; an example without an entry is its own group."""
    firsts = [vote for vote in votes if vote.repeat == 0]
    items = {item: row for row, item in enumerate(sorted({vote.item for vote in firsts}))}
    voters = {voter: column for column, voter in enumerate(sorted({vote.voter for vote in firsts}))}
    codes = np.full((len(items), len(voters)), -1)
    groups = [""] * len(items)
    for vote in firsts:
        row = items[vote.item]
        codes[row, voters[vote.voter]] = _category(vote)
        groups[row] = (kin or {}).get(vote.example, vote.example)
    return Ratings(tuple(groups), tuple(voters), codes)


def ratings_of_verdicts(both: Sequence[tuple[Verdict, Verdict]]) -> Ratings:
    """The outcomes of two panels on the same items, as ratings of two voters."""
    codes = [[OUTCOMES.index(one.outcome), OUTCOMES.index(other.outcome)] for one, other in both]
    return Ratings(tuple(one.group for one, _ in both), ("one", "other"), np.array(codes, dtype=int).reshape(-1, 2))


def _category(vote: Vote) -> int:
    return OUTCOMES.index(outcome_of(vote))


def agreements(ratings: Ratings) -> list[Agreement]:
    """The statistics for any number of voters. Raises InputError if an optional library is missing."""
    counts, groups = ratings.counts, np.array(ratings.groups)
    several = counts.sum(axis=1) >= 2
    any_votes = (counts.sum(axis=1) >= 1) & several.any()
    fixed = _most_usual(counts)
    return [
        _measured("percent", percent, counts, groups, several),
        _measured("krippendorff_alpha", krippendorff_alpha, counts, groups, several),
        _measured("gwet_ac1", gwet_ac1, counts, groups, any_votes),
        _measured("fleiss_kappa", fleiss_kappa, counts, groups, fixed),
    ]


def by_two(ratings: Ratings) -> list[TwoVoters]:
    """Agreement of each pair of voters with common items, in the order of their names."""
    found = []
    for one, other in combinations(range(len(ratings.voters)), 2):
        codes = ratings.codes[:, [one, other]]
        both = (codes >= 0).all(axis=1)
        if both.any():
            tables = _tables(codes[both])
            groups, all_of_them = np.array(ratings.groups)[both], np.ones(both.sum(), bool)
            kappa = _measured("cohen_kappa", cohen_kappa, tables, groups, all_of_them)
            same = _measured("percent", _diagonal, tables, groups, all_of_them)
            found.append(TwoVoters(ratings.voters[one], ratings.voters[other], same, kappa))
    return found


def _tables(codes: NDArray[Any]) -> NDArray[Any]:
    """One contingency table an item, with a single 1 in it: (items, categories, categories)."""
    tables = np.zeros((len(codes), len(OUTCOMES), len(OUTCOMES)))
    tables[np.arange(len(codes)), codes[:, 0], codes[:, 1]] = 1
    return tables


def _most_usual(counts: NDArray[Any]) -> NDArray[Any]:
    """Mask of the items with the most common number of votes (at least 2); on a tie, the larger number."""
    votes = counts.sum(axis=1)
    usual = np.bincount(votes[votes >= 2]) if (votes >= 2).any() else np.zeros(1, int)
    number = len(usual) - 1 - int(np.argmax(usual[::-1]))
    found: NDArray[Any] = (votes == number) & (votes >= 2)
    return found


def _measured(
    name: str, statistic: Callable[[NDArray[Any]], float], table: NDArray[Any], groups: NDArray[Any], used: NDArray[Any]
) -> Agreement:
    """A statistic with its interval over the items in the mask `used`."""
    table, groups, left_out = table[used], groups[used], int((~used).sum())
    if not len(table):
        return Agreement(name, None, left_out=left_out, reason=ONE_VOTER)
    value = statistic(table)
    if np.isnan(value):
        return Agreement(name, None, items=len(table), left_out=left_out, reason=ALL_EQUAL)
    low, high, reason = _interval(statistic, value, table, groups, share=name == "percent")
    return Agreement(name, round(value, DIGITS), low, high, len(table), left_out, reason)


def _interval(
    statistic: Callable[[NDArray[Any]], float], value: float, table: NDArray[Any], groups: NDArray[Any], share: bool
) -> tuple[float | None, float | None, str]:
    """The interval of a statistic: Wilson's formula for a share, bootstrap percentiles otherwise."""
    names, place = np.unique(groups, return_inverse=True)
    if len(names) < FEWEST_FAMILIES:
        return None, None, f"{len(names)} independent items are too few for an interval"
    rows = np.arange(len(table))
    drawn = [
        statistic(table[np.repeat(rows, weight[place].astype(int))])
        for block in weights(list(names))
        for weight in block
    ]
    found = np.array([one for one in drawn if not np.isnan(one)])
    if share:
        return *wilson(value, float(found.var()), len(names)), ""
    if len(found) < SELDOM * len(drawn) or not found.std():
        return None, None, NO_SPREAD
    return *percentiles(found), ""


# -------------------------------------------------- the statistics: NaN where chance agreement would be perfect


def percent(counts: NDArray[Any]) -> float:
    """Mean share of equal votes among all pairs of votes on an item. `counts`: (items, categories).

    Ignores items with fewer than two votes; NaN if no others are left.
    """
    counts = counts[counts.sum(axis=1) >= 2]
    votes = counts.sum(axis=1)
    return float(np.mean((counts * (counts - 1)).sum(axis=1) / (votes * (votes - 1)))) if len(counts) else np.nan


def _diagonal(tables: NDArray[Any]) -> float:
    """Share of items on which two voters agree. `tables`: (items, categories, categories)."""
    return float(np.trace(tables.sum(axis=0)) / len(tables)) if len(tables) else np.nan


def cohen_kappa(tables: NDArray[Any]) -> float:
    """Cohen's kappa. `tables`: (items, categories, categories), one vote of each of two voters an item."""
    try:
        from statsmodels.stats.inter_rater import cohens_kappa
    except ImportError:
        raise input_error("Cohen's kappa comes from statsmodels", NEEDS) from None
    table = tables.sum(axis=0)
    total = table.sum()
    by_chance = table.sum(axis=0) @ table.sum(axis=1)
    return float(cohens_kappa(table, return_results=False)) if by_chance < total * total else np.nan


def fleiss_kappa(counts: NDArray[Any]) -> float:
    """Fleiss' kappa. `counts`: (items, categories), the same number of votes on each item."""
    try:
        from statsmodels.stats import inter_rater
    except ImportError:
        raise input_error("Fleiss' kappa comes from statsmodels", NEEDS) from None
    return float(inter_rater.fleiss_kappa(counts)) if _differ(counts) else np.nan


def krippendorff_alpha(counts: NDArray[Any]) -> float:
    """Krippendorff's nominal alpha. `counts`: (items, categories), at least 2 votes an item."""
    try:
        import krippendorff
    except ImportError:
        raise input_error("Krippendorff's alpha comes from krippendorff", NEEDS) from None
    if not _differ(counts):
        return np.nan
    return float(krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"))


def gwet_ac1(counts: NDArray[Any]) -> float:
    """Gwet's AC1. `counts`: (items, categories), all categories voters could choose, at least 1 vote an item.

    Gwet (2008), Computing inter-rater reliability and its variance in the presence of high agreement, British Journal
    of Mathematical and Statistical Psychology 61. Chance agreement is the sum of p(1 - p) over the categories, divided
    by the number of categories less one, where p is a category's mean share of the votes on an item.
    """
    if not len(counts):
        return np.nan
    shares = (counts / counts.sum(axis=1, keepdims=True)).mean(axis=0)
    by_chance = (shares * (1 - shares)).sum() / (counts.shape[1] - 1)
    return float((percent(counts) - by_chance) / (1 - by_chance))


def _differ(counts: NDArray[Any]) -> bool:
    """Whether at least two categories were chosen."""
    return bool((counts.sum(axis=0) > 0).sum() > 1)
