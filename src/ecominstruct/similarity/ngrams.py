"""Character n-grams of texts as hashes in numpy columns, and MinHash signatures.

Texts are given in normal form (`languages.normalize_for_matching`). Chinese texts have 3-grams, others 5-grams. A text
shorter than that is a single n-gram.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import Flags, Indices, Numbers, slices, sorted_unique

BANDS, ROWS = 20, 5
"""MinHash with banding (Broder 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, section 3.4).

A pair of Jaccard similarity s shares one of 20 bands of 5 rows with probability 1 - (1 - s**5)**20: 0.9996 for s = 0.8,
all but one of 10**8 pairs for 0.9, 0.19 for 0.4, 0.006 for 0.2.
"""
GRAM = {True: 3, False: 5}  # by whether a text is Chinese
CHUNK = 1 << 17  # characters per batch: fits into the caches of a processor
_CJK = ((0x2E80, 0x2FE0), (0x3040, 0x3100), (0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00), (0x20000, 0x40000))
_RUNS = re.compile("[" + "".join(f"{chr(low)}-{chr(high - 1)}" for low, high in _CJK) + "]+")


class Grams(NamedTuple):
    """The hashed n-grams of n texts. Those of text i are `values[starts[i]:starts[i + 1]]`; `starts` is `(n + 1,)`."""

    values: Numbers
    starts: Indices


def mix(values: Numbers) -> Numbers:
    """Spread numbers over all 64 bits: the finaliser of splitmix64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def code_points(texts: Sequence[str]) -> npt.NDArray[np.uint32]:
    """Return the characters of all texts, concatenated, as numbers."""
    return np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)


def lengths_of(texts: Sequence[str]) -> Indices:
    """Return the length of each text in characters, `(n,) int64`."""
    return np.fromiter(map(len, texts), np.int64, len(texts))


def are_chinese(texts: Sequence[str]) -> Flags:
    """Return a `(n,)` mask of the Chinese texts: not empty, and at least a third of the characters Chinese."""
    chinese, lengths = count_chinese(texts), lengths_of(texts)
    return np.asarray((3 * chinese >= lengths) & (lengths > 0), np.bool_)


def is_chinese(text: str) -> bool:
    """`are_chinese` for a single text."""
    return not text.isascii() and 3 * (len(text) - len(_RUNS.sub("", text))) >= len(text) > 0


def count_chinese(texts: Sequence[str]) -> Indices:
    """Return the number of Chinese characters of each text, `(n,) int64`."""
    counted = np.zeros(len(texts), np.int64)
    rest = np.array([number for number, text in enumerate(texts) if not text.isascii()], np.int64)
    chosen = [texts[number] for number in rest.tolist()]
    table = _chinese()
    for part in slices(lengths_of(chosen), CHUNK):
        ends = np.cumsum(lengths_of(chosen[part]))
        before = np.zeros(ends[-1] + 1, np.int64)
        np.cumsum(table[np.minimum(code_points(chosen[part]), len(table) - 1)], out=before[1:])
        counted[rest[part]] = np.diff(before[ends], prepend=0)
    return counted


@lru_cache(maxsize=1)
def _chinese() -> Flags:
    """For each code point, whether it is Chinese. The last entry is for all higher ones."""
    table = np.zeros(_CJK[-1][1] + 1, np.bool_)
    for low, high in _CJK:
        table[low:high] = True
    return table


def grams(texts: Sequence[str], size: int) -> Grams:
    """Return the hashed n-grams of texts, in order and with repetitions. `size` is the n."""
    padded = [text if len(text) >= size else text.ljust(size, "\0") for text in texts]
    points, lengths = code_points(padded).astype(np.uint64), lengths_of(padded)
    counts = lengths - (size - 1)
    starts = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    if not len(points):
        return Grams(np.zeros(0, np.uint64), starts)
    rolled = np.full(len(points) - size + 1, size, np.uint64)
    for at in range(size):
        rolled = rolled * np.uint64(0x9E3779B97F4A7C15) + points[at : len(points) - size + 1 + at]
    offsets = np.cumsum(lengths) - lengths
    places = np.arange(starts[-1]) + np.repeat(offsets - starts[:-1], counts)
    return Grams(mix(rolled[places]), starts)


def distinct_grams(texts: Sequence[str], size: int) -> Grams:
    """Return the sorted distinct n-grams of each text as 48-bit hashes; 16 bits number the texts while sorting."""
    values, counts = [np.zeros(0, np.uint64)], [np.zeros(1, np.int64)]
    for part in slices(np.maximum(lengths_of(texts), size), CHUNK):
        found = grams(texts[part], size)
        of = len(found.starts) - 1  # at most CHUNK // size, which fits into 16 bits for the sizes in use
        owner = np.repeat(np.arange(of, dtype=np.uint64), np.diff(found.starts))
        codes = sorted_unique((owner << np.uint64(48)) | (found.values >> np.uint64(16)))
        values.append(codes & np.uint64((1 << 48) - 1))
        counts.append(np.bincount((codes >> np.uint64(48)).astype(np.int64), minlength=of))
    return Grams(np.concatenate(values), np.cumsum(np.concatenate(counts)))


def by_script(texts: Sequence[str]) -> Iterator[tuple[bool, Indices]]:
    """Yield True with the indices of the Chinese texts, then False with those of the others."""
    chinese = are_chinese(texts)
    for flag in (True, False):
        yield flag, np.flatnonzero(chinese == flag)


def band_keys(texts: Sequence[str]) -> tuple[Numbers, Indices]:
    """Return the MinHash band keys of texts, uint64, and for each key the index of its text, int64.

    Texts that share a key are likely to be similar; see `BANDS`.
    """
    keys, owners = [np.zeros(0, np.uint64)], [np.zeros(0, np.int64)]
    for chinese, numbers in by_script(texts):
        chosen = [texts[number] for number in numbers.tolist()]
        for part in slices(lengths_of(chosen), CHUNK):
            found = grams(chosen[part], GRAM[chinese])
            bands = _bands(_signatures(found))
            keys.append(bands.ravel())
            owners.append(np.tile(numbers[part], len(bands)))
    return np.concatenate(keys), np.concatenate(owners)


@lru_cache(maxsize=1)
def _permutations() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """A mask and an odd multiplier for each row of a signature. They are constants."""
    seeds = mix(np.arange(1, 2 * BANDS * ROWS + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    halves = (seeds >> np.uint64(32)).astype(np.uint32)
    return halves[::2], halves[1::2] | np.uint32(1)


def _signatures(found: Grams) -> npt.NDArray[np.uint32]:
    """The MinHash signatures: one row of minima per permutation, one column per text."""
    high = (found.values >> np.uint64(32)).astype(np.uint32)
    starts = found.starts[:-1]
    out = np.empty((BANDS * ROWS, len(starts)), np.uint32)
    for row, (mask, factor) in enumerate(zip(*_permutations(), strict=True)):
        np.minimum.reduceat((high ^ mask) * factor, starts, out=out[row])
    return out


def _bands(signatures: npt.NDArray[np.uint32]) -> Numbers:
    """Hash the rows of each band to one key, `(BANDS, n)`."""
    out = np.empty((BANDS, signatures.shape[1]), np.uint64)
    for band in range(BANDS):
        key = np.full(signatures.shape[1], band, np.uint64)
        for row in signatures[band * ROWS : (band + 1) * ROWS]:
            key = mix(key ^ row.astype(np.uint64)) + np.uint64(band)
        out[band] = key
    return out
