"""Deterministic hashes: fingerprints, ids, and choices derived from content instead of a random generator.

Each choice (a wording, a distractor, a split) is a hash of words that name it, such as `(task, record, purpose)`. There
is no generator object and no global seed, so row order, sharding, process count and `PYTHONHASHSEED` cannot change a
row. The hash is xxHash (XXH3), which is not cryptographic: it distinguishes content, but does not resist deliberate
collisions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import xxhash

T = TypeVar("T")

SEPARATOR = "\x1f"  # ASCII unit separator: never part of an id, so joined words stay unambiguous


def hash64(*words: str) -> int:
    """Hash words to an integer in [0, 2**64)."""
    return xxhash.xxh3_64_intdigest(SEPARATOR.join(words).encode("utf-8", "surrogatepass"))


def hex128(*words: str) -> str:
    """Hash words to 32 hexadecimal digits, the format of record and example ids."""
    return xxhash.xxh3_128_hexdigest(SEPARATOR.join(words).encode("utf-8", "surrogatepass"))


def fingerprint(value: Any) -> str:
    """Hash a JSON-serialisable value to 32 hexadecimal digits, ignoring the order of mapping keys."""
    import orjson

    return xxhash.xxh3_128_hexdigest(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def pick_index(count: int, *words: str) -> int:
    """Return an index in [0, count) derived from the words; `count` must be at least 1."""
    return hash64(*words) % count if count > 1 else 0


def pick(options: Sequence[T], *words: str) -> T:
    """Return one of the options, derived from the words. Raises IndexError if there are none."""
    if not options:
        raise IndexError("nothing to pick from")
    return options[hash64(*words) % len(options)]


def fraction(*words: str) -> float:
    """Return a number in [0, 1) derived from the words, with 53 bits of resolution."""
    return (hash64(*words) >> 11) / (1 << 53)


def shuffled(items: Iterable[str], *words: str) -> list[str]:
    """Return the distinct strings in an order derived from the words; the order of `items` does not matter."""
    before = SEPARATOR.join((*words, ""))
    return sorted(set(items), key=lambda item: (hash64(before + item), item))
