"""Candidates for short texts: what is left of a text when only some characters of the alphabet are looked at.

One changed character leaves hardly a gram of a short text in place, so grams cannot find it. A mask keeps characters
by their hash and drops the others: two texts with few edits are equal under every mask that drops all the edited
characters. Each text has one key for each of `MASKS` masks; texts with a key in common are compared.

Of a text of n characters a mask keeps about `KEPT`, and less than half. Two texts of edit similarity 0.9 differ by at
most 0.2 n characters, so a mask drops all of them with a probability of about (1 - KEPT / n) ** (0.2 n), that is 0.2;
that none of 40 masks does happens in about 1 of 10,000 cases, and for one changed character hardly ever.

A mask of a long text keeps few characters of the alphabet, and a few letters out of 26 tell little. So texts of 24
letters or more that are not Chinese are looked at in pairs of neighbouring letters, of which an edit changes two or
three: about `KEPT_PAIRS` are kept. One or two edits are found as before, of six and more some are not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import Flags, Indices, Numbers, slices
from ecominstruct.similarity.ngrams import are_chinese, code_points, lengths_of, mix

MASKS, KEPT, MOST_KEPT = 40, 7, 0.45
KEPT_PAIRS, FEWEST_PAIRS = 5, 4  # the same of pairs of characters
SHORTEST, LONGEST = 5, 250  # characters: of a shorter text, no change leaves nine tenths; a longer one has grams
FEWEST = {True: 2, False: 5}  # characters that must be left to tell anything, by whether a text is Chinese; 3 if tiny
_CLASSES = (16, 24, 36, 54, 81, 122, 183)  # texts between two of these lengths have the same masks
_SHARES = np.minimum(MOST_KEPT, KEPT / np.array([1, 20, 30, 45, 67.5, 101.5, 152.5, 228.5]))  # in the middle of each
_REACH = 0.9 / 1.1  # a text of edit similarity 0.9 is at most so much shorter
_PAIRED = 2  # the class from which letters are looked at in pairs
_CHUNK = 1 << 16
_BASE = 0x9E3779B97F4A7C15


def mask_keys(texts: Sequence[str], short: Flags) -> tuple[Numbers, Indices]:
    """The keys of the short ones among texts in their normal form, with the number of the text of each key."""
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
    """The keys of texts under the masks of their own length, or of the next longer ones."""
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
    """The characters of texts as numbers; in some texts each with the one behind it, the last one alone."""
    points = code_points(texts).astype(np.uint64)
    behind = np.append(points[1:], np.uint64(0))
    behind[bounds[1:] - 1] = 0
    return np.where(
        in_pairs, (points << np.uint64(24)) | (behind << np.uint64(1)) | np.uint64(1), points << np.uint64(1)
    )


@lru_cache(maxsize=1)
def _powers() -> Numbers:
    return np.array([pow(_BASE, at, 1 << 64) for at in range(LONGEST + 1)], np.uint64)
