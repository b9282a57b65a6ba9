"""Shortcuts: how well golds are predicted without understanding, by overlap, length or a brand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ecominstruct.checks.listings import Sides, brands, listing
from ecominstruct.languages import units

LIMIT = 0.60  # a feature with an AUC above this is a shortcut
SURE = 2.0  # standard errors by which the AUC must exceed 0.5
FEWEST = 20  # minimum rows of each class


class Told(NamedTuple):
    """How well one number separates two classes. `auc` is at least 0.5, whichever direction the number has."""

    auc: float
    accuracy: float  # of the best threshold
    majority: float
    n: int
    is_shortcut: bool


class Profile(NamedTuple):
    """Surface features of one side of a pair, computed once per side."""

    characters: frozenset[str]
    units: frozenset[str]
    title: frozenset[str]
    length: int
    brands: tuple[str, ...]
    folded: str


def profile(text: str, words: str) -> Profile:
    """Compute the surface features of a side: `text` as written, `words` without attribute names."""
    found = listing(text)
    title = _characters(found.title) if found else frozenset()
    names = tuple(name.casefold() for name in brands(text))
    return Profile(_characters(words), frozenset(units(words)), title, len(text), names, text.casefold())


def _characters(text: str) -> frozenset[str]:
    """The distinct characters of a text, without white space."""
    return frozenset("".join(text.split()))


def features(left: Profile, right: Profile) -> dict[str, float]:
    """Return the surface features of a pair: the known shortcuts of matching tasks.

    characters     share of the distinct characters of the left side that also occur on the right
    units          the same for units (words, Chinese characters), ignoring case, as a share of the side with fewer
    titles         Jaccard similarity of the characters of both titles (only if both sides are listings)
    length, …      of both sides together, and of each
    brand          1 if a brand named on one side occurs on the other, else 0
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
    """Return the surface features of the two sides of an input."""
    return features(profile(found.left, found.left_words), profile(found.right, found.right_words))


def told(values: Sequence[float], positive: Sequence[bool]) -> Told | None:
    """Measure how well a number separates positive rows from others.

    `values` and `positive` are `(n,)`. Returns None if either class has fewer than FEWEST rows, or all values are
    equal.
    """
    numbers, classes = np.asarray(values, float), np.asarray(positive, bool)
    n, ones = len(classes), int(classes.sum())
    if min(ones, n - ones) < FEWEST or numbers.min() == numbers.max():
        return None
    area = auc(numbers, classes)
    either = max(area, 1 - area)
    sure = either - SURE * _standard_error(either, ones, n - ones) > 0.5
    return Told(either, _best_threshold(numbers, classes), max(ones, n - ones) / n, n, either > LIMIT and sure)


def auc(values: np.ndarray, positive: np.ndarray) -> float:
    """Return the area under the ROC curve: the probability that a positive row has the larger value; ties count half.

    By ranks, as the Mann–Whitney U statistic (Hanley and McNeil 1982). Both arrays are `(n,)`; `positive` is boolean.
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[place]
    ones = int(positive.sum())
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * (len(values) - ones)))


def _standard_error(area: float, ones: int, others: int) -> float:
    """The standard error of an AUC (Hanley and McNeil 1982)."""
    first, second = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (ones - 1) * (first - area**2) + (others - 1) * (second - area**2)
    return float(np.sqrt(max(spread, 0.0) / (ones * others)))


def _best_threshold(values: np.ndarray, positive: np.ndarray) -> float:
    """The accuracy of the best single threshold, in either direction."""
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
"""Baselines that choose a candidate without understanding: the one with the highest value, of equals the first."""
