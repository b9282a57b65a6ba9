"""Training rows: examples as token ids, with labels on the answer only.

A hash decides which rows are used and in which order; each epoch has its own order. Within a step, whose gradient is
one sum, rows are sorted by length to reduce padding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any, NamedTuple

from ecominstruct.dataset.row_selection import row_hash
from ecominstruct.identity import hash64
from ecominstruct.models.chat import Chat
from ecominstruct.rows import Example, Reject
from ecominstruct.runs.stages import stage

NO_LOSS = -100  # the label that torch ignores in a loss
STAGE = stage("model")


class Row(NamedTuple):
    """One example as token ids: `labels` are the ids of the answer and its end token, and NO_LOSS for the prompt."""

    input_ids: list[int]
    labels: list[int]


class Encoded(NamedTuple):
    """The rows that fit, with their examples; the rejects; and the number of truncated inputs."""

    examples: list[Example]
    rows: list[Row]
    rejects: list[Reject]
    cut: int


def capped(examples: Iterable[Example], most: int | None) -> list[Example]:
    """Select up to `most` examples of each task, those with the lowest hashes. The result is sorted by task and id.

    The order of the input does not matter.
    """
    by_task: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_task[example.task].append(example)
    taken = []
    for task in sorted(by_task):
        chosen = sorted(by_task[task], key=lambda example: (row_hash(task, example.id), example.id))[:most]
        taken += sorted(chosen, key=lambda example: example.id)
    return taken


def over_cap(task: str, example: str) -> Reject:
    """The reject for a training row beyond the cap of its task."""
    return Reject(STAGE.name, task, example, "over_cap")


def some(examples: Iterable[Example], most: int) -> list[Example]:
    """Select up to `most` examples over all tasks, those with the lowest hashes, sorted by id."""
    chosen = sorted(examples, key=lambda example: (hash64(example.id, "validation"), example.id))[:most]
    return sorted(chosen, key=lambda example: example.id)


def encode(chat: Chat, examples: Sequence[Example], max_length: int) -> Encoded:
    """Encode examples as rows of at most `max_length` tokens.

    A longer one is truncated in the middle of its input, never in the instruction or the answer. One that does not fit
    even then is rejected.
    """
    found = Encoded([], [], [], 0)
    cut = 0
    for example in examples:
        answer = chat.answer_ids(example.output)
        asked = chat.ids(example, max_length - len(answer)) if len(answer) < max_length else None
        if asked is None or not asked.ids:
            detail = f"more than {max_length} tokens even without its input"
            found.rejects.append(Reject(STAGE.name, example.task, example.id, "too_long", detail))
            continue
        found.examples.append(example)
        found.rows.append(Row(asked.ids + answer, [NO_LOSS] * len(asked.ids) + answer))
        cut += bool(asked.cut)
    return found._replace(cut=cut)


def order(ids: Sequence[str], lengths: Sequence[int], epochs: float, batch: int, seed: int) -> list[int]:
    """Return the indices of rows in training order, over all epochs. A fractional epoch is the first part of one.

    `batch` is the number of rows per step; rows within a step are sorted by `lengths`.
    """
    places: list[int] = []
    for epoch in range(ceil(epochs)):
        keys = [hash64(name, "order", str(epoch), str(seed)) for name in ids]
        shuffled = sorted(range(len(ids)), key=keys.__getitem__)
        places += shuffled[: round((epochs - epoch) * len(ids))] if epochs - epoch < 1 else shuffled
    steps = (places[start : start + batch] for start in range(0, len(places), batch))
    return [place for step in steps for place in sorted(step, key=lambda place: (lengths[place], place))]


def data_of(rows: Sequence[Row]) -> Any:
    """Rows as an in-memory `datasets.Dataset`."""
    from datasets import Dataset

    return Dataset.from_dict({"input_ids": [row.input_ids for row in rows], "labels": [row.labels for row in rows]})


def packed(rows: Sequence[Row], max_length: int) -> Any:
    """Rows packed into sequences by TRL without splitting any; `seq_lengths` marks the boundaries."""
    from trl.data_utils import pack_dataset

    return pack_dataset(data_of(rows), max_length, strategy="bfd", map_kwargs={"load_from_cache_file": False})
