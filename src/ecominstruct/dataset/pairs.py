"""What is looked at of a task while quality signals are found: its pairs, and where they lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ecominstruct.config.recipe import Clean
from ecominstruct.dataset.ratings import RatedBy

Fields = Mapping[str, list[list[str]]]
"""The texts of each field, of one record after another."""
Places = tuple[tuple[str, tuple[str, ...]], ...]
"""Paths of example parts, each with those of the record parts that it was made of."""


class PairsUnit(NamedTuple):
    """One unit: all examples of one task, and the records they were made of."""

    task: str
    source: str
    free: bool  # the output is free text
    candidates: bool  # the choices are texts of the record
    names: bool  # the input is a query or title
    asks: str  # the pool of wordings: what is asked of the input
    keys: tuple[str, ...]  # fields of the record that the task shows, and that make records kin
    fields: tuple[str, ...]  # the others that it shows
    template: tuple[str, ...]  # the texts between the fields of the input
    parts: Places
    guard: str
    clean: Clean
    rating: RatedBy


class Pair(NamedTuple):
    """A pair of task and record: what all its wordings have in common."""

    record: str
    row: int
    split: str
    input: str
    output: str
    choices: tuple[str, ...]
    answer: str  # equal where the answers are: of several labels, whatever their order in the output
