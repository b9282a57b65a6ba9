"""Model strengths from all comparisons: the Bradley-Terry model with ties and a side effect.

Davidson (1970), On extending the Bradley-Terry model to accommodate ties in paired comparison experiments, Journal of
the American Statistical Association 65, with the order effect of Davidson and Beaver (1977), Biometrics 33. With s the
strength of a model, a the advantage of the left side and t a parameter for ties, the three outcomes have the odds

    left wins : right wins : neither  =  exp(s_left + a/2) : exp(s_right - a/2) : exp((s_left + s_right)/2 + t)

The log-likelihood is concave. It has a unique maximum unless some models won every decided comparison against the rest;
a linear programme tests this first (Albert and Anderson 1984, Biometrika 71). Standard errors are cluster-robust:
scores are summed over groups of related examples (Liang and Zeger 1986, Biometrika 73), because several votes on one
item are not independent.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ecominstruct.errors import input_error
from ecominstruct.evaluation.intervals import DIGITS, FEWEST_FAMILIES, Z95
from ecominstruct.people.preferences import Share
from ecominstruct.people.votes import Vote

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEFT, RIGHT, NEITHER = range(3)
PSEUDO = 0.5  # pseudo-votes added to each outcome of each comparison if the likelihood has no maximum
TINY = 1e-9


class Strength(NamedTuple):
    """A model's strength (the mean over all models is 0), and its mean probability of winning a decided comparison."""

    model: str
    strength: float
    low: float | None
    high: float | None
    wins: Share


class Duel(NamedTuple):
    """The fitted probability that the first of two models wins, given that one of them wins."""

    pair: tuple[str, str]
    wins: Share


class Fit(NamedTuple):
    """Models that are connected by comparisons, directly or through others; strongest first.

    `left`: the probability that the left of two equal answers wins, given that one wins; `ties`: the probability that
    equal answers tie.
    """

    models: tuple[Strength, ...]
    duels: tuple[Duel, ...]
    left: Share
    ties: Share
    votes: int
    groups: int
    reason: str  # why there are no intervals, or no fit


def fit_strengths(votes: Sequence[Vote], kin: Mapping[str, str] | None = None) -> list[Fit]:
    """One fit for each connected set of models. Only first votes count; `tie` and `both_bad` are both no preference.

    `kin` maps an example to its group. Raises InputError if scipy is not installed.
    """
    firsts = [vote for vote in votes if vote.repeat == 0]
    fits = []
    for models in _connected(firsts):
        inside = [vote for vote in firsts if vote.left in models]
        groups = [(kin or {}).get(vote.example, vote.example) for vote in inside]
        fits.append(_fit(models, inside, groups))
    return fits


def _connected(votes: Sequence[Vote]) -> list[list[str]]:
    """The connected components of the comparison graph, the largest first."""
    sets: list[set[str]] = []
    for pair in sorted({vote.pair for vote in votes}):
        touched = [one for one in sets if one & set(pair)]
        sets = [one for one in sets if one not in touched] + [set(pair).union(*touched)]
    return sorted((sorted(one) for one in sets), key=lambda one: (-len(one), one))


class _Design(NamedTuple):
    """The votes as arrays. Parameters: strengths of all models but the first, then side and ties if they are fitted."""

    features: NDArray[Any]  # (sorts of comparison, outcomes, parameters)
    possible: NDArray[Any]  # (outcomes,): whether the outcome occurs in the model
    sorts: NDArray[Any]  # (votes,): index of the (left, right) pair of models
    outcomes: NDArray[Any]  # (votes,)
    groups: NDArray[Any]  # (votes,)
    has_side: bool

    @property
    def counts(self) -> NDArray[Any]:
        """The number of votes of each sort and outcome: (sorts, outcomes)."""
        table = np.zeros(self.features.shape[:2])
        np.add.at(table, (self.sorts, self.outcomes), 1)
        return table


