"""The entry point of the injection detector: applies all rules to a text, or to a column of texts.

A column is scanned with RE2 first; only rows that contain a word, a sign or a character of the vocabulary are read.
Both take time linear in the length of the text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

from ecominstruct.detectors.base import Found, Mention, matching, settled
from ecominstruct.detectors.injection.fold import ODD, Folded, fold, is_disguised
from ecominstruct.detectors.injection.hidden import CARRIERS, QUICK, hidden, markup
from ecominstruct.detectors.injection.marks import framing, marks, series
from ecominstruct.detectors.injection.speech import anchors, speech
from ecominstruct.detectors.injection.views import CODES, decoded, views
from ecominstruct.detectors.injection.words import ORDER, words
from ecominstruct.identity import fingerprint

if TYPE_CHECKING:
    import pyarrow as pa

RULES = 1  # raise it when a change of the code changes what is found


def version() -> str:
    """Return a fingerprint of all rules and words: findings change only if it does."""
    patterns = [[mark.name, mark.severity, mark.pattern.pattern] for mark in marks()]
    return fingerprint([RULES, words().model_dump(), patterns, quick()])


@cache
def quick() -> tuple[str, ...]:
    """Return RE2 patterns, at least one of which matches every text with a finding."""
    own = [*(mark.quick for mark in marks()), *(one.quick for one in series()), *(one.quick for one in CARRIERS)]
    other = [*(code.quick for code in CODES), *(view.quick for view in views())]
    return (QUICK, ODD, *anchors(), *own, *other)


def find(text: str) -> list[Mention]:
    """Return all mentions in a text, in order. Of overlapping ones the most severe is kept, then the longest.

    Offsets count characters of the original text. Accepts any string, also with lone surrogates.
    """
    return settled(_all(text), ORDER, worst_first=True)


def find_in_column(column: pa.Array[Any]) -> Found:
    """Return the rows of a column of strings that contain mentions, with these. Nulls have none."""
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
    if folded.starts is not None:  # a removed character may have replaced a space
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
    """Raise a disguised mention to high severity."""
    hides = is_disguised(text[one.start : one.end])
    return one._replace(kind="disguised", severity="high") if hides else one
