"""Excerpts of mentions with their context, in which invisible characters are named."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.excerpts import AROUND, masked
from ecominstruct.detectors.injection.fold import INVISIBLE
from ecominstruct.detectors.injection.hidden import SELECTORS, TAGS

LONGEST = 160  # maximum characters of a mention
_ODD = re.compile(f"[{INVISIBLE}\u2028\u2029\ud800-\udfff]")
_JOINER = "\u200d\ufe0f"  # parts of emoji


def excerpts(text: str, mentions: Sequence[Mention]) -> list[str]:
    """Return an excerpt of each mention, on one line, safe to display anywhere, and without long numbers."""
    return [_shown(text, one) for one in mentions]


def _shown(text: str, one: Mention) -> str:
    end = min(one.end, one.start + LONGEST)
    middle = text[one.start : end] + ("…" if end < one.end else "")
    said = text[max(0, one.start - AROUND) : one.start], text[one.end : one.end + AROUND]
    return named(masked(said[0]) + masked(middle) + masked(said[1]))


def named(text: str) -> str:
    """Replace invisible characters by their names, and spell out hidden text."""
    text = TAGS.sub(lambda match: f"⟨tags: {''.join(map(_tag, match.group()))}⟩", text)
    text = SELECTORS.sub(lambda match: f"⟨selectors: {_bytes(match.group())}⟩", text)
    text = _ODD.sub(lambda match: match.group() if match.group() in _JOINER else f"⟨{_name(match.group())}⟩", text)
    return " ".join(text.split())


def _tag(char: str) -> str:
    code = ord(char) - 0xE0000
    return chr(code) if 0x20 <= code < 0x7F else "·"


def _bytes(text: str) -> str:
    """Decode bytes that are written as variation selectors 1 to 256."""
    values = bytes(ord(char) - 0xFE00 if ord(char) < 0xFE10 else ord(char) - 0xE0100 + 16 for char in text)
    said = values.decode("utf-8", "replace")
    return "".join(char if char.isprintable() else "·" for char in said)


def _name(char: str) -> str:
    return unicodedata.name(char, f"U+{ord(char):04X}").lower()