def _design(models: Sequence[str], votes: Sequence[Vote], groups: Sequence[str], with_side: bool) -> _Design:
    sides = sorted({(vote.left, vote.right) for vote in votes})
    has_ties = any(vote.winner is None for vote in votes)
    has_side = with_side and any((right, left) in sides for left, right in sides)
    place = {model: column - 1 for column, model in enumerate(models)}  # the first has no column: it is 0
    size = len(models) - 1 + has_side + has_ties
    features = np.zeros((len(sides), 3, size))
    for row, (left, right) in enumerate(sides):
        for model, outcome in ((left, LEFT), (right, RIGHT)):
            if place[model] >= 0:
                features[row, outcome, place[model]] = 1
                features[row, NEITHER, place[model]] = 0.5
        if has_side:
            features[row, (LEFT, RIGHT), len(models) - 1] = 0.5, -0.5
        if has_ties:
            features[row, NEITHER, size - 1] = 1
    number = {side: row for row, side in enumerate(sides)}
    sorts = np.array([number[vote.left, vote.right] for vote in votes])
    outcomes = np.array(
        [NEITHER if vote.winner is None else LEFT if vote.choice == "left" else RIGHT for vote in votes]
    )
    _, kin = np.unique(np.asarray(groups), return_inverse=True)
    return _Design(features, np.array([True, True, has_ties]), sorts, outcomes, kin, has_side)


def _fit(models: Sequence[str], votes: Sequence[Vote], groups: Sequence[str]) -> Fit:
    size = (len(votes), len(set(groups)))
    nothing = Share(None, None, None, 0)
    if all(vote.winner is None for vote in votes):
        return Fit((), (), nothing, nothing, *size, f"nobody preferred any answer of {', '.join(models)}")
    design = _design(models, votes, groups, with_side=True)
    reason = _unlimited(design, models)
    if reason and design.has_side:  # few votes may determine the strengths but not the side effect
        design = _design(models, votes, groups, with_side=False)
        reason = _unlimited(design, models)
    counts = design.counts
    if reason:
        counts = counts + PSEUDO * design.possible
    found = _maximum(design, counts)
    covariance = None
    if not reason and size[1] < FEWEST_FAMILIES:
        reason = f"{size[1]} independent items are too few for intervals"
    elif not reason:
        covariance = _covariance(design, found)
    return Fit(*_told(models, design, found, covariance), *size, reason)


def _chances(design: _Design, parameters: NDArray[Any]) -> NDArray[Any]:
    """The outcome probabilities: (sorts, outcomes)."""
    height = design.features @ parameters
    height[:, ~design.possible] = -np.inf
    height = np.exp(height - height.max(axis=1, keepdims=True))
    chances: NDArray[Any] = height / height.sum(axis=1, keepdims=True)
    return chances


