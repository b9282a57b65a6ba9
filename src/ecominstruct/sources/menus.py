"""Parsers for menus inside a prompt: numbered lines, and answers that refer to them by number."""

from __future__ import annotations

import html
import re
from typing import Any

_NUMBERED = re.compile(r"^[ \t]*(\d{1,2})\. ?(.*)$")
_CLOSING = re.compile(r"(?:Answer|Output|Result|Response):?\s*")


def numbered_items(value: Any, _: str) -> list[str]:
    """The items of the last numbered list in a prompt, one line each."""
    return list(_items(value).values())


def numbered_item(value: Any, _: str) -> str:
    """`[prompt, number]`: the item of the prompt's numbered list with this number."""
    prompt, number = _two(value)
    return _named(_items(prompt), [number])[0]


def numbered_choice(value: Any, _: str) -> list[str]:
    """`[prompt, numbers]`: the distinct items of the prompt's numbered list with these numbers."""
    prompt, numbers = _two(value)
    if not isinstance(numbers, list):
        raise ValueError(f"expected a list of numbers, found a {type(numbers).__name__}")
    return list(dict.fromkeys(_named(_items(prompt), numbers)))


def named_member(value: Any, _: str) -> str:
    """`[object, name]`: the member of the object with this name, such as option B."""
    members, name = _two(value)
    if not isinstance(members, dict) or not isinstance(members.get(name), str):
        raise ValueError(f"no member {str(name)[:40]!r}")
    return str(members[name])


def _two(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("expected two columns")
    return value[0], value[1]


def _named(items: dict[int, str], numbers: list[Any]) -> list[str]:
    """The items with these numbers, which may be given as text."""
    found = [int(number) for number in numbers if re.fullmatch(r"\d{1,2}", str(number))]
    missing = [number for number in found if number not in items]
    if missing or len(found) < len(numbers):
        raise ValueError(f"{str(numbers)[:40]} are not numbers of items from {min(items)} to {max(items)}")
    return [items[number] for number in found]


def _items(prompt: Any) -> dict[int, str]:
    """Items of the last numbered list (from 0 or 1) by number. An unnumbered line continues the item before it."""
    if not isinstance(prompt, str):
        raise ValueError(f"expected a text, found a {type(prompt).__name__}")
    items: dict[int, str] = {}
    for line in prompt.split("\n"):
        found = _NUMBERED.match(line)
        number = int(found[1]) if found else -1
        last = max(items, default=-1)
        if found and (number == 0 or (number == 1 and last != 0)):
            items = {number: found[2]}
        elif found and items and number == last + 1:
            items[number] = found[2]
        elif items and not _CLOSING.fullmatch(line):
            items[last] += f" {line}"
    if len(items) < 2:
        raise ValueError("no numbered lines")
    return {number: " ".join(html.unescape(words).split()) for number, words in items.items()}
