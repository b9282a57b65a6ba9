"""Ordinals of equal rows: exact counts in 20 to 30 bytes per distinct row; a Python set takes about a hundred.

The first two bytes of a fingerprint select one of 65,536 buckets. A bucket is one bytearray of entries; an entry is the
other 14 bytes and a one-byte count. With three million distinct rows a bucket has 46 entries, and a search takes a
fraction of a microsecond.
"""

from __future__ import annotations

from binascii import unhexlify
from collections import Counter, defaultdict

REST = 14  # bytes of a fingerprint after the two that select the bucket
ENTRY = REST + 1  # bytes per entry
MOST = 255  # the largest count that an entry can hold


class Ordinals:
    """Numbers equal fingerprints 0, 1, 2 … in the order in which they come."""

    def __init__(self) -> None:
        self._buckets: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._beyond: Counter[bytes] = Counter()  # rows beyond the largest count of an entry

    def next(self, fingerprint: str) -> int:
        """Return the ordinal of a row with this fingerprint (32 hexadecimal digits)."""
        whole = unhexlify(fingerprint)
        bucket, rest = self._buckets[whole[0] << 8 | whole[1]], whole[2:]
        at = bucket.find(rest)
        while at >= 0 and at % ENTRY:  # a chance match across two entries
            at = bucket.find(rest, at + 1)
        if at < 0:
            bucket += rest + b"\1"
            return 0
        before = bucket[at + REST]
        if before < MOST:
            bucket[at + REST] = before + 1
            return before
        self._beyond[whole] += 1
        return before + self._beyond[whole] - 1
