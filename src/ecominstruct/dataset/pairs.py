"""Pairs of task and record, and the unit of work over the pairs of one task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ecominstruct.config.recipe import Clean
from ecominstruct.dataset.ratings import RatedBy

Fields = Mapping[str, list[list[str]]]
"""The texts of each field, one list per record."""
Places = tuple[tuple[str, tuple[str, ...]], ...]
"""Paths of example parts, each with the record parts that it was made from."""


class PairsUnit(NamedTuple):
    """One unit: all examples of one task, and the records that they were made from."""

    task: str
    source: str
    free: bool  # whether the output is free text
    candidates: bool  # whether the choices are texts of the record
    names: bool  # whether the input is a query or title
    asks: str  # the pool of wordings, which determines what is asked about the input
    keys: tuple[str, ...]  # fields that the task shows and that group records into families
    fields: tuple[str, ...]  # the other fields that the task shows
    template: tuple[str, ...]  # the fixed texts between the fields of the input
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
    answer: str  # normal form: several labels in any order give the same answer
