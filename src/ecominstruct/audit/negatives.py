"""Negatives for matching tasks: non-matching pairs that resemble matching ones, so that no listed shortcut predicts the
label.

A positive row is kept if it finds a similar negative: about the same overlap, length and brand. Published negatives
come first, since people labelled them. Then come recombinations: the left side of the positive with the right side of
another row, preferably of another positive. Each right side is used once. That a recombined pair does not match follows
from a rule, not from reading it: no side is taken from a row that resembles the positive, and the pair must not have
everything in common.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ecominstruct.checks.listings import Sides
from ecominstruct.checks.shortcuts import LIMIT, Profile, Told, features, profile, told
from ecominstruct.identity import hash64

RULE = "negative_alike@1"
TRIES = 500  # right sides tried for one positive, chosen by hash; keeps this linear in the number of rows
ALIKE = 0.8  # Jaccard similarity of two sides from which they may be the same product
CALIPERS = (0.3, 0.25, 0.2, 0.175, 0.15, 0.125, 0.1, 0.08, 0.06)  # how far a negative may lie from its positive
LENGTH = 5.0  # half as long again counts as much as an overlap that differs by 0.1
STEP = 0.05  # distances within one step count as equal: then `origin` decides, then the hash
FEWEST = 50  # minimum number of positives with a negative


class Pair(NamedTuple):
    """A pair of sides by the row indices they come from; equal indices are a published row."""

    left: int
    right: int


class Balanced(NamedTuple):
    """The kept positives, the negative of each, and how well each feature predicts the label among them."""

    positives: tuple[int, ...]
    negatives: tuple[Pair, ...]
    shortcuts: Mapping[str, Told]

    @property
    def problem(self) -> str:
        """Why this is not a usable test set; '' if it is."""
        if len(self.positives) < FEWEST:
            return f"a negative that is alike was found for {len(self.positives)} positives, fewer than {FEWEST}"
        worst = max(self.shortcuts, key=lambda name: self.shortcuts[name].auc, default="")
        if worst and self.shortcuts[worst].auc > LIMIT:
            return f"{worst} still tells the label: AUC {self.shortcuts[worst].auc:.3f}"
        return ""


class Candidates:
    """The features of pairs of sides of a task; each side is profiled once."""

    def __init__(self, rows: Sequence[Sides], families: Sequence[str]) -> None:
        self.rows, self.families = rows, families
        self.left = [profile(row.left, row.left_words) for row in rows]
        self.right = [profile(row.right, row.right_words) for row in rows]
        self.own = [features(left, right) for left, right in zip(self.left, self.right, strict=True)]

    def features(self, pair: Pair) -> dict[str, float]:
        """The surface features of a pair."""
        left, right = pair
        return self.own[left] if left == right else features(self.left[left], self.right[right])

    def may_differ(self, pair: Pair) -> bool:
        """Whether nothing suggests a match: other families, other sides, and not everything in common."""
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
    """Match positives with similar negatives, within the widest caliper in which no feature predicts the label.

    If there is none, return the narrowest one that leaves enough positives, or else the widest; see `problem`.
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
    """A candidate negative of a positive; sorts in the order in which candidates are tried."""

    step: int
    origin: int  # 0: a published pair; 1: the right side of a positive, which then occurs with both labels; 2: others
    hash: int
    distance: float
    pair: Pair


def _pool(candidates: Candidates, positive: Sequence[bool], index: int, purpose: str) -> list[Option]:
    """The candidate negatives of a positive: published pairs, and its left side with right sides of other rows."""
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
    """The distance of two pairs: the largest difference of a feature; infinite if their brand features differ."""
    if one.keys() != other.keys() or one["brand"] != other["brand"]:
        return math.inf
    return max(_apart(name, value, other[name]) for name, value in one.items() if name != "brand")


def _apart(name: str, one: float, other: float) -> float:
    if not name.startswith("length"):
        return abs(one - other)
    return (max(one, other) / max(min(one, other), 1) - 1) / LENGTH


def _within(candidates: Candidates, pools: Mapping[int, Sequence[Option]], caliper: float) -> Balanced:
    """Give each positive its best free negative within the caliper; positives with few candidates go first."""
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
