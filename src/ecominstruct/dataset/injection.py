"""Injected instructions as a risk in examples: invisible characters are removed, and prompt delimiters are broken up.

Instructions in plain words cannot be repaired this way: removing the words would change what a buyer wrote, and keeping
them would keep the risk. Such a pair is left out. After an edit the text is searched again, so that nothing hidden
comes to light.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ecominstruct.dataset.policy import Edit, InTexts, Risk, changed
from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.injection.find import find, find_in_column, version
from ecominstruct.detectors.injection.hidden import SELECTORS, SINGLE, TAGS

BREAK = "·"
"""Separates a delimiter token: readable for people, but no model takes `<·|im_start|>` as the start of a turn."""
_UNSEEN = re.compile(f"{TAGS.pattern}|{SELECTORS.pattern}|[{SINGLE}\u202a-\u202e\u2066-\u2069\x1b]")
_OPENING = re.compile(r"(?<=[<\[{【〖《#\-=*~_!｜|:：\]])(?=\S)")
_HEAD = re.compile(r"(?<=\w)(?=\s{0,2}[:：])")


def edits(mentions: Sequence[Mention], text: str) -> list[Edit] | None:
    """The edits that a text needs; None if no edit would help."""
    found: list[Edit] = []
    for one in mentions:
        if one.kind in ("hidden_text", "invisible"):
            found += _removed(text, one)
        elif one.kind == "delimiter":
            found += _broken(text, one)
        else:
            return None
    return found


def _removed(text: str, one: Mention) -> Iterator[Edit]:
    """Remove each invisible character of a mention."""
    return (Edit(*match.span(), "") for match in _UNSEEN.finditer(text, one.start, one.end))


def _broken(text: str, one: Mention) -> Iterator[Edit]:
    """Separate the brackets and headings of a delimiter token."""
    places = {match.end() for match in _OPENING.finditer(text, one.start, one.end)}
    places |= {match.end() for match in _HEAD.finditer(text, one.start, one.end)}
    return (Edit(place, place, BREAK) for place in sorted(places) if place < one.end)


def _all_edits(record: str, found: InTexts) -> Mapping[str, Sequence[Edit]] | None:
    """The edits of all texts of a record; None if one of them cannot be repaired."""
    wanted: dict[str, list[Edit]] = {}
    for text, mentions in found.items():
        some = edits(mentions, text)
        if some is None or (some and find(changed(text, some))):
            return None
        wanted[text] = some
    return wanted


INJECTION = Risk("injection", find_in_column, version, _all_edits)
