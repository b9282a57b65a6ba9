"""Ordinals among equal rows, in memory that does not grow with the number of rows.

The first hundred thousand rows are remembered exactly. After them, a row that is met for the first time has ordinal 0
and leaves three bits in a fixed table; a row whose bits are all there has (almost always) been met before and is
counted exactly. So only repeated rows take memory; among ten million distinct rows one in a thousand is taken for a
repeated one, which costs it the ordinal 1 and no more.
"""

from __future__ import annotations

import mmap
from collections import Counter

EXACT = 100_000  # rows that are remembered as they are
BITS = 1 << 28  # 32 MiB, of which only what is used is ever touched


class Ordinals:
    """Gives each of several equal fingerprints another number: 0, 1, 2 …"""

    def __init__(self) -> None:
        self._met: set[int] = set()
        self._bits: mmap.mmap | None = None
        self._again: Counter[int] = Counter()

    def next(self, fingerprint: str) -> int:
        """The ordinal of a row with this fingerprint of 32 hexadecimal digits."""
        key = int(fingerprint[:16], 16)
        if key not in self._met and self._is_new(key, fingerprint):
            return 0
        self._again[key] += 1
        return self._again[key]

    def _is_new(self, key: int, fingerprint: str) -> bool:
        if len(self._met) < EXACT:
            self._met.add(key)
            return True
        if self._bits is None:
            self._bits = mmap.mmap(-1, BITS // 8)
        new = False
        for place in (int(fingerprint[:7], 16), int(fingerprint[8:15], 16), int(fingerprint[16:23], 16)):
            byte, bit = place >> 3, 1 << (place & 7)
            if not self._bits[byte] & bit:
                new = True
                self._bits[byte] |= bit
        return new
