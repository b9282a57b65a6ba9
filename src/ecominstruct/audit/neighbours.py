"""Does the gold of a test row follow from another row with the same text, in the test set or in training?

Where several things are asked of one text, cleaning can leave only answers that differ, or only answers that agree:
then whoever has seen one answer knows something of the next without reading. For each text that rows share (a long
field of the input; the whole input, where the candidates differ) the share of other rows with the same gold is taken,
of each row once.

It is held against two baselines: the gold is that of the other row (without: the most frequent gold), and it is another
one (without: how often two rows that have nothing to do with each other differ).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ecominstruct.audit.material import Asked, Material, asked_by, asked_of, shown_texts
from ecominstruct.checks.shifts import FEWEST, agreement
from ecominstruct.checks.shortcuts import SURE
from ecominstruct.similarity.columns import Indices
from ecominstruct.tasks import templates

MARGIN = 0.1  # by which a guess must beat what one knows without it, to be a shortcut
Tell = dict[str, Any]


class Told(NamedTuple):
    """What the golds of other rows tell: `agreed`, for each row the share of others with its gold; the text it shares
    with them; the golds of the rows."""

    agreed: npt.NDArray[np.float64]
    texts: Indices
    golds: Sequence[str]


def neighbours(material: Material) -> Iterator[Tell]:
    """What other rows with the same text tell, for each field: of the test set itself, then of training."""
    if material.task["form"] == "generate":
        return
    task = material.task
    own = [asked_of(task, *asked_by(example)) for example in material.examples]
    parts = [  # of an input that is one field, such as those of the released sets
        {part.name: example.input[part.start : part.end] for part in found} if len(found) > 1 else {}
        for example, found in zip(material.examples, material.parts, strict=True)
    ]
    yield from _tells("other_row", own, (), task, parts)
    if material.training:
        yield from _tells("training_row", own, material.training, task, parts)


def _tells(
    where: str,
    own: Sequence[Asked],
    others: Sequence[Asked],
    task: Mapping[str, Any],
    parts: Sequence[Mapping[str, str]],
) -> Iterator[Tell]:
    rows = [*own, *others]
    texts = [shown_texts(task, asked) or of for asked, of in zip(rows, [*parts, *[{}] * len(others)], strict=True)]
    inputs = _numbers([(asked.input, asked.choices) for asked in rows])
    golds = _numbers([asked.gold for asked in rows])
    names = dict.fromkeys(name for of in texts for name in of)
    for field in templates.long_fields({name: [of.get(name, "") for of in texts[: len(own)]] for name in names}):
        shared = _numbers([of.get(field, asked) for of, asked in zip(texts, rows, strict=True)])
        told = _told(own, len(others), shared, inputs, golds)
        if told:
            yield _tell(where, field, told)


def _told(own: Sequence[Asked], others: int, shared: Indices, inputs: Indices, golds: Indices) -> Told | None:
    """What one's own rows tell of each other, or what others tell of them. None where few texts are shared."""
    found = agreement(shared, inputs, golds)
    count, same = found.others, found.same
    if others:
        mine = agreement(shared[: len(own)], inputs[: len(own)], golds[: len(own)])
        count, same = count[: len(own)] - mine.others, same[: len(own)] - mine.same
    used = np.flatnonzero(count)
    if len(np.unique(shared[used])) < FEWEST:
        return None
    return Told(same[used] / count[used], shared[used], [own[at].gold for at in used.tolist()])


def _tell(where: str, field: str, told: Told) -> Tell:
    n, agreed = len(told.agreed), float(told.agreed.mean())
    counts = Counter(told.golds)
    chance = sum(count**2 for count in counts.values()) / n**2
    readings = {
        f"gold_of_{where}": (agreed, max(counts.values()) / n),
        f"not_gold_of_{where}": (1 - agreed, 1 - chance),
    }
    name, (accuracy, baseline) = max(readings.items(), key=lambda one: one[1][0] - one[1][1])
    by_text = np.bincount(np.unique(told.texts, return_inverse=True)[1], told.agreed - agreed)
    # Texts are the independent units; where all rows say the same, what chance allows of as many texts is left.
    error = max(math.sqrt(float((by_text**2).sum())) / n, math.sqrt(baseline * (1 - baseline) / len(by_text)))
    gain = accuracy - baseline
    flag = gain > MARGIN and gain > SURE * error
    measured = {"auc": None, "accuracy": accuracy, "baseline": baseline}
    between = {"low": max(accuracy - SURE * error, 0.0), "high": min(accuracy + SURE * error, 1.0)}
    return {"name": name, "of": f"one {field}", "n": n, "is_shortcut": flag, **measured, **between}


def _numbers(values: Sequence[Any]) -> Indices:
    """Equal values as equal numbers from 0."""
    known: dict[Any, int] = {}
    return np.fromiter((known.setdefault(value, len(known)) for value in values), np.int64, len(values))
