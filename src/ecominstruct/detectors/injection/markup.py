"""HTML and Markdown that people do not see: comments, hidden elements, attributes. Told are those that speak to a model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.injection.fold import fold
from ecominstruct.detectors.injection.marks import framing
from ecominstruct.detectors.injection.speech import speaks, speech

_HIDING = (
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|font-size\s{0,3}:\s{0,3}0|opacity\s{0,3}:\s{0,3}0(?![.][1-9])|"
    r"color\s{0,3}:\s{0,3}(?:#fff(?:fff)?\b|white|transparent)|(?:left|top|text-indent)\s{0,3}:\s{0,3}-[0-9]{3,5}|max-height\s{0,3}:\s{0,3}0|"
    r"clip\s{0,3}:\s{0,3}rect|\shidden\b|aria-hidden"
)


class Carrier(NamedTuple):
    """A place where text hides; `plainly`: some people do see it, so it must name a model."""

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
    """What hides in the markup of a raw text and speaks to a model."""
    for carrier in CARRIERS:
        for match in carrier.pattern.finditer(text):
            inside = match["text"] or (match["more"] if "more" in match.re.groupindex else "") or ""
            folded = fold(inside)
            told = next(speech(folded), None) or next(framing(folded), None)
            if told or speaks(folded, plainly=carrier.plainly):
                yield Mention("hidden_markup", carrier.name, "high" if told else "medium", *match.span())
