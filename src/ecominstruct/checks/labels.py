"""What can be wrong with labels: never right, inside each other, standing in the input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence


def balance(golds: Iterable[Sequence[str]]) -> dict[str, int]:
    """How often each label is a gold, the most frequent first."""
    counts = Counter(label for gold in golds for label in gold)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def never_gold(offered: Collection[str], golds: Collection[str]) -> list[str]:
    """Labels that are offered and never right."""
    return sorted(set(offered) - set(golds))


def inside(labels: Collection[str]) -> list[tuple[str, str]]:
    """Pairs of labels of which the first stands inside the second. Linear in the number of labels."""
    known = {label for label in labels if label}
    lengths = sorted({len(label) for label in known})
    return [
        (one, other)
        for other in sorted(known)
        for one in sorted({other[at : at + n] for n in lengths if n < len(other) for at in range(len(other) - n + 1)})
        if one in known
    ]


def named(text: str, labels: Iterable[str]) -> str:
    """The longest label that stands in a text word for word, of equals the first in the alphabet; '' where none does.

    A label of letters only counts where it stands alone: "art" does not stand in "start".
    """
    return min(
        (label for label in labels if stands_in(label, text)), key=lambda label: (-len(label), label), default=""
    )


def stands_in(label: str, text: str) -> bool:
    """Whether a label stands in a text word for word, and for itself."""
    at = text.find(label) if label else -1
    while at >= 0:
        if not (_goes_on(text, at) or _goes_on(text, at + len(label))):
            return True
        at = text.find(label, at + 1)
    return False


def _goes_on(text: str, at: int) -> bool:
    """Whether a word goes on across a place: Latin letters on both sides of it. Chinese has no blanks to tell."""
    return 0 < at < len(text) and all(char.isascii() and char.isalpha() for char in text[at - 1 : at + 1])
