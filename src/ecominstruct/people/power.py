"""How many more items would decide, if voting continues at the observed rates.

The test is the two-sided sign test at 5 %, corrected for the number of tasks; power is the probability that it shows a
difference. Both are exact, from the binomial distribution. The starting guess uses the normal approximation of Noether
(1987), Sample size determination for some common nonparametric tests, Journal of the American Statistical Association
82.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

from ecominstruct.errors import input_error
from ecominstruct.evaluation.intervals import Z80
from ecominstruct.people.preferences import Tally

LEVEL, POWER = 0.05, 0.80
MOST = 100_000  # decided items; above this, no number is reported


class More(NamedTuple):
    """How many more items are needed, or why none would help. `needed`: the total, ties included."""

    more: int | None
    needed: int | None
    reason: str = ""


def more_items(row: Tally, tests: int = 1) -> More:
    """How many more items would show a difference on this task with a power of 80 %.

    `tests`: the number of tasks tested together; the level is divided among them (Bonferroni), since p values are
    corrected for their number.
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
    """The number of decided items that the sign test needs at this rate of wins (above one half) for a power of 80 %.

    The power of the exact test is not monotonic: this is the first number after which it stays at 80 % or more for ten
    consecutive numbers. None above `MOST`.
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
    """The probability that the two-sided exact sign test is significant, with n decided items of this rate of wins."""
    try:
        from scipy.stats import binom
    except ImportError:
        raise input_error("power is computed with scipy", "pip install 'ecominstruct[people]'") from None
    most = int(binom.ppf(level / 2, n, 0.5))  # the largest count of the rarer outcome at which the test is significant
    while most >= 0 and 2 * binom.cdf(most, n, 0.5) >= level:
        most -= 1
    return float(binom.cdf(most, n, rate) + binom.sf(n - most - 1, n, rate)) if most >= 0 else 0.0


def _approximate(rate: float, level: float) -> float:
    """Decided items by the normal approximation, with the variance under both hypotheses."""
    quantile = NormalDist().inv_cdf(1 - level / 2)
    return ((quantile / 2 + Z80 * math.sqrt(rate * (1 - rate))) / (rate - 0.5)) ** 2
