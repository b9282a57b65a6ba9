"""What all detectors share: mentions, the fast scan of a column, and the resolution of overlaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ecominstruct.rows import SEVERITIES, Severity

if TYPE_CHECKING:
    import pyarrow as pa


class Mention(NamedTuple):
    """A finding in a text: characters `start` (from 0) to `end` (exclusive)."""

    kind: str
    rule: str
    severity: Severity
    start: int
    end: int


Found = list[tuple[int, list[Mention]]]
"""Row indices of a column, in order, each with the mentions in that row, also in order."""


def matching(column: pa.Array[Any], pattern: str) -> list[int]:
    """Return the indices of the rows that an RE2 pattern matches, in time linear in the length of the column."""
    import pyarrow.compute as pc

    rows: list[Any] = pc.indices_nonzero(pc.match_substring_regex(column, pattern=pattern)).to_pylist()
    return rows


def settled(mentions: Iterable[Mention], order: Sequence[str], *, worst_first: bool = False) -> list[Mention]:
    """Resolve overlaps, and return the remaining mentions in text order.

    Of overlapping mentions the longest is kept; of equal lengths, the kind that comes first in `order`. `worst_first`:
    severity takes precedence over length.
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
