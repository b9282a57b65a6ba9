"""Paths into nested data: names and numbers joined by dots, such as `labels.en`, `spans.0.term` or `turns.*.text`.

A number is an index from 0, or from the end if negative; `a:b` is a slice of a list; `*` is all items of a list or all
values of an object. A path with `*` or a slice returns a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STRETCH = re.compile(r"(-?\d*):(-?\d*)")
_NUMBER = re.compile(r"-?\d+")


def at(data: Any, path: str) -> tuple[bool, Any]:
    """Look up a path. Return whether something is there, and its value."""
    if isinstance(data, dict) and path in data:  # a name that itself contains dots takes precedence
        return True, data[path]
    head, _, rest = path.partition(".")
    if head == "*":
        items = list(data.values()) if isinstance(data, dict) else data
        if not isinstance(items, list):
            return False, None
        if not rest:
            return True, items
        found = [at(item, rest) for item in items]
        return True, [value for there, value in found if there]
    there, value = _step(data, head)
    return at(value, rest) if there and rest else (there, value)


def _step(data: Any, part: str) -> tuple[bool, Any]:
    if isinstance(data, dict):
        return part in data, data.get(part)
    if not isinstance(data, list):
        return False, None
    if stretch := _STRETCH.fullmatch(part):
        first, last = (int(end) if end else None for end in stretch.groups())
        return True, data[first:last]
    if not _NUMBER.fullmatch(part):
        return False, None
    number = int(part)
    return (True, data[number]) if -len(data) <= number < len(data) else (False, None)


def inside(data: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield everything at a path with `*`, each with the object key that the last `*` matched, or ''.

    Items in which the path does not exist are skipped. An empty path is the data itself.
    """
    if not path:
        yield "", data
        return
    head, _, rest = path.partition(".")
    if head != "*":
        there, value = _step(data, head)
        if there:
            yield from inside(value, rest)
        return
    named = data.items() if isinstance(data, dict) else (("", item) for item in data) if isinstance(data, list) else ()
    for key, item in named:
        if not rest:
            yield str(key), item
            continue
        yield from inside(item, rest)


def without(data: dict[str, Any], path: str) -> dict[str, Any]:
    """A copy of the data without what is at a path of names."""
    head, _, rest = path.partition(".")
    inner = data.get(head)
    if rest and isinstance(inner, dict):
        return {**data, head: without(inner, rest)}
    return {name: value for name, value in data.items() if name != head}
