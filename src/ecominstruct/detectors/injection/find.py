"""Injected instructions in a text, and in a column of texts: words, marks, hidden characters, markup, other readings.

A column is looked at by RE2 first; only rows that hold a word, a sign or a character of the vocabulary are read. The
time of both grows as the text does.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from ecominstruct.detectors.base import Found, Mention, matching, settled
from ecominstruct.detectors.injection.fold import ODD, Folded, fold, is_disguised
from ecominstruct.detectors.injection.hidden import QUICK, hidden
from ecominstruct.detectors.injection.kinds import ORDER
from ecominstruct.detectors.injection.marks import framing, marks, series
from ecominstruct.detectors.injection.markup import CARRIERS, markup
from ecominstruct.detectors.injection.speech import anchors, speech
from ecominstruct.detectors.injection.views import CODES, decoded, views
from ecominstruct.detectors.injection.words import words
from ecominstruct.identity import fingerprint

if TYPE_CHECKING:
    import pyarrow as pa

RULES = 1  # raised when the code of a rule changes what is found


def version() -> str:
    """A fingerprint of all rules and words: what is found can change only where it does."""
    patterns = [[mark.name, mark.severity, mark.pattern.pattern] for mark in marks()]
    return fingerprint([RULES, words().model_dump(), patterns, quick()])


@cache
def quick() -> tuple[str, ...]:
    """Patterns of RE2: a text in which something is found is matched by one of them."""
    own = [*(mark.quick for mark in marks()), *(one.quick for one in series()), *(one.quick for one in CARRIERS)]
    other = [*(code.quick for code in CODES), *(view.quick for view in views())]
    return (QUICK, ODD, *anchors(), *own, *other)


def find(text: str) -> list[Mention]:
    """All mentions in a text, in their order; where two overlap, the worse one, then the longer one.

    Offsets count characters of the text as it is. Any string will do, also one with lone surrogates.
    """
    return settled(_all(text), ORDER, worst_first=True)


def find_in_column(column: pa.Array[Any]) -> Found:
    """The rows of a column of strings that hold injected instructions, each with its mentions; nulls hold none."""
    import pyarrow as pa

    rows = sorted({row for pattern in quick() for row in matching(column, pattern)})
    texts: list[Any] = column.take(pa.array(rows, pa.int64())).to_pylist()
    found = ((row, find(text)) for row, text in zip(rows, texts, strict=True))
    return [(row, mentions) for row, mentions in found if mentions]


def _all(text: str) -> Iterator[Mention]:
    folded = fold(text)
    yield from hidden(text)
    yield from (_judged(text, one) for one in _read(folded))
    yield from markup(text)
    if folded.starts is not None:  # what was taken out may have stood for a blank
        yield from (_judged(text, one) for one in speech(fold(text, " ")))
    for view in views():
        signs = [folded.place(*match.span()) for match in view.sign.finditer(folded.text)]
        for one in speech(view.read(folded)) if signs else ():
            if any(start < one.end and one.start < end for start, end in signs):
                yield one._replace(kind=view.kind, rule=view.name, severity="high")
    for name, said, start, end in decoded(text):
        worst = any(True for _ in _read(fold(said)))
        yield Mention("encoded", name, "high" if worst else "medium", start, end)


def _read(folded: Folded) -> Iterator[Mention]:
    yield from speech(folded)
    yield from framing(folded)


def _judged(text: str, one: Mention) -> Mention:
    """A mention; where it was disguised, it is meant to do harm."""
    hides = is_disguised(text[one.start : one.end])
    return one._replace(kind="disguised", severity="high") if hides else one
