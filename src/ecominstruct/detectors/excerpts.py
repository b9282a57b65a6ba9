"""Masked excerpts: a part of a text with some context, without long numbers and mail addresses."""

from __future__ import annotations

import re

AROUND = 12  # characters of context on each side
LONGEST = 60  # maximum characters between the contexts

_LONG_NUMBER = re.compile(r"\d{4,}")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4}")


def around(text: str, start: int, end: int) -> str:
    """Return a part of a text with some context on each side."""
    middle = text[start : min(end, start + LONGEST)]
    cut = "…" if end > start + LONGEST else ""
    return text[max(0, start - AROUND) : start] + middle + cut + text[end : end + AROUND]


def masked(excerpt: str) -> str:
    """Replace long numbers and mail addresses, which could identify or reach a person."""
    return _LONG_NUMBER.sub("••••", _ADDRESS.sub("•@•", excerpt))
