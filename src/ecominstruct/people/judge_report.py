"""The figures of the judge report as plain data: printed by `ecom judge --report --json` and shown on the page.

People and models are reported separately: a panel holds the figures of all people, or of one model that votes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ecominstruct.evaluation.published import load_published
from ecominstruct.evaluation.significance import mcnemar
from ecominstruct.people import agreement
from ecominstruct.people.bradley_terry import fit_strengths
from ecominstruct.people.effects import left_side, length_effect, self_agreement, votes_and_metrics
from ecominstruct.people.judge_data import JudgeData, gather
from ecominstruct.people.llm_judge import read_judging
from ecominstruct.people.power import more_items
from ecominstruct.people.preferences import Verdict, share_of, tallies, verdicts
from ecominstruct.people.votes import CHOICES, MODEL_VOTER, Vote

PEOPLE = "people"
SAMPLES = 100  # the number of samples of each task in the paper


def judge_report(run: Path) -> dict[str, Any]:
    """All figures of a run's votes. Raises InputError if there are no votes or an optional library is missing."""
    data = gather(run)
    voters = sorted({vote.voter for vote in data.votes})
    by_people = [vote for vote in data.votes if not vote.is_of_model]
    judges = [voter for voter in voters if voter.startswith(MODEL_VOTER)]
    panels = {PEOPLE: panel(by_people, data) | {"left": left_side(by_people, data.kin)}} if by_people else {}
    panels |= {judge: panel([vote for vote in data.votes if vote.voter == judge], data) for judge in judges}
    found = {
        "votes": len(data.votes),
        "left_out": data.left_out,
        "unchecked": data.unchecked,
        "models": sorted({model for vote in data.votes for model in vote.pair}),
        "titles": data.titles,
        "papers": data.papers,
        "voters": [_voter(voter, data) for voter in voters],
        "panels": panels,
        "judges": {judge: _beside_people(judge, run, data) for judge in judges},
        "published": published(),
    }
    plain: dict[str, Any] = plainly(found)
    return plain


def panel(votes: Sequence[Vote], data: JudgeData) -> dict[str, Any]:
    """The figures of the votes of people, or of one model."""
    found = verdicts(votes, data.kin)
    ratings = agreement.ratings_of(votes, data.kin)
    return {
        "votes": len(votes),
        "items": len(found),
        "voters": len(ratings.voters),
        "tallies": _tallies(found),
        "strengths": fit_strengths(votes, data.kin),
        "agreement": agreement.agreements(ratings),
        "by_two": agreement.by_two(ratings),
        "by_task": _by_task(votes, data) if len(ratings.voters) > 1 else {},
        "left": None,  # not computed for a model: it sees both orders
        "length": length_effect(found, data.lengths),
        "again": self_agreement(votes, data.kin),
        "metrics": votes_and_metrics(votes, data.scores, data.kin),
    }


def _tallies(found: Sequence[Verdict]) -> list[dict[str, Any]]:
    rows = tallies(found)
    tasks = Counter(row.pair for row in rows if row.task)
    return [
        {**row._asdict(), "items": row.items, "more": more_items(row, tasks[row.pair] if row.task else 1)}
        for row in rows
    ]


def _by_task(votes: Sequence[Vote], data: JudgeData) -> dict[str, Any]:
    tasks: dict[str, list[Vote]] = {}
    for vote in votes:
        tasks.setdefault(vote.task, []).append(vote)
    return {task: agreement.agreements(agreement.ratings_of(tasks[task], data.kin)) for task in sorted(tasks)}


def _voter(voter: str, data: JudgeData) -> dict[str, Any]:
    """The counts of one voter, in which unusual voters can be seen."""
    own = [vote for vote in data.votes if vote.voter == voter]
    firsts = Counter[str](vote.choice for vote in own if vote.repeat == 0)
    counts = {str(choice): firsts[choice] for choice in CHOICES}
    return {"voter": voter, "votes": len(own), **counts, "left_side": left_side(own, data.kin)}


def _beside_people(judge: str, run: Path, data: JudgeData) -> dict[str, Any]:
    """The agreement of a model with the majority of people, and how it came to its votes.

    Ignores items on which people are split.
    """
    people = {one.item: one for one in verdicts([v for v in data.votes if not v.is_of_model], data.kin)}
    own = {one.item: one for one in verdicts([v for v in data.votes if v.voter == judge], data.kin)}
    common = [item for item in sorted(own) if item in people]
    both = [(people[item], own[item]) for item in common if not people[item].split]
    pairs = agreement.by_two(agreement.ratings_of_verdicts(both))
    decided = [(one.outcome == other.outcome, one.group) for one, other in both if _prefers(one) and _prefers(other)]
    return {
        "items": len(own),
        "common": len(common),
        "split": len(common) - len(both),
        "with_people": pairs[0] if pairs else None,
        "same_winner": share_of([same for same, _ in decided], [group for _, group in decided]),
        "judging": read_judging(run, judge),
    }


def _prefers(one: Verdict) -> bool:
    return one.outcome in ("win", "loss")


def published() -> dict[str, Any]:
    """The human comparison of the paper (figure 3), with the intervals and tests it does not give."""
    found = load_published()
    tasks = {}
    for folder, votes in found.human.items():
        names = [str(sample) for sample in range(SAMPLES)]
        won = [n < votes.win for n in range(votes.win + votes.loss)]
        tasks[folder] = {
            **votes.model_dump(),
            "decided": share_of(won, names[: len(won)]),
            "p": mcnemar(votes.win, votes.loss),
        }
    return {"source": found.source, "note": found.note, "tasks": tasks}


def plainly(value: Any) -> Any:
    """Convert to JSON types; named tuples become mappings."""
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {key: plainly(item) for key, item in value.items()}
    return [plainly(item) for item in value] if isinstance(value, list | tuple) else value
