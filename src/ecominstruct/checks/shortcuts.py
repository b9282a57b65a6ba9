"""How far one gets without understanding: by overlap, length or a brand. What a listed shortcut tells is no skill."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ecominstruct.checks.listings import Sides, brands, listing
from ecominstruct.languages import units

LIMIT = 0.60  # an AUC above this makes a feature a shortcut
SURE = 2.0  # standard errors by which it must lie above chance
FEWEST = 20  # rows of each class that can be told apart at all


class Told(NamedTuple):
    """How well one number tells two classes apart. `auc` is at least one half, whichever way the number points."""

    auc: float
    accuracy: float  # of the best threshold
    majority: float
    n: int
    is_shortcut: bool


class Profile(NamedTuple):
    """What can be seen of a pair of sides without understanding, computed once for each side."""

    characters: frozenset[str]
    units: frozenset[str]
    title: frozenset[str]
    length: int
    brands: tuple[str, ...]
    folded: str


def profile(text: str, words: str) -> Profile:
    """What can be seen of one side: `text` as it stands, `words` as what it says."""
    found = listing(text)
    title = _characters(found.title) if found else frozenset()
    names = tuple(name.casefold() for name in brands(text))
    return Profile(_characters(words), frozenset(units(words)), title, len(text), names, text.casefold())


def _characters(text: str) -> frozenset[str]:
    """The distinct characters of a text, without blanks."""
    return frozenset("".join(text.split()))


def features(left: Profile, right: Profile) -> dict[str, float]:
    """What a pair of sides shows: the listed shortcuts of matching tasks.

    characters     share of the distinct characters of the left side that also stand on the right
    units          the same for words (Chinese: characters), without regard to case, of the side that has fewer
    titles         characters that both titles hold, of those that either holds (only where both sides are listings)
    length, …      of both sides together, and of each
    brand          1 where a brand named on one side stands on the other (only where one is named)
    """
    seen = {
        "characters": len(left.characters & right.characters) / max(len(left.characters), 1),
        "units": len(left.units & right.units) / max(min(len(left.units), len(right.units)), 1),
        "length": float(left.length + right.length),
        "length_left": float(left.length),
        "length_right": float(right.length),
        "brand": float(_names(left, right) or _names(right, left)),
    }
    if left.title and right.title:
        seen["titles"] = len(left.title & right.title) / len(left.title | right.title)
    return seen


def _names(one: Profile, other: Profile) -> bool:
    return any(name in other.folded for name in one.brands)


def features_of(found: Sides) -> dict[str, float]:
    """What the two sides of an input show."""
    return features(profile(found.left, found.left_words), profile(found.right, found.right_words))


def told(values: Sequence[float], positive: Sequence[bool]) -> Told | None:
    """How well a number tells positive rows from others; None where there are too few of either, or one value only."""
    numbers, classes = np.asarray(values, float), np.asarray(positive, bool)
    n, ones = len(classes), int(classes.sum())
    if min(ones, n - ones) < FEWEST or numbers.min() == numbers.max():
        return None
    area = auc(numbers, classes)
    either = max(area, 1 - area)
    sure = either - SURE * _standard_error(either, ones, n - ones) > 0.5
    return Told(either, _best_threshold(numbers, classes), max(ones, n - ones) / n, n, either > LIMIT and sure)


def auc(values: np.ndarray, positive: np.ndarray) -> float:
    """The chance that a positive row has the larger value; ties count one half."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ones = int(positive.sum())
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * (len(values) - ones)))


def _standard_error(area: float, ones: int, others: int) -> float:
    """Of an AUC (Hanley and McNeil 1982)."""
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (first - area**2) + (others - 1) * (second - area**2)
    return float(np.sqrt(max(spread, 0.0) / (ones * others)))


def _best_threshold(values: np.ndarray, positive: np.ndarray) -> float:
    """The share of rows that the best single threshold puts into the right class, whichever way it points."""
    _, place = np.unique(values, return_inverse=True)
    ones = np.bincount(place, weights=positive)
    all_rows = np.bincount(place)
    above = ones.sum() + np.concatenate([[0.0], np.cumsum(all_rows - 2 * ones)])
    return float(max(above.max(), len(values) - above.min()) / len(values))


Guess = Callable[[str, str], float]


def _shared_characters(text: str, choice: str) -> float:
    asked = _characters(text)
    return len(asked & _characters(choice)) / max(len(asked), 1)


def _shared_units(text: str, choice: str) -> float:
    asked = set(units(text))
    return len(asked & set(units(choice))) / max(len(asked), 1)


GUESSES: Mapping[str, Guess] = {
    "characters": _shared_characters,
    "units": _shared_units,
    "longest": lambda _, choice: len(choice),
    "shortest": lambda _, choice: -len(choice),
}
"""Ways to choose a candidate without understanding: the one with the highest value; of equals, the first one shown."""
