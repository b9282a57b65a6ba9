"""The words by which groups are told, from YAML files beside this one, which an expert may extend."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ecominstruct.config.strict_yaml import Strict, load
from ecominstruct.identity import fingerprint
from ecominstruct.rows import Lang

FOLDER = Path(__file__).parent
Spelling = Annotated[str, Field(min_length=1)]
Brands = dict[str, dict[Literal["world", "china"], list[Annotated[list[Spelling], Field(min_length=1)]]]]
"""By trade and by where the company is: brands, each a list of its spellings, English before Chinese."""


class Place(Strict):
    """A country or a region: the noun, then the adjective; `also` is what only points at it."""

    en: list[Spelling] = Field(min_length=1)
    zh: list[Spelling] = Field(min_length=1)
    also: list[Spelling] = Field(default_factory=list)


class Places(Strict):
    """Where goods come from, and where people are."""

    origins: dict[str, Place]
    regions: dict[str, dict[str, Place]]


class Pair(Strict):
    """One word for goods for women or girls, the one for men or boys in its stead, and what says neither."""

    female: Spelling
    male: Spelling
    neutral: Spelling


class Gender(Strict):
    """Gendered product words."""

    en: list[Pair]
    zh: list[Pair]


class Money(Strict):
    """How an amount of money is written, and the ends of its bands."""

    before: list[Spelling]
    after: list[Spelling]
    bands: list[float] = Field(min_length=2, max_length=2)


class Bands(Strict):
    """Bands of prices and of lengths, and words that speak of a price."""

    prices: dict[str, Money]
    talk: dict[Lang, list[Spelling]]
    lengths: dict[Lang, Annotated[list[int], Field(min_length=2, max_length=2)]]


class Sectors(Strict):
    """How the category of a row is known."""

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
    """All five files."""

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
    """The vocabulary, read once; InputError with file and line where one of the files is no longer right."""
    return Vocabulary(
        brands=_load_brands(folder / "brands.yaml"),
        places=load(folder / "places.yaml", Places),
        gender=load(folder / "gender.yaml", Gender),
        bands=load(folder / "bands.yaml", Bands),
        sectors=load(folder / "sectors.yaml", Sectors),
    )


def _load_brands(path: Path) -> Brands:
    """A mapping of trades, which has no keys of its own to name in a model."""
    from ecominstruct.config.strict_yaml import Document, read, validate

    document = read(path)
    lines = {("trades", *location): line for location, line in document.lines.items()}
    return validate(Document(document.file, {"trades": document.data}, lines), _Brands).trades


def version() -> str:
    """A fingerprint of all words: what is found changes where they do."""
    return fingerprint(vocabulary().model_dump(mode="json"))
