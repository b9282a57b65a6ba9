"""The vocabulary of bias checks, from YAML files in this folder, which experts can extend."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict, load
from ecominstruct.identity import fingerprint
from ecominstruct.rows import Lang

if TYPE_CHECKING:
    import pyarrow as pa

FOLDER = Path(__file__).parent
Spelling = Annotated[str, Field(min_length=1)]
Brands = dict[str, dict[Literal["world", "china"], list[Annotated[list[Spelling], Field(min_length=1)]]]]
"""By trade and by the home of the company: brands, each a list of its spellings, English before Chinese."""


class Place(Strict):
    """A country or a region: noun, then adjective, in both languages; `also` lists words that only hint at it."""

    en: list[Spelling] = Field(min_length=1)
    zh: list[Spelling] = Field(min_length=1)
    also: list[Spelling] = Field(default_factory=list)


class Places(Strict):
    """Where goods come from, and where people are."""

    origins: dict[str, Place]
    regions: dict[str, dict[str, Place]]


class Pair(Strict):
    """A word for goods for women or girls, its counterpart for men or boys, and a neutral word."""

    female: Spelling
    male: Spelling
    neutral: Spelling


class Gender(Strict):
    """Gendered product words."""

    en: list[Pair]
    zh: list[Pair]


class Money(Strict):
    """How amounts of a currency are written, and the limits of its price bands."""

    before: list[Spelling]
    after: list[Spelling]
    bands: list[float] = Field(min_length=2, max_length=2)


class Bands(Strict):
    """Price bands, length bands, and words that discuss a price."""

    prices: dict[str, Money]
    talk: dict[Lang, list[Spelling]]
    lengths: dict[Lang, Annotated[list[int], Field(min_length=2, max_length=2)]]


class Sectors(Strict):
    """How the category of a row is found."""

    fields: list[str] = Field(description="fields of records that name a category")
    asked: list[str] = Field(description="fields whose being the answer means that the category is asked for")
    words: dict[str, dict[Lang, list[Spelling]]]


class _Brands(Strict):
    trades: Brands

    @model_validator(mode="after")
    def _distinct(self) -> _Brands:
        met: set[str] = set()
        for spelling in _spellings(self.trades):
            if spelling.casefold() in met:
                raise ValueError(f"brands.yaml holds {spelling!r} twice: a spelling belongs to one brand")
            met.add(spelling.casefold())
        return self


class Vocabulary(Strict):
    """The content of all five files."""

    brands: Brands
    places: Places
    gender: Gender
    bands: Bands
    sectors: Sectors


def _spellings(trades: Brands) -> Iterator[str]:
    for homes in trades.values():
        for brands in homes.values():
            for brand in brands:
                yield from brand


@cache
def vocabulary(folder: Path = FOLDER) -> Vocabulary:
    """Read the vocabulary, once. Raises InputError with file and line if one of the files is invalid."""
    return Vocabulary(
        brands=_load_brands(folder / "brands.yaml"),
        places=load(folder / "places.yaml", Places),
        gender=load(folder / "gender.yaml", Gender),
        bands=load(folder / "bands.yaml", Bands),
        sectors=load(folder / "sectors.yaml", Sectors),
    )


def _load_brands(path: Path) -> Brands:
    """Load the mapping of trades, whose keys are free and so cannot be fields of a model."""
    from ecominstruct.config.strict_yaml import Document, read, validate

    document = read(path)
    lines = {("trades", *location): line for location, line in document.lines.items()}
    return validate(Document(document.file, {"trades": document.data}, lines), _Brands).trades


def version() -> str:
    """Return a fingerprint of all words: findings change only if it does."""
    return fingerprint(vocabulary().model_dump(mode="json"))


Kind = Literal["brand", "origin", "region", "gender"]
KINDS: tuple[Kind, ...] = ("brand", "origin", "region", "gender")
_LATIN = re.compile(r"[0-9A-Za-z]")


class Word(NamedTuple):
    """The meaning of a spelling. Names with equal `among` can replace each other in the same `form`."""

    name: str  # a name: Samsung; china; female
    among: str  # what kind of name: the trade of a brand; origins; regions; gender
    form: str  # latin, chinese, en 0 (noun), en 1 (adjective), number of a gender pair; empty: not used in swaps


class Mention(NamedTuple):
    """A word in a text."""

    start: int
    end: int
    word: Word


class Lexicon(NamedTuple):
    """All words of one kind."""

    words: Mapping[str, Word]  # by case-folded spelling
    spelled: Mapping[tuple[str, str], str]  # spelling by name and form
    pattern: re.Pattern[str]
    quick: str  # the same pattern for RE2

    def mentions(self, text: str) -> Iterator[Mention]:
        """Yield the words in a text, in order."""
        for match in self.pattern.finditer(text):
            yield Mention(match.start(), match.end(), self.words[match.group().casefold()])


@cache
def lexicon(kind: Kind) -> Lexicon:
    """Return the lexicon of a kind, built once."""
    return _lexicon(_ENTRIES[kind](vocabulary()))


@cache
def sector_words() -> Lexicon:
    """Return the lexicon of words that indicate the sector of a text."""
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
    """Return a pattern for a word that must not continue with Latin letters or digits. Valid in `re` and in RE2."""
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
    """Return the indices of the rows that an RE2 pattern matches; nulls never match."""
    import pyarrow.compute as pc

    rows: list[Any] = pc.indices_nonzero(pc.match_substring_regex(column, pattern=pattern)).to_pylist()
    return rows
