"""A list of words, each under the name of what it means, and the pattern that finds them in texts.

Latin words are whole words, in any case; Chinese ones may stand anywhere. Of words that begin at one place the longest
is found. RE2 points at the rows of a column that may hold any, exact patterns read those.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ecominstruct.detectors.bias.vocabulary import Place, Vocabulary, vocabulary

if TYPE_CHECKING:
    import pyarrow as pa

Kind = Literal["brand", "origin", "region", "gender"]
KINDS: tuple[Kind, ...] = ("brand", "origin", "region", "gender")
_LATIN = re.compile(r"[0-9A-Za-z]")


class Word(NamedTuple):
    """What a spelling means. Names that are `among` the same can take each other's stead in the same `form`."""

    name: str  # Samsung; china; female
    among: str  # the trade of a brand; origins; regions; gender
    form: str  # latin, chinese, en 0 (noun), en 1 (adjective), the pair of a gender; empty: never put in


class Mention(NamedTuple):
    """A word in a text."""

    start: int
    end: int
    word: Word


class Lexicon(NamedTuple):
    """All words of one kind."""

    words: Mapping[str, Word]  # by spelling, case folded
    spelled: Mapping[tuple[str, str], str]  # by name and form: how to write it
    pattern: re.Pattern[str]
    quick: str  # the same for RE2

    def mentions(self, text: str) -> Iterator[Mention]:
        """Its words in a text, in their order."""
        for match in self.pattern.finditer(text):
            yield Mention(match.start(), match.end(), self.words[match.group().casefold()])


@cache
def lexicon(kind: Kind) -> Lexicon:
    """The words of a kind, with the vocabulary as it is."""
    return _lexicon(_ENTRIES[kind](vocabulary()))


@cache
def sector_words() -> Lexicon:
    """The words by which the trade of a text is known."""
    found = vocabulary().sectors.words
    return _lexicon(
        (word, Word(name, "sector", "")) for name, by in found.items() for words in by.values() for word in words
    )


def _lexicon(entries: Iterable[tuple[str, Word]]) -> Lexicon:
    words: dict[str, Word] = {}
    spelled: dict[tuple[str, str], str] = {}
    for spelling, word in entries:
        words.setdefault(spelling.casefold(), word)
        if word.form:
            spelled.setdefault((word.name, word.form), spelling)
    pattern = "|".join(map(bounded, sorted(words, key=lambda one: (-len(one), one))))
    return Lexicon(words, spelled, re.compile(pattern, re.ASCII | re.IGNORECASE), f"(?i){pattern}")


def bounded(word: str) -> str:
    """A pattern for a word: no Latin letter or digit may go on where it ends in one. Holds in `re` and in RE2."""
    escaped = "".join(f"\\{char}" if char.isascii() and not char.isalnum() and char != " " else char for char in word)
    before, after = (r"\b" if _LATIN.match(char) else "" for char in (word[0], word[-1]))
    return f"{before}{escaped}{after}"


def _brands(known: Vocabulary) -> Iterator[tuple[str, Word]]:
    for trade, homes in known.brands.items():
        for brands in homes.values():
            for spellings in brands:
                name = spellings[0].partition(" (")[0]
                for spelling in spellings:
                    form = "" if "(" in spelling else "latin" if spelling.isascii() else "chinese"
                    yield spelling.replace("(", "").replace(")", ""), Word(name, trade, form)


def _places(places: Mapping[str, Place], among: str) -> Iterator[tuple[str, Word]]:
    for name, place in places.items():
        for lang, spellings in (("en", place.en), ("zh", place.zh)):
            for number, spelling in enumerate(spellings):
                yield spelling, Word(name, among, f"{lang} {number}")
        for spelling in place.also:
            yield spelling, Word(name, among, "")


def _gender(known: Vocabulary) -> Iterator[tuple[str, Word]]:
    for lang, pairs in (("en", known.gender.en), ("zh", known.gender.zh)):
        for number, pair in enumerate(pairs):
            yield pair.female, Word("female", "gender", f"{lang} {number}")
            yield pair.male, Word("male", "gender", f"{lang} {number}")


_ENTRIES: Mapping[Kind, Any] = {
    "brand": _brands,
    "origin": lambda known: _places(known.places.origins, "origins"),
    "region": lambda known: (
        entry for block, places in known.places.regions.items() for entry in _places(places, f"regions of {block}")
    ),
    "gender": _gender,
}


def pointed_at(column: pa.Array[Any], pattern: str) -> list[int]:
    """The rows of a column of strings in which RE2 finds a pattern; nulls hold none."""
    import pyarrow.compute as pc

    rows: list[Any] = pc.indices_nonzero(pc.match_substring_regex(column, pattern=pattern)).to_pylist()
    return rows
