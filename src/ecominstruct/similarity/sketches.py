"""Sketches: bit sets of texts that rule out most dissimilar pairs without reading the texts.

Each n-gram of a text sets one of 1,024 bits. A bit that only one of two texts has belongs to an n-gram that only this
text has, so the texts differ in at most as many bits as n-grams. Texts with a and b n-grams and Jaccard similarity s
differ in (a + b) (1 - s) / (1 + s) n-grams. A pair that differs in more bits is certainly less similar.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from ecominstruct.similarity.columns import Flags, Growing, Indices, Numbers, map_column, slices
from ecominstruct.similarity.ngrams import CHUNK, GRAM, by_script, grams, lengths_of

WORDS = 16  # of 64 bits each


class Sketches(NamedTuple):
    """The sketches of n texts, in memory or in a mapped file."""

    bits: Numbers  # `(n * WORDS,)`
    grams: Indices  # n-grams of each text, with repetitions
    chinese: Flags  # Chinese texts have shorter n-grams than others

    def may_reach(self, left: Indices, right: Indices, least: float) -> Flags:
        """Return a mask of the pairs of indices whose Jaccard similarity may reach `least`."""
        bits = self.bits.reshape(-1, WORDS)
        differ = np.bitwise_count(bits[left] ^ bits[right]).sum(axis=1, dtype=np.int64)
        most = (self.grams[left] + self.grams[right]) * (1 - least)
        same_size = self.chinese[left] == self.chinese[right]  # otherwise the bits are not comparable
        return np.asarray((differ * (1 + least) <= most + 1e-6) | ~same_size, np.bool_)


def sketch(texts: Sequence[str]) -> Sketches:
    """Return the sketches of texts, which are given in normal form."""
    chinese = np.zeros(len(texts), np.bool_)
    bits = np.zeros((len(texts), WORDS), np.uint64)
    counts = np.zeros(len(texts), np.int64)
    for flag, numbers in by_script(texts):
        chinese[numbers] = flag
        chosen = [texts[number] for number in numbers.tolist()]
        for part in slices(lengths_of(chosen), CHUNK):
            found = grams(chosen[part], GRAM[flag])
            counts[numbers[part]] = np.diff(found.starts)
            word = (found.values >> np.uint64(58)) % np.uint64(WORDS)
            place = np.repeat(numbers[part], counts[numbers[part]]) * WORDS + word.astype(np.int64)
            np.bitwise_or.at(bits.reshape(-1), place, np.uint64(1) << (found.values >> np.uint64(20) & np.uint64(63)))
    return Sketches(bits.reshape(-1), counts, chinese)


class SketchFile:
    """Sketches that are appended: their bits to a file, the rest in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._grams, self._chinese = Growing(np.int64), Growing(np.bool_)

    def add(self, some: Sketches) -> None:
        """Append sketches."""
        self._file.write(some.bits.tobytes())
        self._grams.add(some.grams)
        self._chinese.add(some.chinese)

    def sketches(self) -> Sketches:
        """Return all sketches, memory-mapped. Nothing can be added afterwards."""
        self._file.flush()
        return Sketches(map_column(Path(self._file.name), np.uint64), self._grams.column(), self._chinese.column())
