"""Text quality from 0 to 1, by a small classifier trained on texts that people accepted or rejected.

Logistic regression over hashed character n-grams (1 to 3), trained by a fixed number of full-batch gradient steps. It
is deterministic: equal labels give equal ratings. A few hundred labels of each kind separate spam from products; they
do not separate right from wrong answers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson

from ecominstruct.errors import input_error
from ecominstruct.languages import same_text
from ecominstruct.similarity.ngrams import grams

Rate = Callable[[Sequence[str]], Sequence[float]]
"""A classifier: maps texts to numbers in [0, 1]."""
ENTRY_POINTS = "ecominstruct.rating"
FEWEST = 20  # minimum labels of each kind
_BITS, _STEPS, _RATE, _DECAY = 16, 200, 2.0, 1e-4
_Column = npt.NDArray[np.float64]


def read_labels(path: Path) -> list[tuple[str, bool]]:
    """Read labels, one JSON object with `text` and `accept` per line. Raises InputError with the faulty line."""
    if not path.is_file():
        raise input_error("does not exist", "Name a file beside the recipe", file=str(path))
    labels = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            row = orjson.loads(line)
        except orjson.JSONDecodeError:
            raise input_error("is not JSON", "Write one JSON object a line", file=str(path), line=number) from None
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("accept"), bool):
            raise input_error(
                "needs `text` and `accept`", 'Write {"text": …, "accept": true}', file=str(path), line=number
            )
        labels.append((row["text"], row["accept"]))
    for kind in (True, False):
        if sum(accept is kind for _, accept in labels) < FEWEST:
            what = "accepted" if kind else "rejected"
            raise input_error(f"holds fewer than {FEWEST} {what} texts", "Label more", file=str(path))
    return labels


def named(scorer: str) -> Rate:
    """Return the classifier that an installed package registers under this name. Raises InputError if none does."""
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS, name=scorer):
        found: Rate = point.load()
        return found
    raise input_error(f"no installed package offers the rating {scorer!r}", f"It is an entry point of {ENTRY_POINTS!r}")


def learn(labels: Sequence[tuple[str, bool]]) -> Rate:
    """Train a classifier on labelled texts."""
    owner, place = _features([text for text, _ in labels])
    wanted = np.array([accept for _, accept in labels], np.float64)
    # Both classes have equal weight, whatever their sizes.
    importance = np.where(wanted == 1, 0.5 / wanted.sum(), 0.5 / (len(wanted) - wanted.sum()))
    weights, bias = np.zeros(1 << _BITS), 0.0
    share = 1 / np.sqrt(np.bincount(owner, minlength=len(labels)))[owner]
    for _ in range(_STEPS):
        error = (_sigmoid(_sums(owner, share * weights[place], len(labels)) + bias) - wanted) * importance
        weights = weights * (1 - _DECAY) - _RATE * np.bincount(place, share * error[owner], 1 << _BITS)
        bias -= _RATE * float(error.sum())

    def rate(texts: Sequence[str]) -> list[float]:
        owner, place = _features(texts)
        share = 1 / np.sqrt(np.bincount(owner, minlength=len(texts)))[owner]
        rated: list[float] = _sigmoid(_sums(owner, share * weights[place], len(texts)) + bias).tolist()
        return rated

    return rate


def _sums(owner: npt.NDArray[np.int64], values: _Column, count: int) -> _Column:
    return np.asarray(np.bincount(owner, values, count), np.float64)


def _sigmoid(values: _Column) -> _Column:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))), np.float64)


def _features(texts: Sequence[str]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The hashed n-grams of texts: for each, the index of its text and of its weight."""
    forms = [same_text(text) for text in texts]
    found = [grams(forms, size) for size in (1, 2, 3)]
    owner = np.concatenate([np.repeat(np.arange(len(texts)), np.diff(of.starts)) for of in found])
    values = np.concatenate([of.values for of in found])
    return owner, (values >> np.uint64(64 - _BITS)).astype(np.int64)
