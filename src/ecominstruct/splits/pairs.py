"""Which sides of the pairs of a source are test and validation, so that the pairs themselves reach their shares.

A pair is test only if both of its sides are. Sides that are drawn one by one make the share of test pairs that of the
sides squared, and lose most of what they touch. Drawn are therefore groups of sides that many pairs hold together:

components     where the largest holds less than the share of test pairs: no pair is lost
communities    else: sides are joined as long as more pairs run between them than chance would have, and as long as a
               group stays small beside the test set (the gain is that of modularity: Clauset, Newman and Moore 2004,
               Finding community structure in very large networks, Physical Review E 70, 066111). A side that many
               pairs share becomes a group of its own with what hangs on it, and is train.

Groups stand in an order that their names decide. As many of the first are test as bring the test pairs to their share,
as many of the next are validation. Where that would lose more than `MOST_LOST` of the pairs, both shares shrink alike.
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
FREE = -1  # the code of a side that is not yet in a split
MOST_LOST = 0.15  # of the pairs of a source, for the sake of its shares
ENOUGH = 0.9  # of the pairs that are wanted
_PARTS = (0.1, 0.3, 1.0)  # of the wanted test pairs that a group may hold ends of
_ROUNDS = 64  # of joining groups, at most
_STEPS = 8  # of halving by which shrunken shares are found: to within half a percent of what was wanted


class Graph(NamedTuple):
    """The pairs of a source: their sides one after another, and what is known of the sides that occur."""

    side: Nodes  # numbers of sides
    first: Indices  # of each pair, the position of its first side
    name: Keys  # of each side: in order, so that neither rows nor files decide
    code: Codes  # of each side: the split it must have, or FREE
    barred: Codes  # of each side, as bits 1 << split: the splits that it may not be drawn to


class Drawn(NamedTuple):
    """The split of each side, and what becomes of the pairs."""

    code: Codes
    pairs: int
    test: int
    validation: int
    lost: int


def components(nodes: int, links: tuple[npt.NDArray[np.integer], npt.NDArray[np.integer]]) -> Nodes:
    """The connected components of a graph: for each node, the lowest node that it is connected with.

    Each round gives both ends of every link the lower label, then lets labels point to their labels' labels, so the
    number of rounds grows with the logarithm of the longest chain, not with its length.
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
    """Put every side into a split.

    `test` and `validation` are the wanted shares of pairs, `chance` gives numbers in [0, 1) for the names of groups.
    Whatever the order of pairs, the outcome is the same.
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
    """The pairs that are wanted, or as many as do not lose too many others."""
    best, found = draw.outcome((0, 0)), draw.outcome(draw.cut(*wanted))
    allowed = max(int(MOST_LOST * draw.pairs), best.lost)  # some are lost to what sides must be
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
    """Splits of sides by two cuts in the order of their groups."""

    def __init__(
        self, graph: Graph, group: Nodes, large: Flags, chance: Callable[[Keys], npt.NDArray[np.float64]]
    ) -> None:
        self._graph, self.pairs = graph, len(graph.first)
        named = np.flatnonzero(group == np.arange(len(group)))
        order = named[np.argsort(chance(graph.name[named]), kind="stable")]
        rank = np.empty(len(group), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        barred = np.where(large, 1 << TEST | 1 << VALIDATION, 0).astype(np.int8)
        np.bitwise_or.at(barred, group, graph.barred)  # one side that may not be test keeps its group from it
        self._rank, self._groups, self._barred = rank[group], len(order), barred[group]

    def _codes(self, tests: int, held: int) -> Codes:
        """The split of each side where the first `tests` groups are test, and those after them up to `held`
        validation."""
        code = np.zeros(len(self._rank), np.int8)
        code[(self._rank < held) & (self._rank >= tests) & (self._barred & (1 << VALIDATION) == 0)] = VALIDATION
        code[(self._rank < tests) & (self._barred & (1 << TEST) == 0)] = TEST
        return np.where(self._graph.code == FREE, code, self._graph.code)

    def outcome(self, cut: tuple[int, int]) -> Drawn:
        """What becomes of the pairs."""
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
        """How many groups are test, and how many test or validation, so that so many pairs are."""
        tests = self._reach(test, lambda groups: self.outcome((groups, groups)).test, 0)
        return tests, self._reach(validation, lambda groups: self.outcome((tests, groups)).validation, tests)

    def _reach(self, wanted: int, pairs: Callable[[int], int], low: int) -> int:
        """The number of groups, from `low` on, that comes nearest to so many pairs, and to one at least."""
        if not wanted:
            return low
        start, high = low, self._groups
        while low < high:  # the lowest number that gives as many pairs as wanted
            middle = (low + high) // 2
            low, high = (low, middle) if pairs(middle) >= wanted else (middle + 1, high)
        if low == start:
            return low
        over, under = pairs(low) - wanted, pairs(low - 1)
        return low - 1 if under and wanted - under < over else low


def _groupings(graph: Graph, most: float) -> Iterator[tuple[Nodes, Flags]]:
    """For each side, the lowest one of its group, and whether the group is too large to be anything but train.

    Small groups come first: a test set of many says more than one of few.
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
    """Neighbouring sides of each pair."""
    begins = np.zeros(len(graph.side), np.bool_)
    begins[graph.first] = True
    inner = np.flatnonzero(~begins)
    return graph.side[inner - 1], graph.side[inner]


def _communities(name: Keys, left: Nodes, right: Nodes, most: float) -> tuple[Nodes, Flags]:
    """Groups of sides with many pairs among them, none of more than `most` ends of pairs unless one side has more.

    In each round, groups that a bit of their name makes joiners join the neighbour that they gain most by; of those
    that want the same one, the first that there is room for.
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
    """The pairs between each two groups, both ways."""
    apart = left != right
    packed = np.sort(pack(np.minimum(left, right)[apart], np.maximum(left, right)[apart]))
    first = run_starts(packed)
    weight = np.diff(first, append=len(packed)).astype(np.float64)
    low, high = unpack(packed[first])
    return np.concatenate([low, high]), np.concatenate([high, low]), np.concatenate([weight, weight])


def _seated(
    one: Indices, other: Indices, gain: npt.NDArray[np.float64], volume: Indices, most: float
) -> tuple[Indices, Indices]:
    """Of the groups that want to join others, those that there is room for, by what they gain."""
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
    """Groups named by their lowest sides."""
    lowest = np.full(len(group), len(group), np.int32)
    np.minimum.at(lowest, group, np.arange(len(group), dtype=np.int32))
    return lowest[group]
