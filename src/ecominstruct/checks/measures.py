"""Quantities of texts for filters: illegal characters, share of Chinese, repetition."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import slices
from ecominstruct.similarity.ngrams import CHUNK, count_chinese, distinct_grams, lengths_of

# Control characters (except tab and line breaks), lone surrogates, replacement character, private use, noncharacters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffd-\uffff]")
_NO_LETTER = re.compile(r"[\W\d_]+")
REPEATED = 10  # characters: the n of the n-grams counted for repetition


def illegal(text: str) -> int:
    """Return the number of characters that should not be in a text."""
    return len(_ILLEGAL.findall(text))


def chinese_shares(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the share of each text's letters that are Chinese, `(n,) float64` in [0, 1]; 0 without letters."""
    letters = [_NO_LETTER.sub("", text) for text in texts]
    return np.asarray(count_chinese(letters) / np.maximum(lengths_of(letters), 1), np.float64)


def repetition(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Return the share of each text's 10-grams that occurred earlier in it, `(n,) float64`; 0 below 20 characters."""
    lengths = lengths_of(texts)
    counts = np.maximum(lengths, REPEATED) - (REPEATED - 1)
    different = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(np.diff(distinct_grams(texts[part], REPEATED).starts) for part in slices(lengths, CHUNK)),
        ]
    )
    return np.where(lengths < 2 * REPEATED, 0.0, 1 - different / counts)
