"""A detector of invisible characters in a raw text: tags, variation selectors, zero-width and bidi characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.injection.fold import fold
from ecominstruct.detectors.injection.marks import framing
from ecominstruct.detectors.injection.speech import speaks, speech

TAGS = re.compile("[\U000e0000-\U000e007f]+")
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_BIDI = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2068](?:[^\u202c\u2069\n]{0,200}[\u202c\u2069])?")
_ESCAPE = re.compile(r"\x1b[\[\]][0-9;?]{0,16}")
SINGLE = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202c\u2060-\u2065\u2069-\u206f\u3164\ufeff\uffa0"
_SINGLE = re.compile(f"[{SINGLE}]")
_BIDI_MARKS = frozenset("\u061c\u200e\u200f\u202c\u2069")
_FLAG, _CANCEL = "\U0001f3f4", "\U000e007f"  # flags such as that of Scotland: a black flag, tags, an end tag
_NEAR = 3  # maximum distance of characters in a group
_IDEOGRAPH = re.compile(r"[\u2e80-\uffef\U00020000-\U0003ffff]")
_MANY = 4  # characters of a group that is no accident
QUICK = (
    r"[\x{e0000}-\x{e01ef}\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{3164}\x{feff}"
    r"\x{ffa0}\x{1b}]|[\x{fe00}-\x{fe0f}]{2}"
)
"""For RE2: matches every text with a finding of this module."""


def joins(text: str, at: int) -> bool:
    """Return whether a joiner connects two characters, as in emoji and in scripts that need it."""
    beside = (text[at - 1 : at], text[at + 1 : at + 2])
    return all(char and not char.isascii() and (char == "\ufe0f" or not _IDEOGRAPH.match(char)) for char in beside)


def hidden(text: str) -> Iterator[Mention]:
    """Yield the invisible characters of a text."""
    for match in TAGS.finditer(text):
        flag = text[match.start() - 1 : match.start()] == _FLAG and match.group().endswith(_CANCEL)
        if not (flag and len(match.group()) <= 7):
            yield Mention("hidden_text", "tag_characters", "high", *match.span())
    for match in SELECTORS.finditer(text):
        yield Mention("hidden_text", "variation_selectors", "high", *match.span())
    for match in _BIDI.finditer(text):
        yield Mention("hidden_text", "bidi_override", "medium", *match.span())
    for match in _ESCAPE.finditer(text):
        yield Mention("hidden_text", "terminal_escape", "medium", *match.span())
    yield from _groups([match.start() for match in _SINGLE.finditer(text) if not _is_joiner(text, match.start())], text)


def _is_joiner(text: str, at: int) -> bool:
    return text[at] in "\u200c\u200d" and joins(text, at)


def _groups(places: list[int], text: str) -> Iterator[Mention]:
    """Yield single characters; many that are close together are one mention."""
    begin = 0
    for at in range(1, len(places) + 1):
        if at < len(places) and places[at] - places[at - 1] <= _NEAR:
            continue
        group = places[begin:at]
        begin = at
        if len(group) >= _MANY:
            yield Mention("hidden_text", "zero_width_run", "medium", group[0], group[-1] + 1)
            continue
        for place in group:
            rule = "bidi_mark" if text[place] in _BIDI_MARKS else "zero_width"
            yield Mention("invisible", rule, "low", place, place + 1)


_HIDING = (
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0|opacity\s{0,3}:\s{0,3}0(?![.][1-9])|"
    r"color\s{0,3}:\s{0,3}(?:#fff(?:fff)?\b|white|transparent)|(?:left|top|text-indent)\s{0,3}:\s{0,3}-[0-9]{3,5}|max-height\s{0,3}:\s{0,3}0|"
    r"clip\s{0,3}:\s{0,3}rect|\shidden\b|aria-hidden"
)


class Carrier(NamedTuple):
    """A place where text can hide. `plainly`: some readers do see it, so it must name a model."""

    name: str
    pattern: re.Pattern[str]
    quick: str
    plainly: bool


CARRIERS = (
    Carrier("comment", re.compile(r"<!--(?P<text>(?:[^-]|-(?!->)){1,4000})(?:-->)?"), "<!--", False),
    Carrier("hidden_element", re.compile(rf"<[a-z][a-z0-9]{{0,15}}\b(?=[^<>]{{0,300}}(?:{_HIDING}))[^<>]{{0,400}}>(?P<text>[^<]{{3,4000}})", re.I), r"(?i)<[a-z][^<>]{0,300}(none|hidden|font-size|opacity|color|left|top|indent|max-height|clip)", False),
    Carrier("unseen_element", re.compile(r"<(?:script|style|template|noscript|title|meta|object)\b[^<>]{0,300}>(?P<text>[^<]{3,4000})", re.I), r"(?i)<(script|style|template|noscript|title|meta|object)", True),
    Carrier("attribute", re.compile(r"(?<![a-z0-9-])(?:alt|title|aria-label|aria-description|data-[a-z-]{1,20}|content|value|placeholder|summary|label|name)\s{0,2}=\s{0,2}(?:\"(?P<text>[^\"<>]{6,1000})\"|'(?P<more>[^'<>]{6,1000})')", re.I), r"(?i)(alt|title|label|description|data-[a-z\-]{1,20}|content|value|placeholder|summary|name)\s?=\s?[\"']", True),
    Carrier("markdown_comment", re.compile(r"\[//\]:\s{0,3}#\s{0,3}[(\"'](?P<text>[^)\"'\n]{3,1000})[)\"']"), r"\[//\]:", False),
    Carrier("code_comment", re.compile(r"/\*(?P<text>[^*]{5,1000})\*/"), r"/\*", True),
    Carrier("template_comment", re.compile(r"\{#(?P<text>[^#{}]{5,1000})#\}"), r"\{#", False),
)  # fmt: skip


def markup(text: str) -> Iterator[Mention]:
    """Yield hidden markup of a raw text that addresses a model."""
    for carrier in CARRIERS:
        for match in carrier.pattern.finditer(text):
            inside = match["text"] or (match["more"] if "more" in match.re.groupindex else "") or ""
            folded = fold(inside)
            told = next(speech(folded), None) or next(framing(folded), None)
            if told or speaks(folded, plainly=carrier.plainly):
                yield Mention("hidden_markup", carrier.name, "high" if told else "medium", *match.span())
