"""A table as one value: `terminal` renders it as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from ecominstruct.report.markup import DASH


class Column(NamedTuple):
    """The name of a column, and the type of its cells: text is left-aligned, numbers are right-aligned."""

    name: str
    kind: Literal["text", "number"] = "text"


@dataclass(frozen=True)
class Table:
    """Rows of formatted cells. `title` stands above the table, `note` below it.

    Raises ValueError if a row does not have one cell for each column.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    title: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"{len(row)} cells in a table of {len(self.columns)} columns: {row}")


def texts(*names: str) -> list[Column]:
    """Return columns of text with these names."""
    return [Column(name) for name in names]


def numbers(*names: str) -> list[Column]:
    """Return columns of numbers (counts, scores, intervals) with these names."""
    return [Column(name, "number") for name in names]


def cell(value: object) -> str:
    """Format a value as a cell: booleans as yes or no, integers with thousands separators, None as a dash."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return DASH if value is None else f"{value:,}" if isinstance(value, int) else str(value)


Block: TypeAlias = Table | str
"""A part of what a verb prints: a table or a sentence."""
