"""Near duplicates: candidate pairs by keys, then exact verification.

Two texts are near if the Jaccard similarity of their character n-grams (3-grams in Chinese, 5-grams elsewhere) reaches
a threshold; or, if both have fewer than 20 units (40 in Chinese), if their edit similarity does. That is 2 × (length of
the longest common subsequence) / (sum of the lengths), rapidfuzz's normalised Indel similarity. Both are computed on
normal forms (`languages.normalize_for_matching`), which ignore white space, punctuation, case and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Indel

from ecominstruct.languages import has_word
from ecominstruct.similarity.columns import Flags, Indices, Numbers, Texts, release_pages, slices
from ecominstruct.similarity.ngrams import (
    GRAM,
    Grams,
    are_chinese,
    band_keys,
    code_points,
    distinct_grams,
    lengths_of,
    mix,
)
from ecominstruct.similarity.sketches import Sketches

Scores = npt.NDArray[np.float64]
SHORT = 20  # units: a text with fewer is short
SHORT_CHINESE = 40  # the same for Chinese, in characters: one edit in 28 leaves less than 0.8 of the 3-grams
TINY = 30  # characters: in texts up to this length, n-gram similarity implies edit similarity
AT_ONCE = 2_000  # pairs whose texts are in memory at once
GRAMS = 1 << 18  # n-grams of the pairs that are verified together
_FEWEST = 8  # minimum n-grams counted per pair, so that the pairs of a batch can be numbered by 16 bits


class Near(NamedTuple):
    """Minimum similarity of near duplicates: Jaccard of n-grams; edit similarity for short texts."""

    grams: float = 0.8
    edits: float = 0.9


def near_keys(texts: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """Return the keys that near texts are likely to share, and for each key the index of its text.

    `texts` are normal forms; `short` is a `(n,)` mask. MinHash bands for all texts, deletion masks for short ones.
    """
    banded, masked = band_keys(texts), mask_keys(texts, short)
    return np.concatenate([banded[0], masked[0]]), np.concatenate([banded[1], masked[1]])


def similarities(
    left: Sequence[str], right: Sequence[str], short: Sequence[bool], near: Near, grams: Sequence[bool] | None = None
) -> Scores:
    """Return the similarity of each pair of normal forms, `(n,) float64`; 0 if they are not near.

    `short`: whether both texts of a pair are. `grams`: whether a pair may reach the n-gram threshold, if known.
    """
    out = np.zeros(len(left))
    rest = []
    for row, (one, other, both_short) in enumerate(zip(left, right, short, strict=True)):
        if both_short:
            out[row] = Indel.normalized_similarity(one, other, score_cutoff=near.edits)
        if not out[row] and not (both_short and len(one) <= TINY) and (grams is None or grams[row]):
            rest.append(row)
    if rest:
        found = jaccard([left[row] for row in rest], [right[row] for row in rest], near.grams)
        out[rest] = np.where(found >= near.grams, found, 0)
    return out


def jaccard(left: Sequence[str], right: Sequence[str], least: float = 0.0) -> Scores:
    """Return the Jaccard similarity of the n-gram sets of each pair, `(n,) float64`.

    The size of the n-grams depends on the script of the left text. A pair whose set sizes rule out `least` gets 0.
    """
    out = np.zeros(len(left))
    chinese = are_chinese(left)
    for flag in (True, False):
        rows = np.flatnonzero(chinese == flag)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            places = some.tolist()
            out[some] = _jaccard([left[row] for row in places], [right[row] for row in places], GRAM[flag], least)
    return out


def _jaccard(left: Sequence[str], right: Sequence[str], size: int, least: float) -> Scores:
    """`jaccard` for a batch that fits into memory. The n-grams of each distinct text are computed once."""
    names = {text: number for number, text in enumerate(dict.fromkeys((*left, *right)))}
    found = distinct_grams(list(names), size)
    sizes = np.diff(found.starts)
    one, other = (np.array([names[text] for text in side], np.int64) for side in (left, right))
    possible = np.flatnonzero(np.minimum(sizes[one], sizes[other]) >= least * np.maximum(sizes[one], sizes[other]))
    out = np.zeros(len(left))
    together = sizes[one[possible]] + sizes[other[possible]]
    for part in slices(np.maximum(together, _FEWEST), GRAMS):
        some = possible[part]
        common = _common(found, one[some], other[some])
        out[some] = common / (sizes[one[some]] + sizes[other[some]] - common)
    return out


def _common(found: Grams, left: Indices, right: Indices) -> Indices:
    """Count the common n-grams of each pair. Pair numbers must fit into 16 bits, next to 48 bits of an n-gram.

    Two different n-grams of a pair collide with probability 2**-48.
    """
    both = np.concatenate([_of_pairs(found, left), _of_pairs(found, right)])
    both.sort(kind="stable")  # two sorted runs, which a stable sort merges
    pair = (both[1:][both[1:] == both[:-1]] >> np.uint64(48)).astype(np.int64)
    return np.bincount(pair, minlength=len(left))


def _of_pairs(found: Grams, texts: Indices) -> Numbers:
    """The n-grams of these texts, each prefixed with the number of its pair."""
    counts = np.diff(found.starts)[texts]
    ends = np.cumsum(counts)
    places = np.arange(counts.sum()) + np.repeat(found.starts[texts] - (ends - counts), counts)
    pair = np.repeat(np.arange(len(texts), dtype=np.uint64), counts)
    return np.asarray((pair << np.uint64(48)) | found.values[places], np.uint64)


def are_short(sources: Sequence[str]) -> Flags:
    """Return a `(n,)` mask of the texts with fewer than 20 units, or 40 if they are Chinese."""
    fewest = np.where(are_chinese(sources), SHORT_CHINESE, SHORT).tolist()
    return np.array([not has_word(text, least) for text, least in zip(sources, fewest, strict=True)], np.bool_)


class Compared(NamedTuple):
    """A column of normal forms, with a mask of the short ones, and their sketches."""

    texts: Texts
    short: Flags
    sketches: Sketches

    def similarities(self, left: Indices, right: Indices, near: Near) -> Scores:
        """Return the similarity of each pair of indices, `(n,) float64`; 0 if the texts are not near."""
        out = np.zeros(len(left))
        for start in range(0, len(left), AT_ONCE):
            one, other = left[start : start + AT_ONCE], right[start : start + AT_ONCE]
            short, grams = self.short[one] & self.short[other], self.sketches.may_reach(one, other, near.grams)
            some = np.flatnonzero(short | grams)
            texts = self.texts.take(one[some]), self.texts.take(other[some])
            out[start + some] = similarities(*texts, short[some].tolist(), near, grams[some].tolist())
        release_pages(self.texts.content, self.sketches.bits)
        return out


MASKS, KEPT, MOST_KEPT = 40, 7, 0.45
KEPT_PAIRS, FEWEST_PAIRS = 5, 4  # the same for pairs of characters
SHORTEST, LONGEST = 5, 250  # characters; one edit in a shorter text leaves less than nine tenths
FEWEST = {True: 2, False: 5}  # minimum characters kept, by whether a text is Chinese; 3 in class 0
_CLASSES = (16, 24, 36, 54, 81, 122, 183)  # boundaries of length classes; texts of one class have the same masks
_SHARES = np.minimum(MOST_KEPT, KEPT / np.array([1, 20, 30, 45, 67.5, 101.5, 152.5, 228.5]))  # mid-class
_REACH = 0.9 / 1.1  # minimum ratio of lengths at edit similarity 0.9
_PAIRED = 2  # first class that is masked by pairs of letters
_CHUNK = 1 << 16
_BASE = 0x9E3779B97F4A7C15


def mask_keys(texts: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """Return the mask keys of the short texts, and for each key the index of its text.

    `texts` are normal forms; `short` is a `(n,)` mask. Texts of fewer than `SHORTEST` or more than `LONGEST` characters
    get no keys. Both results have one entry per key, uint64 and int64.
    """
    lengths = lengths_of(texts)
    numbers = np.flatnonzero(short & (lengths >= SHORTEST) & (lengths <= LONGEST))
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for own in (True, False):
        wanted = numbers if own else numbers[_class(lengths[numbers]) < _class(lengths[numbers] / _REACH)]
        for part in slices(lengths[wanted], _CHUNK):
            for made, at in _keys([texts[number] for number in wanted[part].tolist()], own=own):
                keys.append(made)
                owners.append(wanted[part][at])
    return np.concatenate(keys), np.concatenate(owners)


def _class(lengths: npt.NDArray[Any]) -> Indices:
    return np.searchsorted(np.array(_CLASSES, np.float64), lengths, "right")


def _keys(texts: Sequence[str], *, own: bool) -> list[tuple[Numbers, Indices]]:
    """The keys of texts under the masks of their own length class, or of the next longer one."""
    lengths = lengths_of(texts)
    bounds = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
    number = _class(lengths) + (not own)
    chinese = are_chinese(texts)
    in_pairs = ~chinese & (number >= _PAIRED)
    alphabet, letters = np.unique(_symbols(texts, np.repeat(in_pairs, lengths), bounds), return_inverse=True)
    tokens = mix(alphabet + np.uint64(1))[letters]
    share = np.where(in_pairs, KEPT_PAIRS / KEPT, 1.0) * _SHARES[number]
    limit = np.repeat((share * (1 << 24)).astype(np.uint32), lengths)
    fewest = np.where(chinese, FEWEST[True], np.where(in_pairs, FEWEST_PAIRS, np.where(number > 0, FEWEST[False], 3)))
    salt = number.astype(np.uint64) << np.uint64(8)
    found = []
    for mask in range(MASKS):
        drawn = (mix(alphabet * np.uint64(MASKS) + np.uint64(mask)) >> np.uint64(40)).astype(np.uint32)
        places = np.flatnonzero(drawn[letters] < limit)
        ends = np.searchsorted(places, bounds)
        kept = np.diff(ends)
        rank = np.arange(len(places)) - np.repeat(ends[:-1], kept)
        sums = np.zeros(len(places) + 1, np.uint64)
        np.cumsum(tokens[places] * _powers()[rank], out=sums[1:])
        good = np.flatnonzero(kept >= fewest)
        values = sums[ends[1:][good]] - sums[ends[:-1][good]]
        found.append((mix(mix(values) ^ salt[good] ^ np.uint64(mask)), good))
    return found


def _symbols(texts: Sequence[str], in_pairs: Flags, bounds: Indices) -> Numbers:
    """The characters of texts as numbers; where `in_pairs`, each combined with the next one (the last with 0)."""
    points = code_points(texts).astype(np.uint64)
    behind = np.append(points[1:], np.uint64(0))
    behind[bounds[1:] - 1] = 0
    return np.where(
        in_pairs, (points << np.uint64(24)) | (behind << np.uint64(1)) | np.uint64(1), points << np.uint64(1)
    )


@lru_cache(maxsize=1)
def _powers() -> Numbers:
    return np.array([pow(_BASE, at, 1 << 64) for at in range(LONGEST + 1)], np.uint64)
