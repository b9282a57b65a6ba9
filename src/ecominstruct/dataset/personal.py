"""Personal information as a risk in examples: placeholders such as <PHONE_3fa2c1> take the place of values.

A placeholder is made of the record and of the place of the value in it, never of the value: nobody can guess back from
it. The same value has the same placeholder in all rows of a record; other records have others, so two texts that were
different stay so, and masking makes no copy of a row and no leak.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ecominstruct.dataset.policy import Edit, InTexts, Risk
from ecominstruct.detectors.base import Mention
from ecominstruct.detectors.personal.find import find_in_column, version
from ecominstruct.detectors.personal.rule import narrow
from ecominstruct.identity import hex128

SHORTEST = 4  # characters of a value that is replaced also where no rule finds it; of a name or an account, 2


def _all_edits(record: str, found: InTexts) -> Mapping[str, Sequence[Edit]]:
    known = placeholders(record, found)
    return {text: edits(text, mentions, known) for text, mentions in found.items()}


PERSONAL = Risk("personal_information", find_in_column, version, _all_edits)


def placeholders(record: str, found: Mapping[str, Sequence[Mention]]) -> dict[str, tuple[str, str]]:
    """All values in the texts of a record, as written, each with its kind and its placeholder."""
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
    """What must change in a text: what is found in it, and known values without the words that gave them away."""
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
