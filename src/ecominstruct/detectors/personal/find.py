"""The entry point of the personal information detector: applies all rules to a text, or to a column of texts.

A column is scanned with RE2 first, which does not backtrack and reads millions of rows a second. Only rows that match
are read by the exact patterns. Both take time linear in the length of the text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ecominstruct.detectors.base import Found, Mention, matching, settled
from ecominstruct.detectors.personal import (
    addresses,
    contacts,
    credentials,
    handles,
    identity_documents,
    names,
    purchases,
)
from ecominstruct.detectors.personal.kinds import ORDER
from ecominstruct.detectors.personal.rule import Rule, narrow
from ecominstruct.detectors.personal.words import words
from ecominstruct.identity import fingerprint

if TYPE_CHECKING:
    import pyarrow as pa

LONG = 1_000  # characters from which the scan pays off for a single text
# Full-width letters and digits, which the exact patterns read as ASCII: such rows are read by all patterns.
_WIDE = r"[\x{ff10}-\x{ff19}\x{ff20}-\x{ff3a}\x{ff41}-\x{ff5a}]"


def version() -> str:
    """Return a fingerprint of all rules and words: findings change only if it does."""
    return fingerprint([[rule.kind, rule.name, rule.severity, rule.pattern.pattern, rule.quick] for rule in rules()])


@cache
def rules() -> tuple[Rule, ...]:
    """Return all rules, built once from the vocabulary."""
    known = words()
    return (
        *identity_documents.rules(known),
        *contacts.rules(),
        *handles.rules(known),
        *purchases.rules(known),
        *credentials.rules(),
        *addresses.rules(known),
        *names.rules(known),
    )


def find(text: str) -> list[Mention]:
    """Return all mentions in a text, in order. Of overlapping ones the longest is kept.

    Offsets count characters of the original text. Accepts any string, also with lone surrogates.
    """
    import pyarrow as pa

    seen = narrow(text)
    wanted = [rule for rule, rows in _pointed_at(pa.array([seen])) if rows] if len(seen) > LONG else rules()
    return _found(wanted, seen)


def find_in_column(column: pa.Array[Any]) -> Found:
    """Return the rows of a column of strings that contain mentions, with these. Nulls have none."""
    import pyarrow as pa

    wanted: dict[int, Sequence[Rule]] = defaultdict(list)
    for rule, rows in _pointed_at(column):
        for row in rows:
            wanted[row] = [*wanted[row], rule]
    wanted |= dict.fromkeys(matching(column, _WIDE), rules())
    rows = sorted(wanted)
    texts: list[Any] = column.take(pa.array(rows, pa.int64())).to_pylist()
    found = ((row, _found(wanted[row], narrow(text))) for row, text in zip(rows, texts, strict=True))
    return [(row, mentions) for row, mentions in found if mentions]


def _pointed_at(column: pa.Array[Any]) -> Iterator[tuple[Rule, list[int]]]:
    """For each rule, the rows in which it may match.

    Pattern by pattern: a combined one would exceed RE2's cache of states and be ten times as slow.
    """
    found: dict[str, list[int]] = {}
    for rule in rules():
        if rule.quick not in found:
            found[rule.quick] = matching(column, rule.quick)
        yield rule, found[rule.quick]


def _found(wanted: Iterable[Rule], text: str) -> list[Mention]:
    return settled((mention for rule in wanted for mention in _of_rule(rule, text)), ORDER)


def _of_rule(rule: Rule, text: str) -> Iterator[Mention]:
    for match in rule.pattern.finditer(text):
        place = rule.locate(match)
        if place:
            yield Mention(rule.kind, rule.name, rule.severity, *place)
