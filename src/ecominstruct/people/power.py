"""How many items more would decide, if people went on to vote as they did so far.

The sign test at 5 %, two-sided, corrected for the number of tasks; power is the chance that it shows a difference. Both
are exact, from the binomial distribution (the normal approximation is that of Noether 1987, Sample size determination
for some common nonparametric tests, Journal of the American Statistical Association 82).
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.evaluation.intervals import Z80
from ecominstruct.people.preferences import Tally

LEVEL, POWER = 0.05, 0.80
MOST = 100_000  # decided items; who needs more needs another question


class More(NamedTuple):
    """How many items more are needed, or why none would help. `needed`: in all, ties included."""

    more: int | None
    needed: int | None
    reason: str = ""


def more_items(row: Tally, tests: int = 1) -> More:
    """How many items more would show a difference on this task with a chance of 80 %.

    `tests`: how many tasks are tested beside each other; the level is shared out among them (Bonferroni), since p
    values are corrected for their number.
    """
    decided = row.test_wins + row.test_losses
    if not row.groups:
        return More(None, None, "nothing was judged yet")
    p = row.p if row.p_corrected is None else row.p_corrected
    if p is not None and p < LEVEL:
        return More(0, row.groups, "decided")
    if not decided:
        return More(None, None, "nobody preferred either answer so far")
    if row.test_wins == row.test_losses:
        return More(None, None, "as many wins as losses: at this rate, no number of items would decide")
    needed = decided_items(max(row.test_wins, row.test_losses) / decided, LEVEL / tests)
    if needed is None:
        return More(None, None, f"so nearly even that more than {MOST:,} decided items would be needed")
    items = math.ceil(needed * row.groups / decided)
    if items <= row.groups:
        return More(None, None, "enough items for such a rate, but the test has not shown it: judge new ones")
    return More(items - row.groups, items)


def decided_items(rate: float, level: float = LEVEL) -> int | None:
    """How many wins and losses the sign test needs to show a rate of wins above one half, in 80 of 100 cases.

    The least number from which on the power does not fall below 80 % within the next ten; None above `MOST`.
    """
    guess = _approximate(rate, level)
    if guess > MOST:
        return None
    run = 0
    for n in range(max(6, math.floor(guess * 0.8) - 10), 2 * math.ceil(guess) + 40):
        run = run + 1 if sign_test_power(n, rate, level) >= POWER else 0
        if run == 10:
            return n - 9
    return None


def sign_test_power(n: int, rate: float, level: float = LEVEL) -> float:
    """The chance that the two-sided exact sign test shows the truth, with n decided items of this rate of wins."""
    try:
        from scipy.stats import binom
    except ImportError:
        raise input_error("power is computed with scipy", "pip install 'ecominstruct[people]'") from None
    most = int(binom.ppf(level / 2, n, 0.5))  # of the rarer outcome with which the test still shows a difference
    while most >= 0 and 2 * binom.cdf(most, n, 0.5) >= level:
        most -= 1
    return float(binom.cdf(most, n, rate) + binom.sf(n - most - 1, n, rate)) if most >= 0 else 0.0


def _approximate(rate: float, level: float) -> float:
    """Decided items by the normal approximation, with the variance under both hypotheses."""
    quantile = NormalDist().inv_cdf(1 - level / 2)
    return ((quantile / 2 + Z80 * math.sqrt(rate * (1 - rate))) / (rate - 0.5)) ** 2
