"""Reproducible random numbers: 64 bits for each family and draw, derived by hash.

They depend only on the purpose, the family and the number of the draw. Every task, model and process therefore sees the
same draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ecominstruct.identity import hash64

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK = 2_000_000  # numbers in memory at once
_STEP = np.uint64(0x9E3779B97F4A7C15)


def words(purpose: str, families: Sequence[str], first: int, count: int) -> NDArray[Any]:
    """Return random 64-bit words for the draws `first` to `first + count - 1`, with shape (count, F).

    The generator is SplitMix64 (Steele, Lea and Flood 2014), seeded for each family with the hash of its name.
    """
    seeds = np.array([hash64(purpose, family) for family in families], dtype=np.uint64)
    found = seeds[None, :] + np.arange(first + 1, first + count + 1, dtype=np.uint64)[:, None] * _STEP
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: NDArray[Any] = found ^ (found >> np.uint64(31))
    return mixed


def split(found: NDArray[Any], kind: str) -> NDArray[Any]:
    """Split words of shape (count, F) into numbers of a smaller NumPy type, such as `<u2`: (count · parts, F)."""
    parts = found.astype("<u8")[..., None].view(kind)
    return np.moveaxis(parts, 2, 1).reshape(-1, found.shape[1])
