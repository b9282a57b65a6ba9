"""Which texts are nearly the same: candidates by keys, then verified exactly.

Two texts are near if the Jaccard similarity of their character n-grams (3-grams in Chinese, 5-grams elsewhere) reaches
a threshold; or, where both have fewer than 20 units (40 in Chinese), if their edit similarity does: 2 x (characters in
common, in order) / (all characters), which is rapidfuzz's normalised Indel similarity. All of it on normal forms
(`languages.normalize_for_matching`), in which white space, punctuation, case and width do not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rapidfuzz.distance import Indel

from ecominstruct.languages import has_word
from ecominstruct.similarity.columns import Flags, Indices, Numbers, Texts, release_pages, slices
from ecominstruct.similarity.deletion_masks import mask_keys
from ecominstruct.similarity.ngrams import GRAM, Grams, are_chinese, band_keys, distinct_grams
from ecominstruct.similarity.sketches import Sketches

Scores = npt.NDArray[np.float64]
SHORT = 20  # units: a text with fewer is short
SHORT_CHINESE = 40  # the same of Chinese, by characters: if one of 28 changes, less than 0.8 of the 3-grams are left
TINY = 30  # characters: in so short a text, grams that agree so far mean edits that agree at least as far
AT_ONCE = 2_000  # pairs whose texts, and their grams, are in memory at once
GRAMS = 1 << 18  # of pairs that are verified together, in both texts
_FEWEST = 8  # grams that a pair counts for at least: so there are fewer pairs than 16 bits can number


class Near(NamedTuple):
    """How similar texts must be to be called near: by their n-grams, and short ones by their edits."""

    grams: float = 0.8
    edits: float = 0.9


def near_keys(texts: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """The keys by which near texts meet, with the number of each text, which is given in its normal form."""
    banded, masked = band_keys(texts), mask_keys(texts, short)
    return np.concatenate([banded[0], masked[0]]), np.concatenate([banded[1], masked[1]])


def similarities(
    left: Sequence[str], right: Sequence[str], short: Sequence[bool], near: Near, grams: Sequence[bool] | None = None
) -> Scores:
    """How similar each two texts are; 0 where they are not near. `short` says whether both of them are, `grams`, where
    that is known, whether they may be near by their grams."""
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
    """The Jaccard similarity of the n-grams of each two texts; the n is that of the left one.

    Of texts whose numbers of grams differ too much for `least`, it is 0.
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
    """The same of texts whose grams fit into memory: those of a text that stands in many pairs are made once."""
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
    """How many grams each two texts have in common, of so few pairs that their numbers fit into 16 bits, beside 48 bits
    of a gram.

    Two different grams of one pair are taken for the same in one of 2**48 cases.
    """
    both = np.concatenate([_of_pairs(found, left), _of_pairs(found, right)])
    both.sort(kind="stable")  # two runs in order: they are merged
    pair = (both[1:][both[1:] == both[:-1]] >> np.uint64(48)).astype(np.int64)
    return np.bincount(pair, minlength=len(left))


def _of_pairs(found: Grams, texts: Indices) -> Numbers:
    """The grams of these texts, each behind the number of its pair."""
    counts = np.diff(found.starts)[texts]
    ends = np.cumsum(counts)
    places = np.arange(counts.sum()) + np.repeat(found.starts[texts] - (ends - counts), counts)
    pair = np.repeat(np.arange(len(texts), dtype=np.uint64), counts)
    return np.asarray((pair << np.uint64(48)) | found.values[places], np.uint64)


def are_short(sources: Sequence[str]) -> Flags:
    """Which texts have fewer units than 20, or 40 if they are Chinese."""
    fewest = np.where(are_chinese(sources), SHORT_CHINESE, SHORT).tolist()
    return np.array([not has_word(text, least) for text, least in zip(sources, fewest, strict=True)], np.bool_)


class Compared(NamedTuple):
    """A column of normal forms, which of them are short, and their sketches."""

    texts: Texts
    short: Flags
    sketches: Sketches

    def similarities(self, left: Indices, right: Indices, near: Near) -> Scores:
        """How similar the texts with these numbers are; 0 where they are not near."""
        out = np.zeros(len(left))
        for start in range(0, len(left), AT_ONCE):
            one, other = left[start : start + AT_ONCE], right[start : start + AT_ONCE]
            short, grams = self.short[one] & self.short[other], self.sketches.may_reach(one, other, near.grams)
            some = np.flatnonzero(short | grams)
            texts = self.texts.take(one[some]), self.texts.take(other[some])
            out[start + some] = similarities(*texts, short[some].tolist(), near, grams[some].tolist())
        release_pages(self.texts.content, self.sketches.bits)
        return out
