"""Which texts are nearly the same: candidates by keys, then verified exactly.

Two texts are near if the Jaccard similarity of their character n-grams (3-grams in Chinese, 5-grams elsewhere) reaches
a threshold; or, where both have fewer than 20 units, if their edit similarity does: 2 x (characters in common, in
order) / (all characters), which is rapidfuzz's normalised Indel similarity. All of it on normal forms
(`languages.kin_text`), in which white space, punctuation, case and width do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Indel

from ecominstruct.checks.columns import Flags, Indices, Numbers, Texts
from ecominstruct.checks.grams import GRAM, are_chinese, band_keys, distinct, grams
from ecominstruct.checks.masks import mask_keys
from ecominstruct.languages import units

Scores = npt.NDArray[np.float64]
SHORT = 20  # units: a text with fewer is short
TINY = 30  # characters: in so short a text, grams that agree so far mean edits that agree at least as far
_PAIRS = 5_000  # that are verified together


class Near(NamedTuple):
    """How similar texts must be to be called near: by their n-grams, and short ones by their edits."""

    grams: float = 0.8
    edits: float = 0.9


def near_keys(texts: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """The keys by which near texts meet, with the number of each text, which is given in its normal form."""
    banded, masked = band_keys(texts), mask_keys(texts, short)
    return np.concatenate([banded[0], masked[0]]), np.concatenate([banded[1], masked[1]])


def similarities(left: Sequence[str], right: Sequence[str], short: Sequence[bool], near: Near) -> Scores:
    """How similar each two texts are; 0 where they are not near. `short` says whether both of them are."""
    out = np.zeros(len(left))
    rest = []
    for row, (one, other, both_short) in enumerate(zip(left, right, short, strict=True)):
        if both_short:
            out[row] = Indel.normalized_similarity(one, other, score_cutoff=near.edits)
        if not out[row] and not (both_short and len(one) <= TINY) and _sizes_allow(one, other, near.grams):
            rest.append(row)
    for start in range(0, len(rest), _PAIRS):
        rows = rest[start : start + _PAIRS]
        found = jaccard([left[row] for row in rows], [right[row] for row in rows])
        out[rows] = np.where(found >= near.grams, found, 0)
    return out


def _sizes_allow(one: str, other: str, least: float) -> bool:
    """Whether texts of these lengths can have so many grams in common. A text may repeat its grams; then its set is
    smaller than its length, so only texts that repeat hardly anything are judged by their lengths."""
    return len(set(one)) * 8 < len(one) or 0.5 * least * len(one) <= len(other) <= len(one) / (0.5 * least)


def jaccard(left: Sequence[str], right: Sequence[str]) -> Scores:
    """The Jaccard similarity of the n-grams of each two texts; the n is that of the left one."""
    out = np.zeros(len(left))
    chinese = are_chinese(left)
    for flag in (True, False):
        rows = np.flatnonzero(chinese == flag)
        if len(rows):
            places = rows.tolist()
            out[rows] = _jaccard([left[row] for row in places], [right[row] for row in places], GRAM[flag])
    return out


def _jaccard(left: Sequence[str], right: Sequence[str], size: int) -> Scores:
    names = {text: number for number, text in enumerate(dict.fromkeys((*left, *right)))}
    found = distinct(grams(list(names), size))
    sizes = np.diff(found.starts)
    sides = [np.array([names[text] for text in side], np.int64) for side in (left, right)]
    values, owners = [], []
    for numbers in sides:
        counts = sizes[numbers]
        ends = np.cumsum(counts)
        places = np.arange(ends[-1]) + np.repeat(found.starts[numbers] - (ends - counts), counts)
        owners.append(np.repeat(np.arange(len(numbers), dtype=np.uint64), counts))
        values.append(found.values[places])
    # A pair's number above 48 bits of the gram: grams of one pair that differ stay different (but for one in 2**48).
    codes = (np.concatenate(owners) << np.uint64(48)) | (np.concatenate(values) >> np.uint64(16))
    codes.sort()
    both = codes[1:][codes[1:] == codes[:-1]] >> np.uint64(48)
    common = np.bincount(both.astype(np.int64), minlength=len(left))
    return np.asarray(common / (sizes[sides[0]] + sizes[sides[1]] - common), np.float64)


def are_short(sources: Sequence[str]) -> Flags:
    """Which texts have fewer units than 20."""
    return np.array([len(units(text)) < SHORT for text in sources], np.bool_)


class Compared(NamedTuple):
    """A column of normal forms, and which of them are short."""

    texts: Texts
    short: Flags

    def similarities(self, left: Indices, right: Indices, near: Near) -> Scores:
        """How similar the texts with these numbers are; 0 where they are not near."""
        short = (self.short[left] & self.short[right]).tolist()
        return similarities(self.texts.take(left), self.texts.take(right), short, near)
