"""Checks of single texts: markup, and invisible or control characters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html.entities import html5

from ecominstruct.checks.kinds import Hit
from ecominstruct.detectors.excerpts import around
from ecominstruct.detectors.injection.hidden import joins

_MARKUP = {
    "html_entity": re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});"),
    "html_tag": re.compile(r"</?(?!s>)[A-Za-z][^<>\n]{0,200}>"),
    "hash_marks": re.compile(r"#{3,}"),
    "special_token": re.compile(r"</?s>|<\|[^|<>\s]{1,40}\|>|\[/?INST\]|<</?SYS>>", re.IGNORECASE),
    "braces": re.compile(r"[{}]"),
}
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_ODD = re.compile(r"[^\n\t\x20-\x7e]")
_CONTROL = frozenset(("Cc", "Cs", "Co", "Zl", "Zp"))
_JOINERS = "\u200c\u200d"


def markup(text: str, field: str) -> Iterator[Hit]:
    """Yield entities, tags, special tokens, ### and the first brace."""
    for kind, pattern in _MARKUP.items():
        for match in pattern.finditer(text):
            if kind == "html_entity" and not _is_entity(match.group()):
                continue
            yield Hit(kind, field, *match.span(), around(text, *match.span()))
            if kind == "braces":
                break


def _is_entity(text: str) -> bool:
    return text[1] == "#" or text[1:] in html5


def hidden(text: str, field: str) -> Iterator[Hit]:
    """Yield bidi, invisible and control characters."""
    for match in _ODD.finditer(text):
        kind = _hidden_kind(text, match.start())
        if kind:
            yield Hit(kind, field, *match.span(), around(text, *match.span()))


def _hidden_kind(text: str, at: int) -> str:
    char = text[at]
    category = unicodedata.category(char)
    if char in _BIDI:
        return "bidi"
    if category == "Cf":
        return "" if char in _JOINERS and joins(text, at) else "zero_width"
    nothing = ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF
    return "control" if category in _CONTROL or nothing else ""
