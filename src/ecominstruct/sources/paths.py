"""Paths into nested data: names and numbers joined by dots, such as `labels.en`, `spans.0.term` or `turns.*.text`.

A number counts items from 0, a negative one from the end; `a:b` is a stretch of items; `*` is all items of a list,
or all values of an object. A path with `*` or a stretch finds a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_STRETCH = re.compile(r"(-?\d*):(-?\d*)")
_NUMBER = re.compile(r"-?\d+")


def at(data: Any, path: str) -> tuple[bool, Any]:
    """Whether there is something at a path, and what."""
    if isinstance(data, dict) and path in data:  # also names that hold dots
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
    """All things at a path with `*`, one at a time, each with the name that the last `*` met, or ''.

    Things that the path does not reach are left out; an empty path is the data itself.
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
    """The data without what is at a path of names; the original stays as it is."""
    head, _, rest = path.partition(".")
    inner = data.get(head)
    if rest and isinstance(inner, dict):
        return {**data, head: without(inner, rest)}
    return {name: value for name, value in data.items() if name != head}
