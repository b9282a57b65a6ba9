"""What a search found in a text, and what all searches share: the first look over a column, overlaps, masked excerpts.

A search is a package such as `personal`: rules of its own, and a door `find_in_column`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.rows import SEVERITIES, Severity

if TYPE_CHECKING:
    import pyarrow as pa


class Mention(NamedTuple):
    """Something in a text: characters `start` to `end` (exclusive, from 0)."""

    kind: str
    rule: str
    severity: Severity
    start: int
    end: int


Found = list[tuple[int, list[Mention]]]
"""The rows of a column that hold something, each with its mentions in their order."""


def matching(column: pa.Array[Any], pattern: str) -> list[int]:
    """The rows that a pattern of RE2 matches, which knows no backtracking and sees millions of rows a second."""
    import pyarrow.compute as pc

    rows: list[Any] = pc.indices_nonzero(pc.match_substring_regex(column, pattern=pattern)).to_pylist()
    return rows


def settled(mentions: Iterable[Mention], order: Sequence[str], *, worst_first: bool = False) -> list[Mention]:
    """Of mentions that overlap the longest one, and of two of one length the kind, then the rule, that comes first.

    `worst_first`: what is worse comes before what is longer.
    """

    def rank(one: Mention) -> tuple[int, int, int]:
        return SEVERITIES.index(one.severity) if worst_first else 0, one.start - one.end, order.index(one.kind)

    taken: bytearray = bytearray()
    kept = []
    for one in sorted(dict.fromkeys(mentions), key=rank):
        taken.extend(bytes(max(0, one.end - len(taken))))
        if 1 not in taken[one.start : one.end]:
            taken[one.start : one.end] = b"\x01" * (one.end - one.start)
            kept.append(one)
    return sorted(kept, key=lambda one: one.start)
