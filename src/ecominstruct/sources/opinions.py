"""Parsers for annotated opinions: token spans, ASTE triplets and ACOS quads. Registered in `parsers.py`.

Both annotations refer to tokens by number, in a text whose tokens are separated by single blanks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

SpanDict = dict[str, Any]
Pair = dict[str, str]
Item = TypeVar("Item")


def tokens(text: str) -> list[tuple[int, int]]:
    """The start and end (exclusive) of each token, in characters. Tokens are separated by single blanks."""
    places = []
    start = 0
    for token in text.split(" "):
        places.append((start, start + len(token)))
        start += len(token) + 1
    return places


def stretch(text: str, places: Sequence[tuple[int, int]], label: str, first: int, last: int) -> SpanDict:
    """The span of tokens `first` to `last`, both inclusive. Raises ValueError if there are no such tokens."""
    if not 0 <= first <= last < len(places):
        raise ValueError(f"tokens {first} to {last} of {len(places)}")
    start, end = places[first][0], places[last][1]
    return {"label": label, "start": start, "end": end, "text": text[start:end]}


def _each_once(items: Sequence[Item]) -> list[Item]:
    """The distinct items in order. An aspect with two opinions occurs in two triplets."""
    return [item for index, item in enumerate(items) if item not in items[:index]]


# ------------------------------------------------------------------------------------------------------------- triplets


class Triplet(NamedTuple):
    """An aspect and an opinion on it, as token numbers."""

    aspect: tuple[int, ...]
    opinion: tuple[int, ...]
    polarity: str


_NUMBERS = r"\[(\d+(?:, ?\d+)*)\]"
_TRIPLET = re.compile(rf"\({_NUMBERS}, ?{_NUMBERS}, ?'([A-Z]+)'\)")


def _triplets(value: Any) -> list[Triplet]:
    text = str(value).strip()
    found = [Triplet(_numbers(a), _numbers(o), polarity) for a, o, polarity in _TRIPLET.findall(text)]
    rest = _TRIPLET.sub("", text).strip("[], ")
    if rest or not found:
        raise ValueError(f"expected [([aspect], [opinion], polarity), …], found {(rest or text)[:80]!r}")
    return found


def _numbers(text: str) -> tuple[int, ...]:
    numbers = tuple(int(number) for number in text.split(","))
    if numbers != tuple(range(numbers[0], numbers[-1] + 1)):
        raise ValueError(f"the tokens {text} are no stretch")
    return numbers


def triplet_aspects(value: Any, host: str) -> list[SpanDict]:
    """The aspects of `[([1, 2], [4], 'POS'), …]`, which holds token numbers; their label is the polarity."""
    places = tokens(host)
    found = [stretch(host, places, each.polarity, each.aspect[0], each.aspect[-1]) for each in _triplets(value)]
    return _each_once(found)


def triplet_opinions(value: Any, host: str) -> list[SpanDict]:
    """The opinions of triplets as in `triplet_aspects`, without a label."""
    places = tokens(host)
    return _each_once([stretch(host, places, "", each.opinion[0], each.opinion[-1]) for each in _triplets(value)])


def triplet_pairs(value: Any, _: str) -> list[Pair]:
    """From the columns text and triplets: the words of each aspect, paired with those of its opinion."""
    text, triplets = _two(value)
    places = tokens(str(text))
    pairs = []
    for each in _triplets(triplets):
        aspect = stretch(str(text), places, "", each.aspect[0], each.aspect[-1])
        opinion = stretch(str(text), places, "", each.opinion[0], each.opinion[-1])
        pairs.append({"name": str(aspect["text"]), "value": str(opinion["text"])})
    return _each_once(pairs)


def _two(value: Any) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("expected two columns: the text and its annotation")
    return value[0], value[1]


# ---------------------------------------------------------------------------------------------------------------- quads


class Quad(NamedTuple):
    """An aspect, its category, the sentiment and the opinion; (-1, -1) for an implicit aspect or opinion."""

    aspect: tuple[int, int]
    category: str
    sentiment: str
    opinion: tuple[int, int]


_QUAD = re.compile(r"(-?\d+),(-?\d+) (\S+) (\d) (-?\d+),(-?\d+)")


def _quads(value: Any) -> list[Quad]:
    if not isinstance(value, list):
        raise ValueError("expected a list of quads")
    quads = []
    for item in value:
        found = _QUAD.fullmatch(str(item).strip())
        if not found:
            raise ValueError(f"no quad: {str(item)[:80]!r}")
        first, last, category, sentiment, start, end = found.groups()
        quads.append(Quad((int(first), int(last)), _readable(category), sentiment, (int(start), int(end))))
    return quads


def _readable(category: str) -> str:
    """`HARD_DISC#GENERAL` in readable form: `hard disc: general`."""
    entity, _, attribute = category.lower().replace("_", " ").replace("&", " & ").partition("#")
    return f"{entity}: {attribute}" if attribute else entity


def quad_aspects(value: Any, host: str) -> list[SpanDict]:
    """The aspects of `1,3 LAPTOP#GENERAL 2 4,5` (token numbers, end exclusive). Implicit ones (-1,-1) are left out."""
    places = tokens(host)
    explicit = [quad for quad in _quads(value) if quad.aspect[0] >= 0]
    found = [stretch(host, places, quad.category, quad.aspect[0], quad.aspect[1] - 1) for quad in explicit]
    return _each_once(found)


def quad_opinions(value: Any, host: str) -> list[SpanDict]:
    """The opinions of quads, labelled with the sentiment (0, 1, 2). Implicit ones are left out."""
    places = tokens(host)
    explicit = [quad for quad in _quads(value) if quad.opinion[0] >= 0]
    found = [stretch(host, places, quad.sentiment, quad.opinion[0], quad.opinion[1] - 1) for quad in explicit]
    return _each_once(found)


def quad_categories(value: Any, _: str) -> list[Pair]:
    """The category of each quad, such as `laptop: general`, paired with the sentiment (0, 1, 2)."""
    return _each_once([{"name": quad.category, "value": quad.sentiment} for quad in _quads(value)])


def quad_labels(value: Any, _: str) -> list[str]:
    """The distinct categories of the quads."""
    return _each_once([quad.category for quad in _quads(value)])


def quad_entities(value: Any, _: str) -> list[str]:
    """The distinct entities of the quads: `hard disc` for the category `hard disc: general`."""
    return _each_once([quad.category.partition(":")[0] for quad in _quads(value)])


def quad_terms(value: Any, _: str) -> list[Pair]:
    """From the columns text and quads: the words of each explicit aspect, paired with its category."""
    text, quads = _two(value)
    return [{"name": str(span["text"]), "value": str(span["label"])} for span in quad_aspects(quads, str(text))]
