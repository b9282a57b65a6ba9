"""Parsers for shop offers in the notations of matching benchmarks: `COL title VAL …`, quotes, language tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_QUOTED = re.compile(r'(?:\A|(?<="), |(?<=NaN), )(\w+): (?="|NaN(?:, |\Z))')
_NOTHING = re.compile(r'"\s*Null\s*"')
_QUOTE = re.compile(r'"(?:@[A-Za-z]{2}(?:-[A-Za-z]{2})?(?![A-Za-z]))?')


def col_val_pairs(value: Any, _: str) -> list[dict[str, str]]:
    """The pairs of `COL title VAL red mug COL price VAL 5`; pairs with an empty value are left out."""
    if not isinstance(value, str) or not value.startswith("COL "):
        raise ValueError(f"does not begin with COL: {str(value)[:80]!r}")
    return [{"name": name, "value": words} for name, words in _columns(value) if words]


def _columns(text: str) -> Iterator[tuple[str, str]]:
    """Each name between COL and VAL, with the text that follows up to the next COL."""
    at = 0
    while at >= 0 and (end := text.find(" VAL", at)) >= 0:
        following = text.find(" COL ", end + 4)
        yield text[at + 4 : end], text[end + 4 : following if following >= 0 else len(text)].strip()
        at = following + 1 if following >= 0 else -1


def offer_pairs(value: Any, _: str) -> list[dict[str, str]]:
    """The pairs of `COL brand_name VAL "Red mug"@en "Mug | Shop"@en`, without quotes and language tags.

    Names become words: `Brew_Factory_Name` is `brew factory name`, `modelno` is `model number`.
    """
    pairs = [{"name": _name(pair["name"]), "value": _plain(pair["value"])} for pair in col_val_pairs(value, "")]
    return [pair for pair in pairs if pair["value"]]


def offer_title(value: Any, _: str) -> str:
    """The value of the first pair that `offer_pairs` finds."""
    pairs = offer_pairs(value, "")
    if not pairs:
        raise ValueError(f"no value: {str(value)[:80]!r}")
    return pairs[0]["value"]


def quoted_pairs(value: Any, _: str) -> list[dict[str, str]]:
    """The pairs of `title: "red mug", description: NaN, price: "5"`; NaN values are left out."""
    named = list(_QUOTED.finditer(value)) if isinstance(value, str) else []
    if not named or named[0].start():
        raise ValueError(f'no pairs of name: "value": {str(value)[:80]!r}')
    ends = [found.start() for found in named[1:]] + [len(value)]
    said = ((found[1], value[found.end() : end].strip()) for found, end in zip(named, ends, strict=True))
    pairs = ({"name": name, "value": " ".join(words[1:-1].split())} for name, words in said if words.endswith('"'))
    return [pair for pair in pairs if pair["value"]]


def _name(name: str) -> str:
    return {"modelno": "model number"}.get(name, name.replace("_", " ").lower())


def _plain(words: str) -> str:
    return " ".join(_QUOTE.sub(" ", _NOTHING.sub(" ", words)).split()).strip(" ,")
