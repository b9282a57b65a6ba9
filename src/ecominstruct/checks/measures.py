"""What can be counted of texts for filters: characters that no text should hold, language, repetition."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ecominstruct.similarity.columns import slices
from ecominstruct.similarity.ngrams import CHUNK, count_chinese, distinct_grams, lengths_of

# Controls (but for tab and line ends), half characters, the mark of undecodable bytes, private use, no characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\ufdd0-\ufdef\ufffd-\uffff]")
_NO_LETTER = re.compile(r"[\W\d_]+")
REPEATED = 10  # characters: the size of what must not stand in a text again and again


def illegal(text: str) -> int:
    """The number of characters that no text should hold."""
    return len(_ILLEGAL.findall(text))


def chinese_shares(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Of each text, the share of its letters that are Chinese; 0 where there is no letter."""
    letters = [_NO_LETTER.sub("", text) for text in texts]
    return np.asarray(count_chinese(letters) / np.maximum(lengths_of(letters), 1), np.float64)


def repetition(texts: Sequence[str]) -> npt.NDArray[np.float64]:
    """Of each text, the share of its 10-grams that stand in it before; 0 for a text that is too short to repeat one."""
    lengths = lengths_of(texts)
    counts = np.maximum(lengths, REPEATED) - (REPEATED - 1)
    different = np.concatenate(
        [
            np.zeros(0, np.int64),
            *(np.diff(distinct_grams(texts[part], REPEATED).starts) for part in slices(lengths, CHUNK)),
        ]
    )
    return np.where(lengths < 2 * REPEATED, 0.0, 1 - different / counts)
