"""Clusters of duplicates among many texts, given candidate keys and a function that verifies pairs.

Texts are numbered by priority: a text can only be a copy of one with a lower number. Each copy names its original,
which is itself no copy, and their verified similarity. Keys are read from files partitioned by value, one file at a
time, so memory does not grow with the number of keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import Flags, Indices, isin_sorted, pack, sorted_unique, unpack
from ecominstruct.similarity.key_files import KeyFiles

Verify = Callable[[Indices, Indices], npt.NDArray[np.float64]]
"""A function from the indices of pairs, two `(n,) int64` arrays, to similarities `(n,) float64`; 0 if not copies."""
ROUNDS = 50  # rounds per bucket; each compares one text with all others in the bucket
NONE = -1


class Copies(NamedTuple):
    """For each text, the index of its original and their similarity, or NONE and 0 if it is kept.

    `crowded` counts buckets in which not all pairs were compared.
    """

    original: Indices
    similarity: npt.NDArray[np.float64]
    crowded: int


def find_copies(count: int, files: KeyFiles, verify: Verify) -> Copies:
    """Find the copies among texts 0 to `count` - 1, given their keys in `files`.

    A bucket is the set of texts that share a key. In each bucket, the first text that is not a copy is compared with
    the others, then the next one, for at most `ROUNDS` rounds. An original may turn out to be a copy itself. Then its
    copies are compared with its original; those that do not match are free again, until nothing changes.
    """
    found = Copies(np.full(count, NONE, np.int64), np.zeros(count), 0)
    fresh, first = np.ones(count, np.bool_), True
    while fresh.any():
        crowded = 0
        for texts, bucket in _buckets(files, fresh):
            crowded += _compare(texts, bucket, found, fresh, verify)
        found = found._replace(crowded=crowded if first else found.crowded)
        fresh, first = _settle(found, verify), False
    return found


def _compare(texts: Indices, bucket: Indices, found: Copies, fresh: Flags, verify: Verify) -> int:
    """Compare within the buckets of one file; returns the number of buckets that were not finished."""
    done = np.zeros(0, np.uint64)  # pairs in this file that were compared and are not copies
    for _ in range(ROUNDS):
        alive = found.original[texts] == NONE
        texts, bucket = texts[alive], bucket[alive]
        heads = np.flatnonzero(np.diff(bucket, prepend=-1))
        sizes = np.diff(heads, append=len(bucket))
        if not (sizes > 1).any():
            return 0
        others = np.ones(len(texts), np.bool_)
        others[heads] = False
        left, right = np.repeat(texts[heads], sizes)[others], texts[others]
        either = (fresh[left] | fresh[right]) & (left != right)
        pairs = sorted_unique(pack(left[either], right[either]))
        pairs = pairs[~isin_sorted(pairs, done)]
        left, right = unpack(pairs)
        scores = verify(left, right)
        # The pairs are sorted and written in reverse, so the first of several originals wins.
        near = np.flatnonzero(scores > 0)[::-1]
        found.original[right[near]] = left[near]
        found.similarity[right[near]] = scores[near]
        done = sorted_unique(np.concatenate([done, pairs[scores == 0]]))
        texts, bucket = texts[others], bucket[others]
    alive = found.original[texts] == NONE
    return len(np.flatnonzero(np.bincount(bucket[alive]) > 1)) if alive.any() else 0


def _buckets(files: KeyFiles, fresh: Flags) -> Iterator[tuple[Indices, Indices]]:
    """For each file, yield the texts that share a key with another one, and the numbers of their buckets.

    Ordered by bucket, then text. Only buckets that contain a fresh text.
    """
    for keys, texts in files:
        if not fresh.all():
            wanted = isin_sorted(keys, np.sort(keys[fresh[texts]]))
            keys, texts = keys[wanted], texts[wanted]
        order = np.argsort(keys)
        keys, texts = keys[order], texts[order]
        same = np.zeros(len(keys) + 1, np.bool_)
        same[1:-1] = keys[1:] == keys[:-1]
        shared = np.flatnonzero(same[1:] | same[:-1])
        bucket = np.cumsum(~same[shared]) - 1
        texts = texts[shared]
        order = np.lexsort((texts, bucket))
        yield texts[order], bucket[order]


def _settle(found: Copies, verify: Verify) -> Flags:
    """Give the copies of copies the original at the end of the chain, or free them. Returns which were freed."""
    original = found.original
    chained = np.flatnonzero((original != NONE) & (original[original] != NONE))
    roots = original[chained]
    while (further := original[roots] != NONE).any():
        roots = np.where(further, original[roots], roots)
    scores = verify(chained, roots) if len(chained) else np.zeros(0)
    original[chained] = np.where(scores > 0, roots, NONE)
    found.similarity[chained] = scores
    freed = np.zeros(len(original), np.bool_)
    freed[chained[scores == 0]] = True
    return freed
