"""Tests of whether removing rows changed the distribution of golds: label shares, agreement on one text, and order.

Each function compares the kept rows with a random removal of as many rows, and bounds the probability of so large a
shift under the null hypothesis: whether a family is kept is independent of its golds. Rows of a family (one product,
one query) are correlated, both in their golds and in being kept, so families are the independent units.

A shift D is a sum of influences u, one per family. Its variance V is the larger of two estimates: the sum of u² (the
cluster-robust sandwich estimator: Liang and Zeger 1986), and the variance under the null hypothesis, with the
within-family correlations of golds and of being kept (the design effect: Kish 1965). The first alone is too small if a
rare label was never removed, the second if families differ. The probability is at most 2·exp(−D²/2V), the bound for a
self-normalised sum of symmetric terms (Efron 1969; de la Peña, Lai and Shao 2009). It holds for any number of families,
while a normal approximation needs many. As V ≥ Σu², D²/V is at most the number of families, so few families never give
a significant shift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import Flags, Indices

Floats = npt.NDArray[np.float64]
FEWEST = 20  # minimum rows with a label, or texts shared by several rows, for a test
LONGEST_LAG = 8  # maximum distance of rows that become neighbours; pairs farther apart are ignored in the order test
_LEAST = 1e-300  # minimum of a reported probability
BLOCKS = 200  # number of blocks of consecutive families in the order test
_SIZES = np.array([*range(3, 9), 12, 16, 24, 32, 64, 128, 256, 512, 1024])  # lower bounds of classes of group sizes


class Labels(NamedTuple):
    """The labels of rows, each label of a row once: row `rows[i]` has label `labels[i]`, one of 0 to `size` - 1."""

    rows: Indices
    labels: Indices
    size: int


class Moved(NamedTuple):
    """A share before and after rows were removed. `before` is the expectation under random removal.

    `n` is the number of kept rows that `after` is a share of. `p` bounds the probability of so large a shift.
    """

    before: float
    after: float
    n: int
    p: float

    @property
    def shift(self) -> float:
        """The change of the share."""
        return self.after - self.before


def share_shifts(of: Labels, kept: Flags, families: Indices) -> list[Moved | None]:
    """Test how the share of each label changed; returns one entry per label, None if it has fewer than FEWEST rows.

    `kept` and `families` are `(n,)`, one entry per row; families are numbered from 0.
    """
    left = int(kept.sum())
    if not 0 < left < len(kept):
        return [None] * of.size
    n, rate = len(kept), left / len(kept)
    off = kept - rate
    counts = np.bincount(of.labels, minlength=of.size)
    before = counts / n
    after = np.bincount(of.labels, kept[of.rows], of.size) / left
    sizes, kept_by = np.bincount(families).astype(float), np.bincount(families, off)
    # One entry per family and label that occur together: sums over the rows of the family with the label.
    both, place = np.unique(families[of.rows] * of.size + of.labels, return_inverse=True)
    family, label = np.divmod(both, of.size)
    rows, kept_rows = np.bincount(place).astype(float), np.bincount(place, off[of.rows])

    def squares(sums: npt.NDArray[Any], of_family: npt.NDArray[Any]) -> Floats:
        """For each label, the sum over families of (sum of its rows − before · sum of all rows)²."""
        found = np.bincount(label, sums * (sums - 2 * before[label] * of_family[family]), of.size)
        return np.asarray(found + before**2 * float((of_family**2).sum()), np.float64)

    spread, pairs = before * (1 - before), float((sizes * (sizes - 1)).sum())
    alike = _correlation(squares(rows, sizes) - n * spread, spread * pairs)
    alike *= _correlation(np.array((kept_by**2).sum() - n * rate * (1 - rate)), np.array(rate * (1 - rate) * pairs))
    null = rate * (1 - rate) * spread * (n + alike * pairs)
    variance = np.maximum(squares(kept_rows, kept_by), null) / left**2
    return [
        Moved(float(before[at]), float(after[at]), left, _tail(float(after[at] - before[at]), float(variance[at])))
        if counts[at] >= FEWEST
        else None
        for at in range(of.size)
    ]


def agreement_shift(texts: Indices, inputs: Indices, golds: Indices, kept: Flags, families: Indices) -> Moved | None:
    """Test how the agreement of golds changed among rows that share a text but differ otherwise.

    All arrays are `(n,)`, one entry per row: the index of the shared text, of the whole input and of the gold, whether
    the row is kept, and the index of the family. The agreement of a row is the share of the rows with the same text and
    another input that have the same gold. Each row counts once, so one long list of questions does not dominate. A text
    with one kept row drops out. The rest is compared with texts of similar size, because random removal keeps larger
    groups more often. Returns None if fewer than FEWEST texts have several inputs, or if none of them is kept or all
    are.
    """
    count = int(texts.max(initial=-1)) + 1
    size, agreed = _by_text(agreement(texts, inputs, golds), texts, count)
    some = np.flatnonzero(kept)
    left, still = _by_text(agreement(texts[some], inputs[some], golds[some]), texts[some], count)
    used = np.flatnonzero(size)
    if len(used) < FEWEST or not left.any() or (left == size).all():
        return None
    size, agreed, left, still = size[used], agreed[used], left[used], still[used]
    first = np.zeros(count, np.int64)
    first[texts] = families  # rows of one text belong to one family, except in sources of pairs
    family = np.unique(first[used], return_inverse=True)[1]
    classes = np.unique(np.searchsorted(_SIZES, size, "right"), return_inverse=True)[1]
    rate = np.bincount(classes, left) / np.bincount(classes, size)
    usual = np.bincount(classes, agreed) / np.bincount(classes, size)
    total = float(left.sum())
    odd = agreed / size - usual[classes]
    over = left - rate[classes] * size
    influence = still - usual[classes] * left - rate[classes] * size * odd
    spread = np.bincount(classes, odd**2) * np.bincount(classes, over**2)
    null = float((spread / np.maximum(np.bincount(classes) - 1, 1)).sum()) * _design(over, odd, family)
    by_family = np.bincount(family, influence)
    variance = max(float((by_family**2).sum()), null) / total**2
    before, after = float((usual[classes] * left).sum() / total), float(still.sum() / total)
    return Moved(before, after, int(total), _tail(after - before, variance))


class Agreement(NamedTuple):
    """For each row, the number of rows with its text and another input, and how many of them have its gold."""

    others: Indices
    same: Indices


def agreement(texts: Indices, inputs: Indices, golds: Indices) -> Agreement:
    """Count the rows that share a text, and those whose golds agree.

    All arrays are `(n,)` indices from 0. Rows with the same input must have the same text.
    """
    others = _counts(texts) - _counts(inputs)
    same = _counts(texts, golds) - _counts(inputs, golds)
    return Agreement(others, same)


def order_shift(golds: Indices, kept: Flags, families: Indices) -> Moved | None:
    """Test how the share of neighbouring rows with equal golds changed. Rows are in file order.

    Kept neighbours may have been several rows apart. They are compared with how often rows at that distance agreed
    before. The independent units are blocks of consecutive families.

    Returns None if there are fewer than FEWEST such neighbours, if nothing was removed, or if the order is no more
    informative than before: the agreement of neighbours is no farther from that of two random rows.
    """
    places = np.flatnonzero(kept)
    lag = np.diff(places)
    near = np.flatnonzero(lag <= LONGEST_LAG)
    if len(near) < FEWEST or len(places) == len(kept):
        return None
    first = np.full(int(families.max()) + 1, len(golds))
    np.minimum.at(first, families, np.arange(len(golds)))
    blocks = first[families] * BLOCKS // len(golds)
    equal = (golds[places[near]] == golds[places[near + 1]]).astype(float)
    usual, influence = np.zeros(len(near)), np.zeros(BLOCKS)
    for apart in range(1, LONGEST_LAG + 1):
        mine = lag[near] == apart
        if mine.any():
            alike = golds[apart:] == golds[:-apart]
            usual[mine] = alike.mean()
            weight = mine.sum() / len(alike)
            influence -= weight * np.bincount(blocks[:-apart], alike - alike.mean(), BLOCKS)
    influence += np.bincount(blocks[places[near]], equal - usual, BLOCKS)
    before, after = float(usual.mean()), float(equal.mean())
    chance = float((np.bincount(golds[places]) ** 2.0).sum()) / len(places) ** 2
    if abs(after - chance) <= abs(before - chance):
        return None
    moved = float((lag[near] > 1).sum())  # only new neighbours can have changed
    variance = max(float((influence**2).sum()), moved * before * (1 - before)) / len(near) ** 2
    return Moved(before, after, len(near), _tail(after - before, variance))


def beyond_chance(p_values: Sequence[float], tests: int, level: float) -> list[bool]:
    """Return which p-values are significant at a family-wise level (Holm 1979).

    `tests` is the number of tests made; those whose p-values are not given had larger ones.
    """
    found = [False] * len(p_values)
    for rank, at in enumerate(sorted(range(len(p_values)), key=lambda at: p_values[at])):
        if p_values[at] * (tests - rank) > level:
            break
        found[at] = True
    return found


def _tail(shift: float, variance: float) -> float:
    bound = 2 * math.exp(-(shift**2) / (2 * variance)) if variance > 0 else 1.0
    return min(max(bound, _LEAST), 1.0)


def _correlation(products: Floats, most: Floats) -> Floats:
    """The within-family correlation: the sum of products of all pairs, divided by its maximum, clipped to [0, 1]."""
    return np.clip(np.divide(products, most, out=np.zeros(np.shape(most)), where=most > 0), 0, 1)


def _design(one: Floats, other: Floats, family: Indices) -> float:
    """The design effect: by how much within-family correlation raises the variance of a sum of products."""
    sizes = np.bincount(family)
    pairs = float((sizes * (sizes - 1.0)).sum())
    alike = 1.0
    for values in (one, other):
        squares = float((values**2).sum())
        inside = float((np.bincount(family, values) ** 2).sum()) - squares
        alike *= float(_correlation(np.array(inside), np.array(squares * pairs / len(values))))
    return 1 + alike * pairs / len(one)


def _by_text(found: Agreement, texts: Indices, count: int) -> tuple[Floats, Floats]:
    """For each text, the number of its rows with another input, and the sum of their agreements."""
    some = found.others > 0
    share = found.same[some] / found.others[some]
    sizes: Floats = np.bincount(texts[some], minlength=count).astype(float)
    return sizes, np.asarray(np.bincount(texts[some], share, count), np.float64)


def _counts(*numbers: Indices) -> Indices:
    """For each row, the number of rows with the same values in all arrays."""
    key = numbers[0].astype(np.int64)
    for more in numbers[1:]:
        key = key * (int(more.max(initial=0)) + 1) + more
    _, place, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[place], np.int64)
