"""Sentences with {fields}, and texts that remember where their labelled pieces stand."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

Span = dict[str, Any]  # {"label": str, "start": int, "end": int, "text": str}; offsets in characters, end exclusive


class SpanText:
    """A text put together from left to right. Spans come out sorted, exact and free of overlap."""

    __slots__ = ("_length", "_pieces", "spans")

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self.spans: list[Span] = []

    def add(self, piece: str, label: str = "") -> None:
        """Append a piece; with a label it becomes a span."""
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
    """A wording such as `"Holds {Capacity}."`, parsed once. Field names may contain spaces and Chinese."""

    __slots__ = ("_parts", "fields", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        self._parts = tuple((literal, field or "") for literal, field, _, _ in Formatter().parse(source))
        self.fields = frozenset(field for _, field in self._parts if field)

    def fill(self, values: Mapping[str, str]) -> str:
        """The wording with its fields filled in."""
        return self.source.format_map(values)

    def write(self, into: SpanText, values: Mapping[str, str], labels: Mapping[str, str]) -> None:
        """Append the filled wording to a text; fields that `labels` names become spans."""
        for literal, field in self._parts:
            if literal:
                into.add(literal)
            if field:
                into.add(values[field], labels.get(field, ""))


def title_case(text: str) -> str:
    """English title case that leaves units, codes and short joining words alone ("1.7 L", "pack of 4")."""
    done: list[str] = []
    previous = ""
    for word in text.split(" "):
        keep = (word in _SMALL_WORDS and done) or any(sign.isdigit() for sign in word) or previous.isdigit()
        keep = keep or (bool(previous) and previous[0].isdigit() and word in _UNITS)
        done.append(word if keep else word[:1].upper() + word[1:])
        previous = word
    return " ".join(done)


_SMALL_WORDS = frozenset({"a", "an", "and", "by", "for", "in", "of", "on", "or", "the", "to", "with", "per"})
_UNITS = frozenset({"cm", "fl", "ft", "g", "in", "kg", "L", "lb", "m", "ml", "mm", "oz", "W", "kW", "Pa", "h", "min"})
