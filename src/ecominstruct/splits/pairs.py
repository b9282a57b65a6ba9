"""The draw of pair sources: puts the sides of pairs into splits, so that the pairs reach their shares.

A pair is test only if both of its sides are. If sides were drawn one by one, the share of test pairs would be the
square of the share of test sides, and most pairs that touch a test side would be lost. So groups of sides that share
many pairs are drawn as a whole:

components     if the largest one has at most the share of test pairs: no pair is lost
communities    otherwise. Groups are joined while they share more pairs than expected by chance, and stay small compared
               with the test set. The gain is that of modularity (Clauset, Newman and Moore 2004, Finding community
               structure in very large networks, Physical Review E 70, 066111). A side with very many pairs becomes a
               group of its own, with the sides that depend on it, and is train.

Groups are ordered by a hash of their names. The first ones are test, until the test pairs reach their share; the next
ones are validation. If that would lose more than `MOST_LOST` of the pairs, both shares are reduced by the same factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import Flags, Indices, pack, run_starts, unpack

Nodes = npt.NDArray[np.int32]
Codes = npt.NDArray[np.int8]
Keys = npt.NDArray[np.uint64]

TRAIN, VALIDATION, TEST = 0, 1, 2
FREE = -1  # code of a side that has no split yet
MOST_LOST = 0.15  # maximum share of the pairs of a source that may be lost
ENOUGH = 0.9  # share of the wanted pairs that is sufficient
_PARTS = (0.1, 0.3, 1.0)  # maximum size of a group, as a share of the wanted test pairs
_ROUNDS = 64  # maximum rounds of joining groups
_STEPS = 8  # bisection steps for reduced shares: precise to half a percent


class Graph(NamedTuple):
    """The pairs of a source as a graph: their sides concatenated, and the properties of each distinct side."""

    side: Nodes  # index of each side
    first: Indices  # `(pairs,)`: position of the first side of each pair in `side`
    name: Keys  # `(sides,)`: sorted, so that the result does not depend on the order of rows or files
    code: Codes  # `(sides,)`: the split it must have, or FREE
    barred: Codes  # `(sides,)`: the splits it must not be drawn into, as bits 1 << split


class Drawn(NamedTuple):
    """The split of each side, `(sides,)`, and the number of pairs: all, test, validation, and lost between splits."""

    code: Codes
    pairs: int
    test: int
    validation: int
    lost: int


def components(nodes: int, links: tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]) -> Nodes:
    """Return the connected components of a graph: for each node, the lowest node of its component, `(nodes,) int32`.

    `links` are the two ends of each edge. In each round, both ends of every link take the lower label, then labels are
    replaced by the labels of their labels. The number of rounds grows with the logarithm of the longest chain.
    """
    label: Nodes = np.arange(nodes, dtype=np.int32)
    left, right = links
    while True:
        before = label.copy()
        low = np.minimum(label[left], label[right])
        np.minimum.at(label, label[left], low)
        np.minimum.at(label, label[right], low)
        label = label[label]
        if np.array_equal(label, before):
            return label


def draw_sides(
    graph: Graph, test: float, validation: float, chance: Callable[[Keys], npt.NDArray[np.float64]]
) -> Drawn:
    """Assign a split to every side.

    `test` and `validation` are the wanted shares of pairs, in [0, 1]. `chance` maps names of groups, `(n,) uint64`, to
    numbers in [0, 1). The result does not depend on the order of pairs.
    """
    pairs = len(graph.first)
    wanted = round(test * pairs), round(validation * pairs)
    best: Drawn | None = None
    for group, large in _groupings(graph, max(test, validation) * pairs):
        found = _draw(_Draw(graph, group, large, chance), wanted)
        if found.test >= ENOUGH * wanted[0] and found.validation >= ENOUGH * wanted[1]:
            return found
        best = found if best is None or found.test > best.test else best
    assert best is not None
    return best


def _draw(draw: _Draw, wanted: tuple[int, int]) -> Drawn:
    """Draw the wanted numbers of pairs, or as many as possible without losing too many others."""
    best, found = draw.outcome((0, 0)), draw.outcome(draw.cut(*wanted))
    allowed = max(int(MOST_LOST * draw.pairs), best.lost)  # some pairs are lost in any case, to fixed sides
    if found.lost <= allowed:
        return found
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        found = draw.outcome(draw.cut(*(round(middle * number) for number in wanted)))
        low, high = (middle, high) if found.lost <= allowed else (low, middle)
        best = found if found.lost <= allowed else best
    return best


class _Draw:
    """The splits of sides, as two cuts through the ordered groups."""

    def __init__(
        self, graph: Graph, group: Nodes, large: Flags, chance: Callable[[Keys], npt.NDArray[np.float64]]
    ) -> None:
        self._graph, self.pairs = graph, len(graph.first)
        named = np.flatnonzero(group == np.arange(len(group)))
        order = named[np.argsort(chance(graph.name[named]), kind="stable")]
        rank = np.empty(len(group), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        barred = np.where(large, 1 << TEST | 1 << VALIDATION, 0).astype(np.int8)
        np.bitwise_or.at(barred, group, graph.barred)  # a group must not be test if one of its sides must not
        self._rank, self._groups, self._barred = rank[group], len(order), barred[group]

    def _codes(self, tests: int, held: int) -> Codes:
        """The split of each side if the first `tests` groups are test, and those up to `held` validation."""
        code = np.zeros(len(self._rank), np.int8)
        code[(self._rank < held) & (self._rank >= tests) & (self._barred & (1 << VALIDATION) == 0)] = VALIDATION
        code[(self._rank < tests) & (self._barred & (1 << TEST) == 0)] = TEST
        return np.where(self._graph.code == FREE, code, self._graph.code)

    def outcome(self, cut: tuple[int, int]) -> Drawn:
        """Return the splits and the numbers of pairs for a cut."""
        code = self._codes(*cut)
        low, high = self._sides(code)
        whole = low == high
        test, validation = (int((whole & (low == split)).sum()) for split in (TEST, VALIDATION))
        return Drawn(code, self.pairs, test, validation, self.pairs - int(whole.sum()))

    def _sides(self, code: Codes) -> tuple[Codes, Codes]:
        of = code[self._graph.side]
        first = self._graph.first
        return np.minimum.reduceat(of, first), np.maximum.reduceat(of, first)

    def cut(self, test: int, validation: int) -> tuple[int, int]:
        """Return how many groups to make test, and test or validation, to reach these numbers of pairs."""
        tests = self._reach(test, lambda groups: self.outcome((groups, groups)).test, 0)
        return tests, self._reach(validation, lambda groups: self.outcome((tests, groups)).validation, tests)

    def _reach(self, wanted: int, pairs: Callable[[int], int], low: int) -> int:
        """The number of groups, at least `low`, whose number of pairs is nearest to `wanted` and not 0."""
        if not wanted:
            return low
        start, high = low, self._groups
        while low < high:  # bisection: the lowest number that gives enough pairs
            middle = (low + high) // 2
            low, high = (low, middle) if pairs(middle) >= wanted else (middle + 1, high)
        if low == start:
            return low
        over, under = pairs(low) - wanted, pairs(low - 1)
        return low - 1 if under and wanted - under < over else low


def _groupings(graph: Graph, most: float) -> Iterator[tuple[Nodes, Flags]]:
    """Yield groupings: for each side, the lowest side of its group, and whether the group is too large to be drawn.

    Groupings into small groups come first, because a test set of many groups is more informative than one of few.
    """
    left, right = _links(graph)
    found = components(len(graph.name), (left, right))
    pairs = np.bincount(found[graph.side[graph.first]], minlength=len(found))
    if pairs.max(initial=0) <= max(1.0, most):
        yield found, np.zeros(len(found), np.bool_)
        return
    for part in _PARTS:
        yield _communities(graph.name, left, right, max(2.0, most * part))


def _links(graph: Graph) -> tuple[Nodes, Nodes]:
    """The links between neighbouring sides of each pair."""
    begins = np.zeros(len(graph.side), np.bool_)
    begins[graph.first] = True
    inner = np.flatnonzero(~begins)
    return graph.side[inner - 1], graph.side[inner]


def _communities(name: Keys, left: Nodes, right: Nodes, most: float) -> tuple[Nodes, Flags]:
    """Group sides that share many pairs. A group has at most `most` ends of pairs, unless a single side has more.

    In each round, one bit of its name decides whether a group may join another one. It joins the neighbour with the
    largest gain; if several want the same one, those with the largest gains join while there is room.
    """
    size = len(name)
    group: Nodes = np.arange(size, dtype=np.int32)
    volume = np.bincount(left, minlength=size) + np.bincount(right, minlength=size)
    ends = float(volume.sum())
    for turn in range(_ROUNDS):
        one, other, weight = _between(group[left], group[right])
        gain = weight - volume[one] * (volume[other] / ends)
        hangs = (volume[other] > most) & (2 * weight > volume[one])
        fits = (volume[one] + volume[other] <= most) | hangs
        some = np.flatnonzero((gain > 0) & fits & (volume[one] <= most))
        if not len(some):
            break
        one, other, gain = one[some], other[some], gain[some]
        order = np.lexsort((other, -gain, one))
        best = order[run_starts(one[order].astype(np.uint64))]
        one, other, gain = one[best], other[best], gain[best]
        host = (name >> np.uint64(turn)) & np.uint64(1)
        joins = np.flatnonzero((host[one] == 0) & (host[other] == 1))
        one, other, gain = one[joins], other[joins], gain[joins]
        one, other = _seated(one, other, gain, volume, most)
        np.add.at(volume, other, volume[one])
        target = np.arange(size, dtype=np.int32)
        target[one] = other
        group = target[group]
    return _lowest(group), np.asarray(volume[group] > most, np.bool_)


def _between(left: Nodes, right: Nodes) -> tuple[Indices, Indices, npt.NDArray[np.float64]]:
    """For each two groups that share pairs, in both directions: the groups and the number of pairs."""
    apart = left != right
    packed = np.sort(pack(np.minimum(left, right)[apart], np.maximum(left, right)[apart]))
    first = run_starts(packed)
    weight = np.diff(first, append=len(packed)).astype(np.float64)
    low, high = unpack(packed[first])
    return np.concatenate([low, high]), np.concatenate([high, low]), np.concatenate([weight, weight])


def _seated(
    one: Indices, other: Indices, gain: npt.NDArray[np.float64], volume: Indices, most: float
) -> tuple[Indices, Indices]:
    """Of the groups that want to join others, keep those for which there is room, by descending gain."""
    order = np.lexsort((one, -gain, other))
    one, other = one[order], other[order]
    if not len(one):
        return one, other
    size = np.cumsum(volume[one])
    first = run_starts(other.astype(np.uint64))
    before = np.repeat(size[first] - volume[one[first]], np.diff(first, append=len(one)))
    full = volume[other] + size - before > most
    seated = ~full | (volume[other] > most)
    return one[seated], other[seated]


def _lowest(group: Nodes) -> Nodes:
    """Rename groups after their lowest sides."""
    lowest = np.full(len(group), len(group), np.int32)
    np.minimum.at(lowest, group, np.arange(len(group), dtype=np.int32))
    return lowest[group]
