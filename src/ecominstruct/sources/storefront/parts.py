"""Segmentation of titles and queries into parts: brand, model, product word, values, and the words between.

Each field of a pattern is a part. Some words between fields belong to the field before ("{Lining} Lining") or after
("with {Coating}"), as `joins` in `shop.yaml` says. All other words are parts of their own. Only white space and
punctuation separate parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Part = dict[str, Any]  # {"start": int, "end": int, "text": str}; offsets in characters, end exclusive

_WORD = r"\w[^\s,;:()（）{}]*"


class Joins:
    """Which words of patterns belong to a field, and which adjacent words are separate parts."""

    __slots__ = ("_apart", "_part")

    def __init__(self, *, before: Sequence[str], after: Sequence[str], apart: Sequence[Sequence[str]]) -> None:
        self._apart = {"".join(words): tuple(words) for words in apart}
        leads, tails = ("|".join(map(re.escape, sorted(words, key=len, reverse=True))) for words in (before, after))
        field = r"\{[^{}]+\}"
        lead = rf"(?:(?:{leads})\s*)?" if leads else ""
        tail = rf"(?:\s*(?:{tails})(?!\w))?" if tails else ""
        self._part = re.compile(rf"{lead}{field}{tail}|{_WORD}(?: {_WORD})*")

    def pieces(self, source: str) -> Iterator[tuple[int, str]]:
        """The parts of a pattern, each with the number of separator characters before it."""
        end = 0
        for found in self._part.finditer(source):
            for words in self._apart.get(found[0], (found[0],)):
                yield found.start() - end, words
                end = found.start()
            end = found.end()


class Cuts:
    """A pattern with the positions of its parts."""

    __slots__ = ("_pieces",)

    def __init__(self, source: str, joins: Joins) -> None:
        self._pieces = tuple((skipped, _field(words), words) for skipped, words in joins.pieces(source))

    def parts(self, values: Mapping[str, str]) -> list[Part]:
        """The parts of the text that results from filling the pattern with these values, in order."""
        found = []
        end = 0
        for skipped, field, words in self._pieces:
            text = values[field] if field else words.format_map(values)
            start = end + skipped
            end = start + len(text)
            found.append({"start": start, "end": end, "text": text})
        return found


def _field(words: str) -> str:
    """The field name if a part is a single field; '' otherwise."""
    alone = re.fullmatch(r"\{([^{}]+)\}", words)
    return alone[1] if alone else ""
