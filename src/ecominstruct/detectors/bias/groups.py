"""The groups of a text: brand, place, gender and price band mentioned in it, and its length.

A text has a group if all words of that kind in it mean the same. With several meanings it has the group `several`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.detectors.bias.vocabulary import KINDS, Lexicon, Money, lexicon, pointed_at, sector_words, vocabulary
from ecominstruct.rows import Lang

if TYPE_CHECKING:
    import pyarrow as pa

SEVERAL = "several"
BANDS, LENGTHS = ("low", "middle", "high"), ("short", "middle", "long")
FACETS = (*KINDS, "price", "length")
OTHER = "other"
Groups = list[str | None]


class Price(NamedTuple):
    """An amount of money in a text; characters `start` to `end` are its digits."""

    start: int
    end: int
    amount: float
    currency: str

    @property
    def band(self) -> str:
        """low, middle or high, by the limits of the currency."""
        return BANDS[sum(self.amount >= end for end in vocabulary().bands.prices[self.currency].bands)]


def groups(column: pa.Array[Any], lang: Lang) -> dict[str, Groups]:
    """Return, for each facet, the group of each text of a column, or None."""
    found: dict[str, Groups] = {kind: _named(column, lexicon(kind)) for kind in KINDS}
    return found | {"price": _priced(column), "length": _lengths(column, lang)}


def sectors(column: pa.Array[Any]) -> list[str]:
    """Return the sector of each text, by the first word that indicates one; else `other`."""
    words = sector_words()
    found = [OTHER] * len(column)
    _each(column, words.quick, found, lambda text: next(words.mentions(text)).word.name)
    return found


def _named(column: pa.Array[Any], words: Lexicon) -> Groups:
    found: Groups = [None] * len(column)
    _each(column, words.quick, found, lambda text: one_of({mention.word.name for mention in words.mentions(text)}))
    return found


def one_of(names: set[str]) -> str | None:
    """Return the only name, `several` if there are several, or None."""
    return None if not names else next(iter(names)) if len(names) == 1 else SEVERAL


def _each(column: pa.Array[Any], quick: str, found: list[Any], of: Callable[[str], Any]) -> None:
    """Set `found` for the rows that an RE2 pattern matches."""
    import pyarrow as pa

    rows = pointed_at(column, quick)
    texts: list[Any] = column.take(pa.array(rows, pa.int64())).to_pylist()
    for row, text in zip(rows, texts, strict=True):
        found[row] = of(text)


# -------------------------------------------------------------------------------------------------------------- prices

_AMOUNT = r"\d{1,7}(?:,\d{3}){0,2}(?:\.\d{1,2})?"


@cache
def _money() -> tuple[re.Pattern[str], str]:
    """A pattern with one group per currency and position of its sign, and its RE2 version."""
    parts = []
    for name, money in vocabulary().bands.prices.items():
        if money.before:
            parts.append(rf"(?:{_signs(money.before, 'before')})\s?(?P<{name}_after>{_AMOUNT})")
        if money.after:
            parts.append(rf"(?P<{name}_before>{_AMOUNT})\s?(?:{_signs(money.after, 'after')})")
    quick = "|".join(re.sub(r"\?P<\w+>", "?:", part) for part in parts)
    return re.compile("|".join(parts), re.ASCII | re.IGNORECASE), f"(?i){quick}"


def _signs(words: Sequence[str], where: str) -> str:
    def bounded(word: str) -> str:
        escaped = "".join(f"\\{char}" if char in "$.?*+|()[]{}^\\" else char for char in word)
        before = r"\b" if where == "before" and word[0].isascii() and word[0].isalnum() else ""
        after = r"\b" if where == "after" and word[-1].isascii() and word[-1].isalnum() else ""
        return f"{before}{escaped}{after}"

    return "|".join(map(bounded, sorted(words, key=lambda word: (-len(word), word))))


def prices(text: str) -> list[Price]:
    """Return the amounts of money in a text."""
    found = []
    for match in _money()[0].finditer(text):
        name = str(match.lastgroup)
        digits = match[name]
        found.append(Price(*match.span(name), float(digits.replace(",", "")), name.rpartition("_")[0]))
    return found


def _priced(column: pa.Array[Any]) -> Groups:
    found: Groups = [None] * len(column)
    _each(column, _money()[1], found, lambda text: one_of({price.band for price in prices(text)}))
    return found


def _lengths(column: pa.Array[Any], lang: Lang) -> Groups:
    import numpy as np
    import pyarrow.compute as pc

    texts: Any = column
    sizes: Any = pc.utf8_length(texts)
    ends = vocabulary().bands.lengths[lang]
    return [LENGTHS[band] for band in np.searchsorted(ends, sizes.to_numpy(zero_copy_only=False), side="right")]


__all__ = ["FACETS", "SEVERAL", "Groups", "Money", "Price", "groups", "one_of", "prices", "sectors"]
