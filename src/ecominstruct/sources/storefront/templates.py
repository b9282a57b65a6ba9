"""Sentence templates with {fields}, and texts that record the position of their labelled pieces."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

Span = dict[str, Any]  # {"label": str, "start": int, "end": int, "text": str}; offsets in characters, end exclusive


class SpanText:
    """A text assembled from left to right. Its spans are sorted, exact and do not overlap."""

    __slots__ = ("_length", "_pieces", "spans")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.spans: list[Span] = []

    def add(self, piece: str, label: str = "") -> None:
        """Append a piece. With a label it becomes a span."""
        start = self._length
        self._length = end = start + len(piece)
        self._pieces.append(piece)
        if label:
            self.spans.append({"label": label, "start": start, "end": end, "text": piece})

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._pieces)


class Template:
    """A wording such as `"Holds {Capacity}."`, parsed once. Field names may contain blanks and Chinese."""

    __slots__ = ("_parts", "fields", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._parts = tuple((literal, field or "") for literal, field, _, _ in Formatter().parse(source))
        self.fields = frozenset(field for _, field in self._parts if field)

    def fill(self, values: Mapping[str, str]) -> str:
        """The wording with its fields filled in."""
        return self.source.format_map(values)

    def write(self, into: SpanText, values: Mapping[str, str], labels: Mapping[str, str]) -> None:
        """Append the filled wording to a text. Fields named in `labels` become spans."""
        add = into.add
        for literal, field in self._parts:
            if literal:
                add(literal)
            if field:
                add(values[field], labels.get(field, ""))


def title_case(text: str) -> str:
    """English title case that leaves units, codes and short function words alone ("1.7 L", "pH 5.5", "Pack of 4")."""
    done: list[str] = []
    previous = ""
    for word in text.split(" "):
        unit = word in _UNITS and previous[:1].isdigit()
        joining = bool(done) and word in _SMALL_WORDS
        coded = any(sign.isdigit() or sign.isupper() for sign in word[1:])
        done.append(word if unit or joining or coded else word[:1].upper() + word[1:])
        previous = word
    return " ".join(done)


_SMALL_WORDS = frozenset({"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"})
_UNITS = frozenset(
    {"bar", "cm", "fl", "ft", "g", "gsm", "h", "in", "kg", "lb", "lm", "m", "min", "ml", "mm", "oz", "rpm", "x"}
)
