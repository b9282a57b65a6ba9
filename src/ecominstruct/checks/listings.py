"""The structure of inputs: where the fields of a record occur in it, and titles, attributes and brands of listings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

PAIRS, MEMBERS = "#;#", "#:#"  # between the attributes of a listing, and between name and value
_BRAND = re.compile(r"(?:品牌|\bbrand\b)[^#;；:：\n]{0,12}(?:#:#|[:：])[ ]?([^#;；\n]{1,80})", re.IGNORECASE)
_OTHER_NAME = re.compile(r"[/（()）]")
MOST_STARTS = 50  # positions at which a list of values is tried


class Listing(NamedTuple):
    """A product as one text: its title, and its attributes as written."""

    title: str
    attributes: str

    @property
    def values(self) -> list[str]:
        """The attribute values, without their names."""
        return [pair.partition(MEMBERS)[2] for pair in self.attributes.split(PAIRS)]


class Part(NamedTuple):
    """A field of a record, and its position in an input. `words` is its text; for name–value pairs, the values."""

    name: str
    start: int
    end: int
    words: str


class Sides(NamedTuple):
    """The two halves of an input that are compared."""

    left: str  # as written in the input
    right: str
    left_words: str  # their text without attribute names
    right_words: str
    left_at: tuple[int, int]
    right_at: tuple[int, int]


def listing(text: str) -> Listing | None:
    """Parse `title, name#:#value#;#…` (with a tab or a comma after the title). Returns None for other texts."""
    head, found, _ = text.partition(MEMBERS)
    if not found:
        return None
    cut = max(head.rfind("\t") + 1, head.rfind(", ") + 2 if ", " in head else 0)
    return Listing(head[:cut].rstrip(", \t"), text[cut:].rstrip(",\n "))


def words_of(text: str) -> str:
    """Return the text without attribute names: of a listing, the title and the attribute values."""
    found = listing(text)
    return text if found is None else " ".join([found.title, *found.values]).strip()


def brands(text: str) -> list[str]:
    """Return the brands named in the attributes of a text. "A/B" and "A(B)" are two names of one brand."""
    found = (match.group(1).strip(" ,，") for match in _BRAND.finditer(text))
    return [name.strip() for value in found for name in _OTHER_NAME.split(value) if name.strip()]


def parts(text: str, fields: Mapping[str, Sequence[Any]]) -> tuple[Part, ...]:
    """Find the values of record fields in a text, in text order. The longest are placed first, without overlap.

    A field may have several values, at most one of which is placed. A field that is the whole text is not a part.
    """
    found = [
        Part(name, start, end, words)
        for name, values in fields.items()
        for value in values
        for start, end, words in _places(text, value)
    ]
    kept: list[Part] = []
    whole = len(text.strip())
    for part in sorted(found, key=lambda part: (part.start - part.end, part.start, part.name)):
        apart = all(part.end <= other.start or other.end <= part.start for other in kept)
        if apart and part.end - part.start < whole and all(part.name != other.name for other in kept):
            kept.append(part)
    return tuple(sorted(kept, key=lambda part: part.start))


def _places(text: str, value: Any) -> list[tuple[int, int, str]]:
    """The places of a value in a text, each with its words."""
    if isinstance(value, str):
        starts = _starts(text, value) if value.strip() else []
        return [(start, start + len(value), words_of(value)) for start in starts]
    pieces, words = _pieces(value)
    if not pieces:
        return []
    stretches = [(start, _end(text, start, pieces)) for start in _starts(text, pieces[0])]
    whole = [(end - start, start, end) for start, end in stretches if end >= 0]
    return [(start, end, words) for _, start, end in sorted(whole)[:1]]


def _starts(text: str, piece: str) -> list[int]:
    found: list[int] = []
    at = text.find(piece)
    while at >= 0 and len(found) < MOST_STARTS:
        found.append(at)
        at = text.find(piece, at + 1)
    return found


def _end(text: str, start: int, pieces: Sequence[str]) -> int:
    """The end of consecutive pieces found in order from `start`; -1 if one is missing."""
    at = start
    for piece in pieces:
        found = text.find(piece, at)
        if found < 0:
            return -1
        at = found + len(piece)
    return at


def _pieces(value: Any) -> tuple[list[str], str]:
    """The texts in a list of texts, pairs or turns, and their words joined. Empty for spans."""
    if not isinstance(value, list) or not value:
        return [], ""
    if isinstance(value[0], str):
        return [item for item in value if item], " ".join(value)
    said = "value" if "value" in value[0] else "text"
    if said not in value[0] or "start" in value[0]:
        return [], ""
    names = [[item["name"], item["value"]] if said == "value" else [item["text"]] for item in value]
    return [piece for pair in names for piece in pair if piece], " ".join(item[said] for item in value)


def sides(text: str, found: Sequence[Part]) -> Sides | None:
    """Split the parts of an input into two halves. Returns None if there are fewer than two parts."""
    if len(found) < 2:
        return None
    middle = len(found) // 2
    left, right = found[:middle], found[middle:]
    left_at, right_at = (left[0].start, left[-1].end), (right[0].start, right[-1].end)
    left_words, right_words = (" ".join(part.words for part in side) for side in (left, right))
    return Sides(text[slice(*left_at)], text[slice(*right_at)], left_words, right_words, left_at, right_at)
