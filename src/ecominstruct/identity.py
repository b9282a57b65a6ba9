"""Fingerprints, ids and choices: everything that is derived from content instead of from chance.

Each choice of the system (a wording, a distractor, a split) is a function of words that name it, such as
`(task, record, purpose)`. No generator object and no global seed exist, so order, sharding, processes and
`PYTHONHASHSEED` cannot change a row. xxHash is not cryptographic: it tells content apart, it proves nothing
against somebody who builds collisions on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

import xxhash

T = TypeVar("T")

SEPARATOR = "\x1f"  # the unit separator: does not occur in ids, and joins words without ambiguity


def hash64(*words: str) -> int:
    """Hash words to an integer in [0, 2**64)."""
    return xxhash.xxh3_64_intdigest(SEPARATOR.join(words).encode("utf-8", "surrogatepass"))


def hex128(*words: str) -> str:
    """Hash words to 32 hexadecimal digits: the form of every record and example id."""
    return xxhash.xxh3_128_hexdigest(SEPARATOR.join(words).encode("utf-8", "surrogatepass"))


def fingerprint(value: Any) -> str:
    """Hash a JSON-like value; the order of mapping keys does not count, the order of lists does."""
    import orjson

    return xxhash.xxh3_128_hexdigest(orjson.dumps(value, option=orjson.OPT_SORT_KEYS))


def pick_index(count: int, *words: str) -> int:
    """Choose an index in [0, count) from the words; `count` must be at least 1."""
    return hash64(*words) % count if count > 1 else 0


def pick(options: Sequence[T], *words: str) -> T:
    """Choose one of the options from the words; an empty sequence raises IndexError."""
    if not options:
        raise IndexError("nothing to pick from")
    return options[hash64(*words) % len(options)]


def fraction(*words: str) -> float:
    """A number in [0, 1) from the words, with 53 bits of resolution."""
    return (hash64(*words) >> 11) / (1 << 53)


def shuffled(items: Iterable[str], *words: str) -> list[str]:
    """The distinct strings in an order derived from the words; the order they come in does not count."""
    before = SEPARATOR.join((*words, ""))
    return sorted(set(items), key=lambda item: (hash64(before + item), item))
