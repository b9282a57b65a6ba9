"""Ordinals among equal rows, in memory that does not grow with the number of rows.

A row that is met for the first time has ordinal 0 and leaves three bits in a fixed table. A row whose bits are all
there has (almost always) been met before: it is counted exactly. So only repeated rows take memory; among ten million
distinct rows one in a thousand is taken for a repeated one, which costs it the ordinal 1 and no more.
"""

from __future__ import annotations

import mmap
from collections import Counter

BITS = 1 << 28  # 32 MiB, of which only what is used is ever touched


class Ordinals:
    """Gives each of several equal fingerprints another number: 0, 1, 2 …"""

    def __init__(self) -> None:
        self._bits = mmap.mmap(-1, BITS // 8)
        self._again: Counter[int] = Counter()

    def next(self, fingerprint: str) -> int:
        """The ordinal of a row with this fingerprint of 32 hexadecimal digits."""
        seen = True
        for place in (int(fingerprint[:7], 16), int(fingerprint[8:15], 16), int(fingerprint[16:23], 16)):
            byte, bit = place >> 3, 1 << (place & 7)
            if not self._bits[byte] & bit:
                seen = False
                self._bits[byte] |= bit
        if not seen:
            return 0
        key = int(fingerprint[:16], 16)
        self._again[key] += 1
        return self._again[key]
