"""Whether taking rows out moved the distribution of their golds: label shares, agreement under one text, and order.

Each function compares the kept rows with what a random removal of as many rows would leave, and says how likely a
shift of that size would then be. The null hypothesis: whether rows of a family are kept has nothing to do with their
golds. Rows of a family (one product, one query) are kin, both in their golds and in being kept, so families are the
independent units.

A shift D is a sum of influences u, one a family. Its variance is the larger one of two estimates: the sum of u² (the
cluster-robust sandwich: Liang and Zeger 1986), and that of the null hypothesis, with the correlation inside families of
golds and of being kept (the design effect: Kish 1965). The first alone is too small where a rare label was never taken
out, the second where families differ. The probability is at most 2·exp(−D²/2V), the bound of a self-normalised sum of
symmetric terms (Efron 1969; de la Peña, Lai and Shao 2009): it holds for any number of families, where a normal tail
needs many. With V ≥ Σu², D²/V is at most the number of families: few families never show a shift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import Flags, Indices

Floats = npt.NDArray[np.float64]
FEWEST = 20  # rows that have a label, or texts that several rows share: of fewer, nothing is asked
LONGEST_LAG = 8  # rows between two that become neighbours; farther apart, they are left out of the order
_LEAST = 1e-300  # a probability that a number can hold
BLOCKS = 200  # of families in the order of their first rows, in the test of the order
_SIZES = np.array([*range(3, 9), 12, 16, 24, 32, 64, 128, 256, 512, 1024])  # where classes of group sizes begin


class Labels(NamedTuple):
    """The labels of rows, each label of each row once: row `rows[i]` has label number `labels[i]` of `size`."""

    rows: Indices
    labels: Indices
    size: int


class Moved(NamedTuple):
    """A share before and after rows were taken out. `before` is what a random removal would leave on average.

    `n`: the kept rows that `after` is a share of. `p`: how likely a shift as large is where removal is random.
    """

    before: float
    after: float
    n: int
    p: float

    @property
    def shift(self) -> float:
        """What the share has gained, or lost."""
        return self.after - self.before


def share_shifts(of: Labels, kept: Flags, families: Indices) -> list[Moved | None]:
    """How the share of each label moved; None where it has fewer than FEWEST rows.

    `kept` and `families` have one entry a row, shape (N,); families are numbered from 0.
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
    # Sums over the rows of a family that have a label, for each family and label that occur together.
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
    """How the agreement of golds moved among rows that share a text and differ in what else they show.

    All arrays are numbers from 0, one a row: the shared text, the whole input, the gold, whether the row is kept, the
    family. The agreement of a row is the share of the rows with its text and another input that have its gold; each
    row counts once, so that one long list of questions is not everything. A text whose rows are taken out but for one
    drops out: what is left is compared with texts of as many rows, since random removal keeps the larger ones. None
    where fewer than FEWEST texts have several inputs, or nothing of them is kept.
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
    first[texts] = families  # rows of one text are of one family, but for sources of pairs
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
    """For each row the rows that share its text and differ in their input, and how many of them have its gold."""

    others: Indices
    same: Indices


def agreement(texts: Indices, inputs: Indices, golds: Indices) -> Agreement:
    """Which rows share a text, and whether their golds agree. Numbers from 0, one a row; of one input, one text."""
    others = _counts(texts) - _counts(inputs)
    same = _counts(texts, golds) - _counts(inputs, golds)
    return Agreement(others, same)


def order_shift(golds: Indices, kept: Flags, families: Indices) -> Moved | None:
    """How the share of neighbours with equal golds moved; rows are in the order of their file.

    Kept rows become neighbours that stood some rows apart; before, rows so far apart agreed as often as they agreed.
    None where fewer than FEWEST rows are left, or where the order tells no more than before: what counts is how far
    neighbours are from agreeing as often as any two rows. The independent units are blocks of consecutive families.
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
    moved = float((lag[near] > 1).sum())  # only what has a new neighbour can have moved
    variance = max(float((influence**2).sum()), moved * before * (1 - before)) / len(near) ** 2
    return Moved(before, after, len(near), _tail(after - before, variance))


def beyond_chance(p_values: Sequence[float], tests: int, level: float) -> list[bool]:
    """Which of the probabilities are significant at a level that holds for all tests together (Holm 1979).

    `tests`: how many were made, of which those that are not given here had larger probabilities.
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
    """The correlation inside families, from the sum of products of all pairs and its largest value; none below 0."""
    return np.clip(np.divide(products, most, out=np.zeros(np.shape(most)), where=most > 0), 0, 1)


def _design(one: Floats, other: Floats, family: Indices) -> float:
    """By what the variance of a sum of products grows since both factors are alike inside families."""
    sizes = np.bincount(family)
    pairs = float((sizes * (sizes - 1.0)).sum())
    alike = 1.0
    for values in (one, other):
        squares = float((values**2).sum())
        inside = float((np.bincount(family, values) ** 2).sum()) - squares
        alike *= float(_correlation(np.array(inside), np.array(squares * pairs / len(values))))
    return 1 + alike * pairs / len(one)


def _by_text(found: Agreement, texts: Indices, count: int) -> tuple[Floats, Floats]:
    """For each text: its rows that can agree with another one, and the sum of their agreements."""
    some = found.others > 0
    share = found.same[some] / found.others[some]
    sizes: Floats = np.bincount(texts[some], minlength=count).astype(float)
    return sizes, np.asarray(np.bincount(texts[some], share, count), np.float64)


def _counts(*numbers: Indices) -> Indices:
    """For each row, how many rows have the same numbers."""
    key = numbers[0].astype(np.int64)
    for more in numbers[1:]:
        key = key * (int(more.max(initial=0)) + 1) + more
    _, place, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[place], np.int64)
