"""Excerpts of mentions that show the context and mask the mention itself."""

from __future__ import annotations

from collections.abc import Sequence

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.excerpts import AROUND, masked

LONGEST = 30  # maximum characters of a mention, shown as dots
TELLING = 6  # minimum length of a mention whose first character is shown


def excerpts(text: str, mentions: Sequence[Mention]) -> list[str]:
    """Return an excerpt of each mention, with dots for the letters and digits of all mentions. Signs stay."""
    dotted = _dotted(text, mentions)
    shown = []
    for one in mentions:
        cut = "…" if one.end > one.start + LONGEST else ""
        middle = dotted[one.start : min(one.end, one.start + LONGEST)] + cut
        around = dotted[max(0, one.start - AROUND) : one.start], dotted[one.end : one.end + AROUND]
        shown.append(masked(around[0]) + middle + masked(around[1]))
    return shown


def _dotted(text: str, mentions: Sequence[Mention]) -> str:
    parts, after = [], 0
    for one in mentions:
        seen = 1 if one.end - one.start >= TELLING else 0
        begin = one.start + seen
        parts.append(text[after:begin])
        parts.append("".join("•" if char.isalnum() else char for char in text[begin : one.end]))
        after = one.end
    return "".join([*parts, text[after:]])
