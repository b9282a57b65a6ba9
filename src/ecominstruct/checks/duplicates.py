"""Rows that ask the same thing, and whether they expect the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Duplicates(NamedTuple):
    """Rows with equal questions, as indices: `groups` in order of their first row; `conflicting` is a part of them."""

    groups: tuple[tuple[int, ...], ...]
    conflicting: tuple[tuple[int, ...], ...]

    @property
    def extra(self) -> int:
        """Rows that would not be missed: all but the first of each group."""
        return sum(len(group) - 1 for group in self.groups)


def duplicates(questions: Sequence[str], golds: Sequence[str]) -> Duplicates:
    """Group rows by what they ask; a group conflicts when its golds differ."""
    found: dict[str, list[int]] = {}
    for index, question in enumerate(questions):
        found.setdefault(question, []).append(index)
    groups = tuple(tuple(group) for group in found.values() if len(group) > 1)
    return Duplicates(groups, tuple(group for group in groups if len({golds[index] for index in group}) > 1))
