"""Rows with the same question, and whether they expect the same answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Duplicates(NamedTuple):
    """Groups of row indices with equal questions, by first row; `conflicting` is a subset of `groups`."""

    groups: tuple[tuple[int, ...], ...]
    conflicting: tuple[tuple[int, ...], ...]

    @property
    def extra(self) -> int:
        """The number of redundant rows: all but the first of each group."""
        return sum(len(group) - 1 for group in self.groups)


def duplicates(questions: Sequence[str], golds: Sequence[str]) -> Duplicates:
    """Group rows by question. A group is conflicting if its golds differ."""
    found: dict[str, list[int]] = {}
    for index, question in enumerate(questions):
        found.setdefault(question, []).append(index)
    groups = tuple(tuple(group) for group in found.values() if len(group) > 1)
    return Duplicates(groups, tuple(group for group in groups if len({golds[index] for index in group}) > 1))
