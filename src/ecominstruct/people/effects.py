"""Other influences on votes (side, answer length), the self-agreement of voters, and the correlation of votes with
metrics.

All functions use first votes, except `self_agreement`, which compares repeats with them. `kin` maps an example to its
group; examples of one group are not independent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ecominstruct.errors import input_error
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, percentiles, resampled
from ecominstruct.people.preferences import Share, Verdict, outcome_of, share_of
from ecominstruct.people.votes import Vote

Answered = Mapping[tuple[str, str], float]  # by example and model: the length of an answer, or its score
ONLY_LONGER = "the longer one won every item in which length and model can be told apart"
ONLY_SHORTER = "the shorter one won every item in which length and model can be told apart"
WORTH = {"win": 1.0, "tie": 0.0, "both_bad": 0.0, "loss": -1.0}


class Odds(NamedTuple):
    """An odds ratio with its 95 % interval, or the reason why there is none."""

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""


class Length(NamedTuple):
    """The relation between answer length and preference.

    `longer`: how often the longer answer is preferred, among decided items. `odds`: the Mantel-Haenszel (1959) odds
    ratio of being preferred for the longer answer, stratified by pair of models, so a better model that merely writes
    longer answers does not explain it.
    """

    longer: Share
    odds: Odds


class Again(NamedTuple):
    """How often a voter (all voters, if empty) gives the same vote when an item is repeated.

    `turned`: how often the repeat preferred the other model; `lost`: repeats without a first vote, which are ignored.
    """

    voter: str
    same: Share
    turned: int
    lost: int


class MetricVotes(NamedTuple):
    """How differences of a metric relate to votes, over items: Pearson's correlation, and how often both prefer the
    same model, where both prefer one.
    """

    metric: str
    items: int
    correlation: float | None
    low: float | None
    high: float | None
    same: Share
    reason: str = ""


def left_side(votes: Sequence[Vote], kin: Mapping[str, str] | None = None) -> Share:
    """How often the left answer is preferred, among votes that prefer one. One half is expected if the side has no
    effect and each model is on the left half of the time.
    """
    decided = [vote for vote in votes if vote.repeat == 0 and vote.winner]
    return share_of([vote.choice == "left" for vote in decided], [_group(vote.example, kin) for vote in decided])


def length_effect(found: Sequence[Verdict], lengths: Answered) -> Length:
    """The effect of length over items. Ignores items with unknown or equal lengths."""
    hits, groups = [], []
    tables: dict[tuple[str, str], Any] = {}
    for one in found:
        first, second = (lengths.get((one.example, model)) for model in one.pair)
        if one.outcome not in ("win", "loss") or first is None or second is None or first == second:
            continue
        won = one.outcome == "win"
        hits.append(won == (first > second))
        groups.append(one.group)
        tables.setdefault(one.pair, np.zeros((2, 2)))[int(first < second), int(not won)] += 1
    return Length(share_of(hits, groups), _pooled_odds(list(tables.values())))


def _pooled_odds(tables: Sequence[Any]) -> Odds:
    """The pooled odds ratio of 2x2 tables (longer or shorter; won or lost), one for each pair of models."""
    try:
        from statsmodels.stats.contingency_tables import StratifiedTable
    except ImportError:
        raise input_error("the effect of length comes from statsmodels", "pip install 'ecominstruct[people]'") from None
    usable = [table for table in tables if (table.sum(axis=0) > 0).all() and (table.sum(axis=1) > 0).all()]
    if not usable:
        return Odds(None, None, None, "no two models each wrote the longer answer and each won some of the items")
    for_it = sum(table[0, 0] * table[1, 1] / table.sum() for table in usable)
    against = sum(table[0, 1] * table[1, 0] / table.sum() for table in usable)
    if not for_it or not against:
        return Odds(None, None, None, ONLY_SHORTER if not for_it else ONLY_LONGER)
    pooled = StratifiedTable(usable)
    low, high = pooled.oddsratio_pooled_confint()
    return Odds(round(float(pooled.oddsratio_pooled), DIGITS), round(float(low), DIGITS), round(float(high), DIGITS))


def self_agreement(votes: Sequence[Vote], kin: Mapping[str, str] | None = None) -> list[Again]:
    """Self-agreement of all voters together, then of each voter with repeated items."""
    firsts = {(vote.voter, vote.item): vote for vote in votes if vote.repeat == 0}
    repeats = [vote for vote in votes if vote.repeat > 0]
    voters = sorted({vote.voter for vote in repeats})
    if not repeats:
        return []
    return [_again("", repeats, firsts, kin)] + [
        _again(voter, [vote for vote in repeats if vote.voter == voter], firsts, kin) for voter in voters
    ]


def _again(
    voter: str, repeats: Sequence[Vote], firsts: Mapping[tuple[str, str], Vote], kin: Mapping[str, str] | None
) -> Again:
    pairs = [(firsts[key], vote) for vote in repeats if (key := (vote.voter, vote.item)) in firsts]
    said = [(outcome_of(first), outcome_of(second)) for first, second in pairs]
    same = share_of([one == other for one, other in said], [_group(first.example, kin) for first, _ in pairs])
    return Again(voter, same, sum(set(both) == {"win", "loss"} for both in said), len(repeats) - len(pairs))


def votes_and_metrics(
    votes: Sequence[Vote], scores: Mapping[str, Answered], kin: Mapping[str, str] | None = None
) -> list[MetricVotes]:
    """For each metric, how its differences between two answers relate to the votes on them; ordered by name."""
    items: dict[str, list[Vote]] = {}
    for vote in votes:
        if vote.repeat == 0:
            items.setdefault(vote.item, []).append(vote)
    liked = {item: float(np.mean([WORTH[outcome_of(vote)] for vote in said])) for item, said in items.items()}
    abouts = {item: said[0] for item, said in sorted(items.items())}
    found = []
    for metric, by_answer in sorted(scores.items()):
        rows = []
        for item, vote in abouts.items():
            first, second = (by_answer.get((vote.example, model)) for model in vote.pair)
            if first is not None and second is not None:
                rows.append((first - second, liked[item], _group(vote.example, kin)))
        if rows:
            found.append(_metric(metric, rows))
    return found


def _metric(metric: str, rows: Sequence[tuple[float, float, str]]) -> MetricVotes:
    differences, liked = (np.array([row[column] for row in rows]) for column in (0, 1))
    both = [(d * v > 0, group) for d, v, group in rows if d and v]
    same = share_of([agree for agree, _ in both], [group for _, group in both])
    constant = next((what for what, x in (("scores", differences), ("votes", liked)) if not np.ptp(x)), None)
    if constant:
        why = "both answers score the same" if constant == "scores" else "all votes come to the same"
        return MetricVotes(metric, len(rows), None, None, None, same, f"on every item {why}")
    names, place = np.unique([group for _, _, group in rows], return_inverse=True)
    columns = np.stack([np.ones(len(rows)), differences, liked, differences**2, liked**2, differences * liked], axis=1)
    sums = np.zeros((len(names), 6))
    np.add.at(sums, place, columns)
    value = float(_correlation(sums.sum(axis=0)[None, :])[0])
    if len(names) < FEWEST_FAMILIES:
        reason = f"{len(names)} independent items are too few for an interval"
        return MetricVotes(metric, len(rows), round(value, DIGITS), None, None, same, reason)
    drawn = _correlation(resampled(list(names), sums))
    low, high = percentiles(drawn[~np.isnan(drawn)])
    return MetricVotes(metric, len(rows), round(value, DIGITS), low, high, same)


def _correlation(sums: Any) -> Any:
    """Pearson's correlation from rows of sums of 1, x, y, x², y², xy; NaN if x or y does not vary."""
    n, x, y, xx, yy, xy = sums.T
    spread = (n * xx - x * x) * (n * yy - y * y)
    defined = spread > 1e-12
    return np.where(defined, (n * xy - x * y) / np.sqrt(np.where(defined, spread, 1)), np.nan)


def _group(example: str, kin: Mapping[str, str] | None) -> str:
    return (kin or {}).get(example, example)
