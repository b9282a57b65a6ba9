"""Terminal output: tables, sentences and nested data as text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from ecominstruct.errors import printable
from ecominstruct.report.markup import DASH
from ecominstruct.report.table import Block, Table

if TYPE_CHECKING:
    from rich.console import Console

ENDLESS = 100_000  # width of a console on which no cell is wrapped
NARROWEST = 12  # minimum width of a long cell; if tables do not fit even so, the terminal wraps whole lines
MAY_BREAK = "\x1f"  # rich treats it as white space of no width, and may break words there
_BREAKS = re.compile(r"(?<=[/_])(?=\w)")


def render(blocks: Iterable[Block], width: int | None = None) -> str:
    """Render tables and sentences as text, with an empty line before and after each table.

    With a `width`, tables are wrapped to that many terminal columns, and the text contains the escape codes of its
    styles. Without it, each row is a single line of plain text.
    """
    lines: list[str] = []
    after_table = False
    for block in blocks:
        is_table = isinstance(block, Table)
        if lines and lines[-1] and (is_table or after_table):
            lines.append("")
        if block or not lines or lines[-1]:
            lines.append(_table(block, width) if isinstance(block, Table) else printable(block))
        after_table = is_table
    return "\n".join(lines)


def _table(table: Table, width: int | None) -> str:
    from rich import box
    from rich.table import Table as Grid
    from rich.text import Text

    cells = [[_line(cell) for cell in row] for row in table.rows]
    grid = Grid(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
    for place, (name, kind) in enumerate(table.columns):
        justify: Literal["left", "right"] = "right" if kind == "number" else "left"
        whole = kind == "number" and not any(" " in row[place] for row in cells)
        grid.add_column(Text(_line(name)), justify=justify, no_wrap=whole, overflow="fold")
    for row in cells:
        grid.add_row(*(Text(_BREAKS.sub(MAY_BREAK, cell)) for cell in row))
    console = _console(width if width and _least(table, cells) <= width else ENDLESS, is_terminal=width is not None)
    with console.capture() as captured:
        if table.title:
            console.print(Text(printable(table.title), "bold"))
        console.print(grid)
        if table.note:
            console.print(Text(printable(table.note), "dim"))
    return "\n".join(line.rstrip() for line in captured.get().replace(MAY_BREAK, "").splitlines())


def _least(table: Table, cells: Sequence[Sequence[str]]) -> int:
    """The minimum width of a table, in terminal columns, that breaks no word into a few letters."""
    from rich.cells import cell_len

    widths = [
        max(map(cell_len, (column.name, *(row[place] for row in cells)))) for place, column in enumerate(table.columns)
    ]
    return sum(min(width, NARROWEST) for width in widths) + 2 * (len(widths) - 1)


def _console(width: int, *, is_terminal: bool) -> Console:
    from rich.console import Console

    system: Literal["auto"] | None = "auto" if is_terminal else None
    return Console(
        file=io.StringIO(), width=width, force_terminal=is_terminal, color_system=system, legacy_windows=False
    )


def _line(cell: str) -> str:
    """A cell on one line, without control characters."""
    return printable(" ".join(cell.split()))


def outline(value: Any, depth: int = 0) -> str:
    """Render nested data as an indented outline."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        return "\n".join(_entry(str(key), item, depth) for key, item in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(f"{pad}- {outline(item, depth + 1).lstrip()}" for item in value)
    return pad + _plain(value).replace("\n", f"\n{pad}")


def _plain(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _entry(key: str, item: Any, depth: int) -> str:
    pad = "  " * depth
    if isinstance(item, Mapping | list | tuple) and item:
        return f"{pad}{key}:\n{outline(item, depth + 1)}"
    if isinstance(item, Mapping | list | tuple):
        return f"{pad}{key}: {DASH}"
    text = _plain(item)
    return f"{pad}{key}:\n{outline(text, depth + 1)}" if "\n" in text else f"{pad}{key}: {text}"
