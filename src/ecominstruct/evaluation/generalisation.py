"""Generalisation tables: mean scores of seen and unseen groups of tasks, as in the paper.

A group is seen if the release has training rows of it: of the same origin, task, category or input language. The scorer
cannot know whether the model was trained on this release.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.evaluation.intervals import DIGITS, percentiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEEN = {"origin": "origin", "id": "task", "category": "category", "lang": "language"}
PAIRS = (("lang", "en", "zh"), ("level", "final", "atomic"))
Tasks = Mapping[str, Mapping[str, Any]]


class Skill(NamedTuple):
    """The headline score of one task, with its value in each resample."""

    n: int
    score: float
    drawn: NDArray[Any]  # (RESAMPLES,); the same resamples for all tasks


def tables(tasks: Tasks, trained: Collection[str], skills: Mapping[str, Skill]) -> list[dict[str, Any]]:
    """Return all tables of one model. Each has two groups of tasks and the gap between them, left minus right.

    `tasks` is the content of tasks.json, `trained` the tasks with training rows, `skills` the answered tasks.
    """
    asked = sorted(skills)
    return [_table(name, groups, skills) for name, groups in _groups(tasks, trained, asked)]


def _groups(tasks: Tasks, trained: Collection[str], asked: Sequence[str]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    for key, name in SEEN.items():
        known = {tasks[task][key] for task in trained}
        seen = [task for task in asked if tasks[task][key] in known]
        yield f"seen {name}", {"seen": seen, "unseen": [task for task in asked if task not in seen]}
    for key, left, right in PAIRS:
        named = {value: [task for task in asked if tasks[task][key] == value] for value in (left, right)}
        yield f"{left} and {right}", named


def _table(name: str, groups: Mapping[str, Sequence[str]], skills: Mapping[str, Skill]) -> dict[str, Any]:
    found = {key: [skills[task] for task in named] for key, named in groups.items()}
    left, right = found.values()
    gap = None
    if left and right:
        low, high = percentiles(_drawn(left) - _drawn(right))
        gap = {"difference": round(_mean(left) - _mean(right), DIGITS), "low": low, "high": high}
    return {"name": name, "groups": [_group(key, members) for key, members in found.items()], "gap": gap}


def _group(name: str, skills: Sequence[Skill]) -> dict[str, Any]:
    if not skills:
        return {"name": name, "tasks": 0, "n": 0, "score": None, "low": None, "high": None}
    low, high = percentiles(_drawn(skills))
    n = sum(one.n for one in skills)
    return {"name": name, "tasks": len(skills), "n": n, "score": round(_mean(skills), DIGITS), "low": low, "high": high}


def _mean(skills: Sequence[Skill]) -> float:
    return math.fsum(one.score for one in skills) / len(skills)


def _drawn(skills: Sequence[Skill]) -> NDArray[Any]:
    found: NDArray[Any] = np.mean([one.drawn for one in skills], axis=0)
    return found
