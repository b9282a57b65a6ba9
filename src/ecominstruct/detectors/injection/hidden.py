"""Characters that cannot be seen, in a raw text: tags, variation selectors, zero-width and bidi characters."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecominstruct.detectors.base import Mention

TAGS = re.compile("[\U000e0000-\U000e007f]+")
SELECTORS = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_BIDI = re.compile("[\u202a\u202b\u202d\u202e\u2066-\u2068](?:[^\u202c\u2069\n]{0,200}[\u202c\u2069])?")
_ESCAPE = re.compile(r"\x1b[\[\]][0-9;?]{0,16}")
SINGLE = "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202c\u2060-\u2065\u2069-\u206f\u3164\ufeff\uffa0"
_SINGLE = re.compile(f"[{SINGLE}]")
_BIDI_MARKS = frozenset("\u061c\u200e\u200f\u202c\u2069")
_FLAG, _CANCEL = "\U0001f3f4", "\U000e007f"  # the flags of Scotland and others: a black flag, tags, an end
_NEAR = 3  # characters between two that belong together
_IDEOGRAPH = re.compile(r"[\u2e80-\uffef\U00020000-\U0003ffff]")
_MANY = 4  # that near each other are no accident
QUICK = (
    r"[\x{e0000}-\x{e01ef}\x{ad}\x{34f}\x{61c}\x{115f}\x{1160}\x{180e}\x{200b}-\x{200f}\x{202a}-\x{202e}\x{2060}-\x{206f}\x{3164}\x{feff}"
    r"\x{ffa0}\x{1b}]|[\x{fe00}-\x{fe0f}]{2}"
)
"""For RE2: matches wherever something is found here."""


def joins(text: str, at: int) -> bool:
    """Whether a joiner stands between two signs that it makes one, as in emoji and in scripts other than ours."""
    beside = (text[at - 1 : at], text[at + 1 : at + 2])
    return all(char and not char.isascii() and (char == "\ufe0f" or not _IDEOGRAPH.match(char)) for char in beside)


def hidden(text: str) -> Iterator[Mention]:
    """What cannot be seen in a text."""
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
    """Single characters; those that stand near each other are one mention."""
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