def _maximum(design: _Design, counts: NDArray[Any]) -> NDArray[Any]:
    """The maximum likelihood estimate; the likelihood must have a maximum."""
    try:
        from scipy.optimize import minimize
    except ImportError:
        raise input_error("strengths are fitted with scipy", "pip install 'ecominstruct[people]'") from None
    total = counts.sum()

    def loss(parameters: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        chances = _chances(design, parameters)
        likely = np.log(chances, where=counts > 0, out=np.zeros_like(chances))
        expected = counts.sum(axis=1, keepdims=True) * chances
        slope = np.einsum("so,sop->p", counts - expected, design.features)
        return -float((counts * likely).sum()) / total, -slope / total

    def curve(parameters: NDArray[Any]) -> NDArray[Any]:
        bent: NDArray[Any] = _information(design, counts.sum(axis=1), parameters) / total
        return bent

    start = np.zeros(design.features.shape[2])
    found = minimize(loss, start, jac=True, hess=curve, method="trust-exact", options={"gtol": 1e-9, "maxiter": 1000})
    best: NDArray[Any] = found.x
    return best


def _information(design: _Design, votes: NDArray[Any], parameters: NDArray[Any]) -> NDArray[Any]:
    """Fisher information; `votes`: number of votes of each sort."""
    chances = _chances(design, parameters)
    mean = np.einsum("so,sop->sp", chances, design.features)
    away = design.features - mean[:, None, :]
    bent: NDArray[Any] = np.einsum("s,so,sop,soq->pq", votes, chances, away, away)
    return bent


def _covariance(design: _Design, parameters: NDArray[Any]) -> NDArray[Any]:
    """The sandwich covariance of the parameters, with scores summed over groups."""
    chances = _chances(design, parameters)
    mean = np.einsum("so,sop->sp", chances, design.features)
    scores = design.features[design.sorts, design.outcomes] - mean[design.sorts]
    groups = int(design.groups.max()) + 1
    sums = np.zeros((groups, scores.shape[1]))
    np.add.at(sums, design.groups, scores)
    bread = np.linalg.inv(_information(design, design.counts.sum(axis=1), parameters))
    covariance: NDArray[Any] = bread @ (sums.T @ sums) @ bread * groups / (groups - 1)
    return covariance


def _unlimited(design: _Design, models: Sequence[str]) -> str:
    """Why the likelihood has no maximum; '' if it has one.

    It has none if there is a direction in which no vote becomes less likely and some become more likely.
    """
    from scipy.optimize import linprog

    better = np.array(list(_gains(design)))
    found = linprog(-better.sum(axis=0), A_ub=-better, b_ub=np.zeros(len(better)), bounds=(-1, 1), method="highs")
    if -found.fun <= TINY * len(better):
        return ""
    towards = np.concatenate([[0.0], found.x[: len(models) - 1]])
    highest = [model for model, way in zip(models, towards, strict=True) if way > towards.max() - TINY]
    lowest = [model for model, way in zip(models, towards, strict=True) if way < towards.min() + TINY]
    return (
        f"{', '.join(highest)} lost nothing that was decided against {', '.join(lowest)}, directly or by way of "
        "others: the votes set no limit to how far they lie apart. Half a vote for each outcome was added to show the "
        "order; there are no intervals"
    )


def _gains(design: _Design) -> Iterator[NDArray[Any]]:
    """For each observed outcome and each other possible one: the difference of their feature rows."""
    for sort, outcome in zip(*np.nonzero(design.counts), strict=True):
        for other in np.flatnonzero(design.possible):
            if other != outcome:
                yield design.features[sort, outcome] - design.features[sort, other]


def _told(
    models: Sequence[str], design: _Design, found: NDArray[Any], covariance: NDArray[Any] | None
) -> tuple[tuple[Strength, ...], tuple[Duel, ...], Share, Share]:
    """The fit as strengths, pairwise probabilities, side effect and ties."""
    n = len(models)
    basis = np.zeros((n, len(found)))  # maps parameters to strengths, the first model at zero
    basis[1:, : n - 1] = np.eye(n - 1)
    strengths, lifted = basis @ found, basis - basis.mean(axis=0)
    votes = len(design.sorts)
    told, duels = [], []
    for row, model in enumerate(models):
        chances = 1 / (1 + np.exp(strengths - strengths[row]))
        others = np.arange(n) != row
        slope = (chances * (1 - chances))[others] @ (basis[row] - basis)[others] / (n - 1)
        wins = _share(float(chances[others].mean()), slope, covariance, votes)
        centre = float(strengths[row] - strengths.mean())
        told.append(Strength(model, round(centre, DIGITS), *_around(centre, lifted[row], covariance), wins))
        for other in range(row + 1, n):
            chance = float(chances[other])
            way = chance * (1 - chance) * (basis[row] - basis[other])
            duels.append(Duel((model, models[other]), _share(chance, way, covariance, votes)))
    told.sort(key=lambda one: (-one.strength, one.model))
    return tuple(told), tuple(duels), *_side_and_ties(n, design, found, covariance, votes)


def _side_and_ties(
    n: int, design: _Design, found: NDArray[Any], covariance: NDArray[Any] | None, votes: int
) -> tuple[Share, Share]:
    """The probability that the left of two equal answers wins, and that equal answers tie."""
    left, ties = Share(None, None, None, 0), Share(0.0, None, None, votes)
    unit = np.eye(len(found))
    if design.has_side:
        chance = 1 / (1 + math.exp(-found[n - 1]))
        left = _share(chance, chance * (1 - chance) * unit[n - 1], covariance, votes)
    if design.possible[NEITHER]:
        many = math.exp(found[-1])
        ties = _share(many / (2 + many), 2 * many / (2 + many) ** 2 * unit[-1], covariance, votes)
    return left, ties


def _around(value: float, slope: NDArray[Any], covariance: NDArray[Any] | None) -> tuple[float | None, float | None]:
    if covariance is None:
        return None, None
    half = Z95 * math.sqrt(max(float(slope @ covariance @ slope), 0.0))
    return round(value - half, DIGITS), round(value + half, DIGITS)


def _share(value: float, slope: NDArray[Any], covariance: NDArray[Any] | None, votes: int) -> Share:
    """A share whose interval is symmetric in log odds (delta method); `slope` is the gradient of the share."""
    if covariance is None:
        return Share(round(value, DIGITS), None, None, votes)
    odds, spread = math.log(value / (1 - value)), value * (1 - value)
    low, high = _around(odds, slope / spread, covariance)
    ends = [round(1 / (1 + math.exp(-end)), DIGITS) for end in (low or 0.0, high or 0.0)]
    return Share(round(value, DIGITS), ends[0], ends[1], votes)
