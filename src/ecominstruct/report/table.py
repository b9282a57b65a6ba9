"""A table as one value: the terminal shows it as text, a page as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from ecominstruct.report.markup import DASH


class Column(NamedTuple):
    """The head of a column, and whether its cells are words (to the left) or figures (to the right)."""

    name: str
    kind: Literal["text", "number"] = "text"


@dataclass(frozen=True)
class Table:
    """Rows of cells, ready to be read. `title` stands above them, `note` below.

    ValueError where a row has another number of cells than there are columns.
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
    """Columns of words."""
    return [Column(name) for name in names]


def numbers(*names: str) -> list[Column]:
    """Columns of figures: counts, scores, intervals."""
    return [Column(name, "number") for name in names]


def cell(value: object) -> str:
    """A value as a cell: yes or no, thousands with commas, a dash for None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return DASH if value is None else f"{value:,}" if isinstance(value, int) else str(value)


Block: TypeAlias = Table | str
"""What a report consists of: tables and sentences."""
