"""What may be shown of a mention: where it stands, and none of what it says."""

from __future__ import annotations

from collections.abc import Sequence

from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.excerpts import AROUND, masked

LONGEST = 30  # characters of a mention that are shown, as dots
TELLING = 6  # characters from which the first one may be seen


def excerpts(text: str, mentions: Sequence[Mention]) -> list[str]:
    """Each mention with a little of what surrounds it. Its letters and digits are dots, as are those of its neighbours;
    signs stay, so that the form can be seen."""
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
