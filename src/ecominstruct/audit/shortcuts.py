"""Measure shortcuts: features that predict the gold of a test row without understanding it.

Some are in the row itself: the length of its input, the overlap of its two sides, the position of a candidate. Others
come from other rows with the same text, in the test set or in training. If several questions are asked about one text,
filtering can leave only different answers, or only equal ones; then one answer is evidence about another. For each text
that rows share (a long field of the input, or the whole input if candidates differ) this module takes the share of
other rows with the same gold, once a row. It compares two guesses with their baselines: the gold is that of the other
row (baseline: the most frequent gold), or it is a different one (baseline: how often two unrelated rows differ).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.audit.base import Document
from ecominstruct.audit.material import Asked, Material, asked_by, asked_of, shown_texts
from ecominstruct.checks import shifts
from ecominstruct.checks.labels import named
from ecominstruct.checks.shortcuts import FEWEST, GUESSES, SURE, features_of, told
from ecominstruct.rows import Example
from ecominstruct.similarity.columns import Indices
from ecominstruct.tasks import templates

MARGIN = 0.1  # by which a guess must beat its baseline to be a shortcut
FEWEST_OF_LABEL = 30  # minimum number of golds of a label that is tested against the others


class Shortcut(Document):
    """How well one feature predicts the gold.

    of                 the predicted label, or the field that rows share; '' if it is about all golds
    auc                if two classes are compared, else None
    accuracy           of the best threshold, or of the guess
    baseline           accuracy of the majority class, or of chance
    shown_by           for a binary feature: by label, the number of rows that have it, and of all rows
    low, high          an interval of the accuracy, if rows are not independent
    """

    name: str
    of: str
    n: int
    is_shortcut: bool
    auc: float | None
    accuracy: float
    baseline: float
    shown_by: Mapping[str, Sequence[int]] = {}
    low: float | None = None
    high: float | None = None


def shortcuts(material: Material) -> list[Shortcut]:
    """All shortcuts that can be measured on a task."""
    return [*_of_rows(material), *_of_other_rows(material)]


def say_shortcut(shortcut: Mapping[str, Any]) -> str:
    """Describe a shortcut in words, from its plain data."""
    of = f" of {shortcut['of']}" if shortcut["of"] else ""
    named = f"{shortcut['name']}{of}"
    if shortcut["auc"] is None:
        return f"{named}: accuracy {shortcut['accuracy']:.3f}, {shortcut['baseline']:.3f} without"
    shown = "".join(f"; in {n} of {all_rows} {label}" for label, (n, all_rows) in shortcut.get("shown_by", {}).items())
    accuracy = f"accuracy {shortcut['accuracy']:.3f}, majority {shortcut['baseline']:.3f}"
    return f"{named}: AUC {shortcut['auc']:.3f}, {accuracy}{shown}"


# --------------------------------------------------------------------------------------------------- in the row itself


def _of_rows(material: Material) -> Iterator[Shortcut]:
    """AUC for two classes, accuracy for a choice."""
    if material.task["form"] == "classify":
        yield from _classes(material)
        yield from _named(material)
    elif material.task["form"] in ("select", "rank"):
        yield from _choices(material)


def _seen(material: Material) -> list[dict[str, float]]:
    """The surface features of each row: all features if the input has two sides, else its length."""
    length = [{"length": float(len(example.input))} for example in material.examples]
    return [features_of(found) if found else alone for found, alone in zip(material.sides, length, strict=True)]


def _classes(material: Material) -> Iterator[Shortcut]:
    """Each feature: how well it separates two labels, or the label it separates best."""
    golds = [example.gold.labels for example in material.examples]
    counts = Counter(label for gold in golds for label in gold)
    labels = sorted(label for label, n in counts.items() if n >= FEWEST_OF_LABEL)
    two = material.is_single and len(counts) == 2
    rows = _seen(material)
    for name in dict.fromkeys(name for row in rows for name in row):
        places = [index for index, row in enumerate(rows) if name in row]
        values = [rows[index][name] for index in places]
        found = [
            (measured, label)
            for label in (labels[:1] if two else labels)
            if (measured := told(values, [label in golds[index] for index in places]))
        ]
        if found:
            best, label = max(found, key=lambda pair: (pair[0].auc, pair[1]))
            helps = two or best.accuracy - best.majority > MARGIN  # one label of many may stand out without any gain
            shown_by: dict[str, Any] = {}
            if set(values) == {0.0, 1.0}:
                shown = Counter(label for index in places if rows[index][name] for label in golds[index])
                shown_by = {"shown_by": {label: [shown[label], counts[label]] for label in sorted(counts)}}
            yield Shortcut(
                name=name,
                of="" if two else label,
                n=best.n,
                is_shortcut=best.is_shortcut and helps,
                auc=best.auc,
                accuracy=best.accuracy,
                baseline=best.majority,
                **shown_by,
            )


def _named(material: Material) -> Iterator[Shortcut]:
    """Guess the longest candidate in the input, or else the most frequent label."""
    if not material.is_single or len(material.rows) < FEWEST:
        return
    golds = [example.gold.labels[0] for example in material.examples]
    usual, most = Counter(golds).most_common(1)[0]
    guesses = [named(example.input, example.choices) or usual for example in material.examples]
    right = sum(guess == gold for guess, gold in zip(guesses, golds, strict=True))
    yield _guess("named", right, most / len(golds), len(golds))


def _choices(material: Material) -> Iterator[Shortcut]:
    rows = [(example, _gold(example)) for example in material.examples if len(example.choices) > 1]
    if len(rows) < FEWEST:
        return
    chance = sum(1 / len(example.choices) for example, _ in rows) / len(rows)
    for name, guess in GUESSES.items():
        right = sum(_best(example, guess) == gold for example, gold in rows)
        yield _guess(name, right, chance, len(rows))
    yield _guess("first", sum(example.choices[0] == gold for example, gold in rows), chance, len(rows))


def _gold(example: Example) -> str:
    return example.gold.ranking[0] if example.gold.ranking else example.gold.text


def _best(example: Example, guess: Any) -> str:
    values: Sequence[float] = [guess(example.input, choice) for choice in example.choices]
    return example.choices[values.index(max(values))]


def _guess(name: str, right: int, baseline: float, n: int) -> Shortcut:
    accuracy = right / n
    sure = accuracy - baseline > SURE * math.sqrt(baseline * (1 - baseline) / n)
    flag = sure and accuracy - baseline > MARGIN
    return Shortcut(name=name, of="", n=n, is_shortcut=flag, auc=None, accuracy=accuracy, baseline=baseline)


# -------------------------------------------------------------------------------------------------- in rows beside it


class ToldByRows(NamedTuple):
    """What the golds of other rows predict: for each row the share of others with its gold, the index of the shared
    text, and its gold.
    """

    agreed: npt.NDArray[np.float64]
    texts: Indices
    golds: Sequence[str]


def _of_other_rows(material: Material) -> Iterator[Shortcut]:
    """The shortcuts through other rows with the same text, for each field: of the test set, then of training."""
    if material.task["form"] == "generate":
        return
    task = material.task
    own = [asked_of(task, *asked_by(example)) for example in material.examples]
    parts = [  # for inputs that are one field, such as those of the released sets
        {part.name: example.input[part.start : part.end] for part in found} if len(found) > 1 else {}
        for example, found in zip(material.examples, material.parts, strict=True)
    ]
    yield from _of_texts("other_row", own, (), task, parts)
    if material.training:
        yield from _of_texts("training_row", own, material.training, task, parts)


def _of_texts(
    where: str,
    own: Sequence[Asked],
    others: Sequence[Asked],
    task: Mapping[str, Any],
    parts: Sequence[Mapping[str, str]],
) -> Iterator[Shortcut]:
    rows = [*own, *others]
    texts = [shown_texts(task, asked) or of for asked, of in zip(rows, [*parts, *[{}] * len(others)], strict=True)]
    inputs = _numbers([(asked.input, asked.choices) for asked in rows])
    golds = _numbers([asked.gold for asked in rows])
    names = dict.fromkeys(name for of in texts for name in of)
    for field in templates.long_fields({name: [of.get(name, "") for of in texts[: len(own)]] for name in names}):
        shared = _numbers([of.get(field, asked) for of, asked in zip(texts, rows, strict=True)])
        told = _told_by(own, len(others), shared, inputs, golds)
        if told:
            yield _of_text(where, field, told)


def _told_by(own: Sequence[Asked], others: int, shared: Indices, inputs: Indices, golds: Indices) -> ToldByRows | None:
    """What the own rows say of each other, or the others of them. None if few texts are shared."""
    found = shifts.agreement(shared, inputs, golds)
    count, same = found.others, found.same
    if others:
        mine = shifts.agreement(shared[: len(own)], inputs[: len(own)], golds[: len(own)])
        count, same = count[: len(own)] - mine.others, same[: len(own)] - mine.same
    used = np.flatnonzero(count)
    if len(np.unique(shared[used])) < shifts.FEWEST:
        return None
    return ToldByRows(same[used] / count[used], shared[used], [own[at].gold for at in used.tolist()])


def _of_text(where: str, field: str, told: ToldByRows) -> Shortcut:
    n, agreed = len(told.agreed), float(told.agreed.mean())
    counts = Counter(told.golds)
    chance = sum(count**2 for count in counts.values()) / n**2
    readings = {
        f"gold_of_{where}": (agreed, max(counts.values()) / n),
        f"not_gold_of_{where}": (1 - agreed, 1 - chance),
    }
    name, (accuracy, baseline) = max(readings.items(), key=lambda one: one[1][0] - one[1][1])
    by_text = np.bincount(np.unique(told.texts, return_inverse=True)[1], told.agreed - agreed)
    # Texts are the independent units. If all rows agree, use the error that chance has with as many texts.
    error = max(math.sqrt(float((by_text**2).sum())) / n, math.sqrt(baseline * (1 - baseline) / len(by_text)))
    gain = accuracy - baseline
    flag = gain > MARGIN and gain > SURE * error
    return Shortcut(
        name=name,
        of=f"one {field}",
        n=n,
        is_shortcut=flag,
        auc=None,
        accuracy=accuracy,
        baseline=baseline,
        low=max(accuracy - SURE * error, 0.0),
        high=min(accuracy + SURE * error, 1.0),
    )


def _numbers(values: Sequence[Any]) -> Indices:
    """Number equal values equally, from 0."""
    known: dict[Any, int] = {}
    return np.fromiter((known.setdefault(value, len(known)) for value in values), np.int64, len(values))
