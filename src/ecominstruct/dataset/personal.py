"""Personal information as a risk in examples: values are replaced by placeholders such as <PHONE_3fa2c1>.

A placeholder is a hash of the record and of the value's index in it, never of the value, so the value cannot be
recovered. The same value has the same placeholder throughout a record. Placeholders differ between records, so that
different texts stay different and masking creates neither copies nor leaks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ecominstruct.dataset.policy import Edit, InTexts, Risk
from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.personal.find import find_in_column, version
from ecominstruct.detectors.personal.rule import narrow
from ecominstruct.identity import hex128

SHORTEST = 4  # characters of a value that is also replaced where no detector finds it; 2 for names and accounts


def _all_edits(record: str, found: InTexts) -> Mapping[str, Sequence[Edit]]:
    known = placeholders(record, found)
    return {text: edits(text, mentions, known) for text, mentions in found.items()}


PERSONAL = Risk("personal_information", find_in_column, version, _all_edits)


def placeholders(record: str, found: Mapping[str, Sequence[Mention]]) -> dict[str, tuple[str, str]]:
    """Assign a placeholder to each value in the texts of a record: value as written -> (kind, placeholder)."""
    number: dict[tuple[str, str], int] = {}
    known: dict[str, tuple[str, str]] = {}
    for text, mentions in found.items():
        for one in mentions:
            value = text[one.start : one.end]
            plain = "".join(char for char in narrow(value).casefold() if char.isalnum())
            place = number.setdefault((one.kind, plain), len(number))
            token = hex128(record, one.kind, str(place), "placeholder")[:6]
            known[value] = (one.kind, f"<{one.kind.upper()}_{token}>")
    return known


def edits(text: str, mentions: Sequence[Mention], known: Mapping[str, tuple[str, str]]) -> list[Edit]:
    """The edits of a text: the mentions found in it, and further occurrences of known values without their context."""
    if text in known:
        return [Edit(0, len(text), known[text][1])]
    own = [Edit(one.start, one.end, known[text[one.start : one.end]][1]) for one in mentions]
    fewest = {"person_name": 2, "handle": 2}
    again = [value for value, (kind, _) in known.items() if len(value) >= fewest.get(kind, SHORTEST)]
    if not again:
        return own
    longest = "|".join(re.escape(value) for value in sorted(again, key=len, reverse=True))
    others = re.finditer(rf"(?<![0-9A-Za-z])(?:{longest})(?![0-9A-Za-z])", text)
    more = [Edit(*match.span(), known[match.group()][1]) for match in others]
    free = [edit for edit in more if all(edit.end <= one.start or one.end <= edit.start for one in own)]
    return sorted([*own, *free])
