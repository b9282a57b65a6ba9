"""Excerpts of texts: a stretch with a little around it, and without what could name or reach a person."""

from __future__ import annotations

import re

AROUND = 12  # characters of an excerpt on each side
LONGEST = 60  # characters of an excerpt in the middle

_LONG_NUMBER = re.compile(r"\d{4,}")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")


def around(text: str, start: int, end: int) -> str:
    """A stretch of a text with a little of what surrounds it."""
    middle = text[start : min(end, start + LONGEST)]
    cut = "…" if end > start + LONGEST else ""
    return text[max(0, start - AROUND) : start] + middle + cut + text[end : end + AROUND]


def masked(excerpt: str) -> str:
    """An excerpt without what could name or reach a person: long numbers and mail addresses."""
    return _LONG_NUMBER.sub("••••", _ADDRESS.sub("•@•", excerpt))
