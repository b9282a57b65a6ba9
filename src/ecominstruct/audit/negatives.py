"""Pairs that do not match and yet look as if they did: negatives on which no listed shortcut tells the label.

A positive row stays if a negative is found that is alike: about the same overlap, length and brand. Negatives come
from the published ones first, since people labelled those; then from recombination: the left side of the positive
with the right side of another row, of equals that of another positive. Each right side is used once. That a
recombined pair does not match follows from a rule, not from reading: no side is taken from a row that resembles the
positive, and none that shares everything with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ecominstruct.checks.listings import Sides
from ecominstruct.checks.shortcuts import LIMIT, Profile, Told, features, profile, told
from ecominstruct.identity import hash64

RULE = "negative_alike@1"
TRIES = 500  # right sides that are looked at for one positive, chosen by hash: keeps this linear in the rows
ALIKE = 0.8  # of the units of two left sides in common: then they may be one product, and one right side may fit both
CALIPERS = (0.3, 0.25, 0.2, 0.175, 0.15, 0.125, 0.1, 0.08, 0.06)  # how far a negative may lie from its positive
LENGTH = 5.0  # half as long again counts as much as an overlap that differs by one tenth
STEP = 0.05  # distances that count as equal: among them `origin` decides, then the hash
FEWEST = 50  # positives with a negative: below that, no test set


class Pair(NamedTuple):
    """A pair of sides by the indices of the rows that they come from; a published row is a pair of its own."""

    left: int
    right: int


class Balanced(NamedTuple):
    """Positives that stay, and the negative of each; what each feature tells of them afterwards, by name."""

    positives: tuple[int, ...]
    negatives: tuple[Pair, ...]
    shortcuts: Mapping[str, Told]

    @property
    def problem(self) -> str:
        """Why this is no test set; '' where it is one."""
        if len(self.positives) < FEWEST:
            return f"a negative that is alike was found for {len(self.positives)} positives, fewer than {FEWEST}"
        worst = max(self.shortcuts, key=lambda name: self.shortcuts[name].auc, default="")
        if worst and self.shortcuts[worst].auc > LIMIT:
            return f"{worst} still tells the label: AUC {self.shortcuts[worst].auc:.3f}"
        return ""


class Candidates:
    """What pairs of sides of a task look like: each side is looked at once."""

    def __init__(self, rows: Sequence[Sides], families: Sequence[str]) -> None:
        self.rows, self.families = rows, families
        self.left = [profile(row.left, row.left_words) for row in rows]
        self.right = [profile(row.right, row.right_words) for row in rows]
        self.own = [features(left, right) for left, right in zip(self.left, self.right, strict=True)]

    def features(self, pair: Pair) -> dict[str, float]:
        """What a pair shows without understanding."""
        left, right = pair
        return self.own[left] if left == right else features(self.left[left], self.right[right])

    def may_differ(self, pair: Pair) -> bool:
        """Whether nothing speaks for a match: other families, other sides, and not everything in common."""
        left, right = pair
        return (
            self.families[left] != self.families[right]
            and self.rows[left].right != self.rows[right].right
            and _common(self.left[left], self.left[right]) < ALIKE
            and _common(self.right[left], self.right[right]) < ALIKE
            and self.features(pair)["units"] < 1
        )


def _common(one: Profile, other: Profile) -> float:
    return len(one.units & other.units) / max(len(one.units | other.units), 1)


def balance(candidates: Candidates, positive: Sequence[bool], purpose: str) -> Balanced:
    """Positives with negatives that are alike, within the widest caliper in which no feature tells the label.

    Where there is none, the narrowest that leaves enough of them, or the widest: `problem` says what is wrong.
    """
    wanted = [index for index, yes in enumerate(positive) if yes]
    pools = {index: _pool(candidates, positive, index, purpose) for index in wanted}
    found = Balanced((), (), {})
    for caliper in CALIPERS:
        last, found = found, _within(candidates, pools, caliper)
        if len(found.positives) < FEWEST:
            return last if last.positives else found
        if not found.problem:
            return found
    return found


class Option(NamedTuple):
    """A negative for a positive, in the order in which they are tried."""

    step: int
    origin: int  # 0: a published pair; 1: the right side of a positive, so that it is seen with both labels; 2: others
    hash: int
    distance: float
    pair: Pair


def _pool(candidates: Candidates, positive: Sequence[bool], index: int, purpose: str) -> list[Option]:
    """The negatives that a positive may have: published pairs, and its left side with the right sides of others."""
    others = [(hash64(purpose, str(index), str(other)), other) for other in range(len(positive)) if other != index]
    wanted = candidates.own[index]
    found = []
    for place, other in sorted(others)[:TRIES]:
        pairs = [Pair(index, other)] if positive[other] else [Pair(other, other), Pair(index, other)]
        for pair in pairs:
            apart = distance(wanted, candidates.features(pair))
            origin = 0 if pair.left == pair.right else 1 if positive[other] else 2
            if apart <= CALIPERS[0] and (origin == 0 or candidates.may_differ(pair)):
                found.append(Option(int(apart / STEP), origin, place, apart, pair))
    return sorted(found)


def distance(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """How far two pairs lie apart: the largest difference of their features; infinite where one shows no brand."""
    if one.keys() != other.keys() or one["brand"] != other["brand"]:
        return math.inf
    return max(_apart(name, value, other[name]) for name, value in one.items() if name != "brand")


def _apart(name: str, one: float, other: float) -> float:
    if not name.startswith("length"):
        return abs(one - other)
    return (max(one, other) / max(min(one, other), 1) - 1) / LENGTH


def _within(candidates: Candidates, pools: Mapping[int, Sequence[Option]], caliper: float) -> Balanced:
    """Give each positive the first negative of its pool that lies within the caliper; the ones with few go first."""
    near = {index: [option for option in pool if option.distance <= caliper] for index, pool in pools.items()}
    sides: set[str] = set()
    found: dict[int, Pair] = {}
    for index in sorted(near, key=lambda index: (len(near[index]), index)):
        free = (option.pair for option in near[index] if candidates.rows[option.pair.right].right not in sides)
        pair = next(free, None)
        if pair:
            sides.add(candidates.rows[pair.right].right)
            found[index] = pair
    kept = sorted(found)
    negatives = [found[index] for index in kept]
    return Balanced(tuple(kept), tuple(negatives), _shortcuts(candidates, kept, negatives))


def _shortcuts(candidates: Candidates, kept: Sequence[int], negatives: Sequence[Pair]) -> dict[str, Told]:
    seen = [candidates.features(pair) for pair in (*(Pair(index, index) for index in kept), *negatives)]
    yes = [number < len(kept) for number in range(len(seen))]
    names = seen[0] if seen else {}
    measured = {name: told([row[name] for row in seen], yes) for name in names if all(name in row for row in seen)}
    return {name: found for name, found in measured.items() if found}
