"""Preference between models: wins, ties and losses by task and pair of models, with intervals and a test.

An item judged by several people counts once, with the most frequent outcome; if no outcome is the most frequent, they
are split and it counts as a tie. Items are then as independent as their examples; for related examples (of one
product), intervals are computed over groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from ecominstruct.evaluation.intervals import wilson
from ecominstruct.evaluation.significance import holm, mcnemar, verdict
from ecominstruct.people.votes import Vote

Outcome = Literal["win", "tie", "both_bad", "loss"]
OUTCOMES: tuple[Outcome, ...] = ("win", "tie", "both_bad", "loss")


class Verdict(NamedTuple):
    """The outcome of the votes on one item; `win` refers to the first model of the pair."""

    item: str
    example: str
    group: str  # the group of related examples
    task: str
    pair: tuple[str, str]
    outcome: Outcome
    split: bool  # a tie only because no outcome was the most frequent
    votes: int


class Share(NamedTuple):
    """A share with its 95 % interval; all None if `of`, the number of cases, is 0."""

    value: float | None
    low: float | None
    high: float | None
    of: int


class Tally(NamedTuple):
    """The items of one task (or all, if `task` is empty) and pair: wins and losses of the first model.

    `p` is the p value of the sign test over groups of examples in which one model won more often than the other. Ties
    are not part of the test; they are counted separately.
    """

    pair: tuple[str, str]
    task: str
    win: int
    tie: int
    both_bad: int
    loss: int
    split: int  # the part of the ties that are split
    groups: int
    wins: Share
    losses: Share
    decided: Share  # wins among wins and losses
    test_wins: int  # groups that count in the test
    test_losses: int
    p: float | None
    p_corrected: float | None  # for the number of tasks of the pair (Holm); None for all tasks together
    verdict: str  # better, worse, no difference shown, not tested

    @property
    def items(self) -> int:
        """The number of items."""
        return self.win + self.tie + self.both_bad + self.loss


def verdicts(votes: Sequence[Vote], kin: Mapping[str, str] | None = None) -> list[Verdict]:
    """The outcome of each item, ordered by item id. Only first votes count; `kin` maps an example to its group."""
    by_item: dict[str, list[Vote]] = {}
    for vote in votes:
        if vote.repeat == 0:
            by_item.setdefault(vote.item, []).append(vote)
    return [_verdict(by_item[item], kin or {}) for item in sorted(by_item)]


def _verdict(votes: Sequence[Vote], kin: Mapping[str, str]) -> Verdict:
    first = votes[0]
    said = Counter(outcome_of(vote) for vote in votes).most_common()
    split = len(said) > 1 and said[0][1] == said[1][1]
    outcome: Outcome = "tie" if split else said[0][0]
    group = kin.get(first.example, first.example)
    return Verdict(first.item, first.example, group, first.task, first.pair, outcome, split, len(votes))


def outcome_of(vote: Vote) -> Outcome:
    """The outcome of one vote for the first model of its pair."""
    if vote.winner is not None:
        return "win" if vote.winner == vote.pair[0] else "loss"
    return "both_bad" if vote.choice == "both_bad" else "tie"


def tallies(found: Iterable[Verdict]) -> list[Tally]:
    """For each pair of models a total, then one row a task; p values are corrected over the tasks of a pair."""
    by_pair: dict[tuple[str, str], dict[str, list[Verdict]]] = {}
    for one in found:
        by_pair.setdefault(one.pair, {}).setdefault(one.task, []).append(one)
    rows = []
    for pair, tasks in sorted(by_pair.items()):
        each = [_tally(pair, task, tasks[task]) for task in sorted(tasks)]
        whole = _tally(pair, "", [one for task in tasks.values() for one in task])
        rows.append(whole._replace(verdict=_shown(whole, whole.p)))
        for row, p in zip(each, holm([row.p for row in each]), strict=True):
            rows.append(row._replace(p_corrected=p, verdict=_shown(row, p)))
    return rows


def _shown(row: Tally, p: float | None) -> str:
    return verdict(row.test_wins - row.test_losses, p)


def _tally(pair: tuple[str, str], task: str, found: Sequence[Verdict]) -> Tally:
    counts = Counter(one.outcome for one in found)
    groups = [one.group for one in found]
    outcomes = [one.outcome for one in found]
    decided = [(one.outcome == "win", one.group) for one in found if one.outcome in ("win", "loss")]
    net: Counter[str] = Counter()
    for won, group in decided:
        net[group] += 1 if won else -1
    up, down = sum(n > 0 for n in net.values()), sum(n < 0 for n in net.values())
    return Tally(
        pair=pair,
        task=task,
        win=counts["win"],
        tie=counts["tie"],
        both_bad=counts["both_bad"],
        loss=counts["loss"],
        split=sum(one.split for one in found),
        groups=len(set(groups)),
        wins=share_of([outcome == "win" for outcome in outcomes], groups),
        losses=share_of([outcome == "loss" for outcome in outcomes], groups),
        decided=share_of([won for won, _ in decided], [group for _, group in decided]),
        test_wins=up,
        test_losses=down,
        p=mcnemar(up, down) if up + down else None,
        p_corrected=None,
        verdict="",
    )


def share_of(hits: Sequence[bool], groups: Sequence[str]) -> Share:
    """A share with its Wilson interval (1927). Members of one group are not independent.

    The variance is that of the sums over groups, so it is p(1 - p)/n if every group has one member.
    """
    if not hits:
        return Share(None, None, None, 0)
    values = np.asarray(hits, dtype=float)
    value = float(values.mean())
    names, place = np.unique(np.asarray(groups), return_inverse=True)
    sums = np.bincount(place, weights=values - value)
    low, high = wilson(value, float((sums**2).sum()) / len(values) ** 2, len(names))
    return Share(round(value, 6), low, high, len(values))
