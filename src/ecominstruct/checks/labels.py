"""Checks of labels: never gold, contained in each other, present in the input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence


def balance(golds: Iterable[Sequence[str]]) -> dict[str, int]:
    """Count how often each label is gold, most frequent first."""
    counts = Counter(label for gold in golds for label in gold)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def never_gold(offered: Collection[str], golds: Collection[str]) -> list[str]:
    """Return the offered labels that are never gold, sorted."""
    return sorted(set(offered) - set(golds))


def inside(labels: Collection[str]) -> list[tuple[str, str]]:
    """Return pairs of labels in which the first is a substring of the second. Linear in the number of labels."""
    known = {label for label in labels if label}
    lengths = sorted({len(label) for label in known})
    return [
        (one, other)
        for other in sorted(known)
        for one in sorted({other[at : at + n] for n in lengths if n < len(other) for at in range(len(other) - n + 1)})
        if one in known
    ]


def named(text: str, labels: Iterable[str]) -> str:
    """Return the longest label that occurs in a text (of equal lengths the alphabetically first), or "".

    A label must not be a part of a longer word: "art" does not occur in "start".
    """
    return min(
        (label for label in labels if stands_in(label, text)), key=lambda label: (-len(label), label), default=""
    )


def stands_in(label: str, text: str) -> bool:
    """Return whether a label occurs in a text, and not as a part of a longer word."""
    at = text.find(label) if label else -1
    while at >= 0:
        if not (_goes_on(text, at) or _goes_on(text, at + len(label))):
            return True
        at = text.find(label, at + 1)
    return False


def _goes_on(text: str, at: int) -> bool:
    """Whether a word continues across a position: Latin letters on both sides. Chinese has no word boundaries."""
    return 0 < at < len(text) and all(char.isascii() and char.isalpha() for char in text[at - 1 : at + 1])
