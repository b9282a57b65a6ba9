"""The mixture: how many training rows of each task are taken, from the recipe and the numbers available."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from math import floor, isqrt
from typing import NamedTuple

from ecominstruct.config.recipe import Mixture
from ecominstruct.tasks.spec import Task


class Limits(NamedTuple):
    """The limits that the mixture sets for one task."""

    rate: float = 1.0
    cap: int | None = None
    wordings: int | None = None
    balance_from: int | None = None
    share: int | None = None  # its share of the total number of rows in the recipe

    def steps(self, rows: int) -> list[tuple[str, int]]:
        """Apply the limits in order to `rows` rows; return each limit's reason and the number of rows left after it."""
        steps = [("sampled_out", floor(rows * self.rate + 0.5))]
        if self.balance_from is not None:
            steps.append(("over_balance", balanced(steps[-1][1], self.balance_from)))
        steps += [
            (reason, most) for reason, most in (("over_cap", self.cap), ("over_share", self.share)) if most is not None
        ]
        return steps


def balanced(rows: int, start: int) -> int:
    """Square-root balancing: `start` rows, plus the square root of the number beyond."""
    return rows if rows <= start else start + isqrt(rows - start)


def limits(mixture: Mixture, task: Task) -> Limits:
    """The limits of a task, except its share of `rows`, which depends on the other tasks."""
    rate = mixture.langs.get(task.lang, 1.0) * mixture.levels.get(task.level, 1.0)
    for pattern, share in mixture.rates.items():
        rate *= share if fnmatchcase(task.id, pattern) else 1.0
    start = mixture.balance_from if mixture.balance == "sqrt" else None
    return Limits(rate, mixture.cap_per_task, mixture.wordings, start)


def share_out(mixture: Mixture, tasks: Iterable[Task], sizes: Mapping[str, int]) -> dict[str, Limits]:
    """Return the limits of all tasks. `sizes` are the training rows of each task before any are removed.

    `rows` are divided in proportion to size ** (1 / temperature) (temperature-scaled mixing: Raffel et al. 2020). No
    task gets more rows than it has; the remainder goes to the other tasks.
    """
    found = {task.id: limits(mixture, task) for task in tasks}
    if mixture.rows is None:
        return found
    most = {name: min((left for _, left in of.steps(sizes.get(name, 0))), default=0) for name, of in found.items()}
    weights = {name: size ** (1 / mixture.temperature) for name, size in most.items() if size}
    left, shares = mixture.rows, dict.fromkeys(found, 0)
    while weights:
        total = sum(weights.values())
        full = [name for name, weight in weights.items() if left * weight / total >= most[name]]
        if not full:
            shares |= {name: floor(left * weight / total) for name, weight in weights.items()}
            break
        for name in full:
            shares[name] = most[name]
            left -= most[name]
            del weights[name]
    return {name: of._replace(share=shares[name]) for name, of in found.items()}
