"""Tables and outlines in plain text, aligned also where characters are two columns wide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ecominstruct.report.markup import DASH


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a rule under its head; columns of numbers are aligned at the right."""
    from rich.cells import cell_len

    body = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(head, *body, strict=True)]
    right = [bool(body) and all(_is_number(row[column]) for row in body) for column in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        padded = []
        for cell, width, to_right in zip(cells, widths, right, strict=True):
            gap = " " * (width - cell_len(cell))
            padded.append(gap + cell if to_right else cell + gap)
        return "  ".join(padded).rstrip()

    return "\n".join([line(head), line(["─" * width for width in widths]), *map(line, body)])


def outline(value: Any, depth: int = 0) -> str:
    """Nested data as an indented outline."""
    pad = "  " * depth
    if isinstance(value, Mapping):
        return "\n".join(_entry(str(key), item, depth) for key, item in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(f"{pad}- {outline(item, depth + 1).lstrip()}" for item in value)
    return pad + str(value).replace("\n", f"\n{pad}")


def _entry(key: str, item: Any, depth: int) -> str:
    pad = "  " * depth
    if isinstance(item, Mapping | list | tuple) and item:
        return f"{pad}{key}:\n{outline(item, depth + 1)}"
    if isinstance(item, Mapping | list | tuple):
        return f"{pad}{key}: {DASH}"
    text = str(item)
    return f"{pad}{key}:\n{outline(text, depth + 1)}" if "\n" in text else f"{pad}{key}: {text}"


def _is_number(cell: str) -> bool:
    return cell == DASH or cell.lstrip("<+−").replace(",", "").replace(".", "").isdecimal()
