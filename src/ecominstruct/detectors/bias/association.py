"""Association of labels with groups beyond what the category explains: risk differences, intervals and tests.

Rows are stratified by category. In stratum k, n1 rows belong to the group and n0 do not, N = n1 + n0; a of the former
and c of the latter have the label. The difference in label shares, over all strata, is the Mantel–Haenszel risk
difference (Greenland and Robins 1985, Biometrics 41, 55-68):

    RD = Σ (a·n0 − c·n1)/N  /  Σ n1·n0/N

Its variance is Sato's (1989, Biometrics 45, 1323-1324), which holds for few large strata and for many small ones:

    var = (RD·ΣP + ΣQ) / (Σ n1·n0/N)²,  P = (n1²·c − n0²·a + n1·n0·(n0 − n1)/2)/N²,  Q = (a·(n0 − c) + c·(n1 − a))/(2N)

The test is that of Cochran, Mantel and Haenszel (Mantel and Haenszel 1959), without continuity correction. It is made
only if the sum over strata can deviate from its expectation by 5 in both directions (Mantel and Fleiss 1980).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST = 30  # minimum rows of a group, outside it, with a label and without
ROOM = 5  # minimum by Mantel and Fleiss
Z95 = 1.959964


class Association(NamedTuple):
    """A group and a label. `difference` is the label's share in the group minus that in comparable other rows."""

    group: str
    label: str
    n: int  # rows of the group, in strata with both
    others: int  # other rows, in strata with both
    crude: float  # the difference without stratification
    difference: float
    low: float
    high: float
    p: float


class Tables(NamedTuple):
    """Counts for K strata, G groups and L labels. A row has one stratum, one group and any number of labels."""

    both: NDArray[Any]  # (K, G, L): rows of the group with the label
    sizes: NDArray[Any]  # (K, G): rows of the group


def count(strata: NDArray[Any], groups: NDArray[Any], labels: NDArray[Any], shape: tuple[int, int]) -> Tables:
    """Count rows. `strata` and `groups` are codes, (n,); `labels` is 0 or 1, (n, L); `shape` is (K, G)."""
    cells = strata * shape[1] + groups
    sizes = np.bincount(cells, minlength=shape[0] * shape[1])
    columns = [np.bincount(cells, weights=labels[:, one], minlength=len(sizes)) for one in range(labels.shape[1])]
    both = np.stack(columns, axis=1) if columns else np.zeros((len(sizes), 0))
    return Tables(both.reshape(*shape, -1), sizes.reshape(shape).astype(float))


def associations(tables: Tables, groups: list[str], labels: list[str]) -> list[Association]:
    """Measure every group with every label, if both have enough rows. The p-values are uncorrected."""
    found = []
    whole, sums = tables.sizes.sum(axis=1), tables.both.sum(axis=1)  # (K,), (K, L)
    for g, group in enumerate(groups):
        n1 = tables.sizes[:, g]
        if n1.sum() < FEWEST or (whole - n1).sum() < FEWEST:
            continue
        for one, label in enumerate(labels):
            if FEWEST <= sums[:, one].sum() <= whole.sum() - FEWEST:
                a = tables.both[:, g, one]
                measured = measure(a, sums[:, one] - a, n1, whole - n1)
                if measured:
                    found.append(measured._replace(group=group, label=label))
    return found


def measure(a: NDArray[Any], c: NDArray[Any], n1: NDArray[Any], n0: NDArray[Any]) -> Association | None:
    """Measure one label in a group and in the rest. All arguments are (K,): a, c, n1 and n0 as above.

    Returns None if the strata with both have too few rows, or leave the sum too little room (Mantel and Fleiss).
    """
    crude = float(a.sum() / n1.sum() - c.sum() / n0.sum())
    used = (n1 > 0) & (n0 > 0)
    a, c, n1, n0 = a[used], c[used], n1[used], n0[used]
    n, m1 = n1 + n0, a + c
    if not used.any() or n1.sum() < FEWEST or n0.sum() < FEWEST or _room(n1, n0, m1) < ROOM:
        return None
    weight = float((n1 * n0 / n).sum())
    difference = float(((a * n0 - c * n1) / n).sum()) / weight
    p_sum = float(((n1**2 * c - n0**2 * a + n1 * n0 * (n0 - n1) / 2) / n**2).sum())
    q_sum = float(((a * (n0 - c) + c * (n1 - a)) / (2 * n)).sum())
    half = Z95 * math.sqrt(max(difference * p_sum + q_sum, 0.0)) / weight
    low, high = max(difference - half, -1.0), min(difference + half, 1.0)
    return Association("", "", int(n1.sum()), int(n0.sum()), crude, difference, low, high, _p_value(a, n1, n0, m1))


def _room(n1: NDArray[Any], n0: NDArray[Any], m1: NDArray[Any]) -> float:
    """How far the sum of `a` can deviate from its expectation, in the direction with less room."""
    expected = float((n1 * m1 / (n1 + n0)).sum())
    least, most = float(np.maximum(0, m1 - n0).sum()), float(np.minimum(n1, m1).sum())
    return min(expected - least, most - expected)


def _p_value(a: NDArray[Any], n1: NDArray[Any], n0: NDArray[Any], m1: NDArray[Any]) -> float:
    n = n1 + n0
    variance = float((n1 * n0 * m1 * (n - m1) / (n**2 * np.maximum(n - 1, 1))).sum())
    away = float((a - n1 * m1 / n).sum())
    return math.erfc(abs(away) / math.sqrt(2 * variance)) if variance > 0 else 1.0
