"""Parsers for cells of Chinese sources: tokeniser blanks, `$T$` placeholders, category levels, alternating turns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_BETWEEN_CHINESE = re.compile(r"(?<=[^\x00-\x7f]) +|(?<! ) +(?=[^\x00-\x7f])")
_TWO_CHINESE = re.compile(r"[\u4e00-\u9fff]{2}")
_INVISIBLE = re.compile("[\ufeff\u200b-\u200d\u2060]")
_WRITTEN_BREAK = re.compile(r"(?<!\\)\\+[nrt]")
_CUT = re.compile(r"[,，]")
TARGET = "$T$"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"expected a text, found a {type(value).__name__}")
    return value


def _texts(value: Any, what: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"expected {what}")
    return value


def unspaced(value: Any, _: str) -> str:
    """Remove the blanks that a tokeniser put between Chinese characters or words. Blanks between Latin words stay."""
    return _BETWEEN_CHINESE.sub("", _text(value))


def visible(value: Any, _: str) -> str:
    r"""Remove invisible characters (U+FEFF, zero-width). White space, also a written `\n`, becomes single blanks."""
    return " ".join(_INVISIBLE.sub("", _WRITTEN_BREAK.sub(" ", _text(value))).split())


def filled(value: Any, _: str) -> str:
    """`[text, words]`: replace `$T$` in the text by the words, and normalise the blanks.

    If no two Chinese characters are adjacent, the blanks come from a tokeniser and are removed; otherwise people wrote
    them, and runs are reduced to one.
    """
    text, words = (*_texts(value, "a text and its target"), "", "")[:2]
    if TARGET not in text:
        raise ValueError(f"no {TARGET} in {text[:40]!r}")
    tokenised = not _TWO_CHINESE.search(text)
    whole = text.replace(TARGET, words.strip())
    return unspaced(whole, "").strip() if tokenised else " ".join(whole.split())


def target_words(value: Any, _: str) -> str:
    """Normalise the blanks in the words that replace `$T$`, by the rule of `filled` applied to the words alone."""
    text = _text(value)
    return " ".join(text.split()) if _TWO_CHINESE.search(text) else unspaced(text, "").strip()


def known_words(value: Any, _: str) -> str:
    """Remove `<UNK>`, which replaces words that the publisher masked."""
    return _text(value).replace("<UNK>", "")


def labelled_tags(value: Any, host: str) -> list[dict[str, Any]]:
    """`[tokens, tags, labels]`: spans from BIO tags whose label is in the third column, as in `B-ASP Positive`."""
    from ecominstruct.sources.bio_tags import spans_of

    if not isinstance(value, list) or len(value) != 3:
        raise ValueError("expected tokens, tags and labels")
    tokens, tags, labels = (_texts(column, "a list of texts") for column in value)
    marked = [tag if tag == "O" else f"{tag[0]}-{label}" for tag, label in zip(tags, labels, strict=True)]
    spans = spans_of(tokens, marked)
    if len(spans) != len(spans_of(tokens, tags)):
        raise ValueError("tags and labels part the sentence in different ways")
    if any(host[span["start"] : span["end"]] != span["text"] for span in spans):
        raise ValueError("the tokens do not make the text")
    return spans


def category_levels(value: Any, _: str) -> list[str]:
    """The levels of `A--B--C`, or of a list of columns, without blanks and without UNKNOWN levels."""
    levels = value.split("--") if isinstance(value, str) else _texts(value, "levels of a category")
    return [unspaced(level.strip(), "") for level in levels if level.strip() not in ("", "UNKNOWN")]


def distinct_items(value: Any, _: str) -> list[str]:
    """The distinct items of a comma-separated list, in order."""
    return list(dict.fromkeys(item.strip() for item in _CUT.split(_text(value)) if item.strip()))


def turns_in_turn(value: Any, _: str) -> list[dict[str, str]]:
    """A list of utterances as turns that alternate, the customer first; blanks of a tokeniser are removed."""
    texts: Sequence[str] = _texts(value, "a list of utterances")
    sides = ("customer", "agent")
    return [{"speaker": sides[number % 2], "text": unspaced(text, "")} for number, text in enumerate(texts)]


def values_in_text(value: Any, host: str) -> list[dict[str, Any]]:
    """`name#value*name#value`: a span at the first occurrence of each value in the text, if any."""
    pairs = [(name, words) for item in _text(value).split("*") for name, _, words in [item.partition("#")]]
    stands = [(host.find(words), name, words) for name, words in dict.fromkeys(pairs) if words and words in host]
    return [
        {"label": name, "start": start, "end": start + len(words), "text": words}
        for start, name, words in sorted(stands)
    ]
