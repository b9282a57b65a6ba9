"""Examples as a model is tuned on them: token ids, and labels that count for the answer alone.

Which rows and in which order is decided by hash. An epoch has its own order; within a step, whose gradient is one sum,
rows stand by length, so that little is padded.
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

NO_LOSS = -100  # the label that torch leaves out of a loss
STAGE = stage("model")


class Row(NamedTuple):
    """One example as ids: `labels` are the ids of the answer and its end, and NO_LOSS where the prompt stands."""

    input_ids: list[int]
    labels: list[int]


class Encoded(NamedTuple):
    """The rows that fit, in the order of their examples; the rejects; and how many inputs were cut."""

    examples: list[Example]
    rows: list[Row]
    rejects: list[Reject]
    cut: int


def capped(examples: Iterable[Example], most: int | None) -> list[Example]:
    """So many examples of each task, those with the lowest hashes; tasks and examples in the order of their ids.

    The order of what comes in does not count.
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
    """A training row that is not taken, since the task has enough."""
    return Reject(STAGE.name, task, example, "over_cap")


def some(examples: Iterable[Example], most: int) -> list[Example]:
    """So many examples over all tasks, those with the lowest hashes, in the order of their ids."""
    chosen = sorted(examples, key=lambda example: (hash64(example.id, "validation"), example.id))[:most]
    return sorted(chosen, key=lambda example: example.id)


def encode(chat: Chat, examples: Sequence[Example], max_length: int) -> Encoded:
    """Examples as rows of at most `max_length` tokens.

    What is too long is cut in the middle of its input, never in the instruction, and never in the answer; what does not
    fit even so is a reject.
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
    """The places of rows in the order in which they are seen, over all epochs; a fraction of one is its first part."""
    places: list[int] = []
    for epoch in range(ceil(epochs)):
        keys = [hash64(name, "order", str(epoch), str(seed)) for name in ids]
        shuffled = sorted(range(len(ids)), key=keys.__getitem__)
        places += shuffled[: round((epochs - epoch) * len(ids))] if epochs - epoch < 1 else shuffled
    steps = (places[start : start + batch] for start in range(0, len(places), batch))
    return [place for step in steps for place in sorted(step, key=lambda place: (lengths[place], place))]


def data_of(rows: Sequence[Row]) -> Any:
    """Rows as a `datasets.Dataset` in memory."""
    from datasets import Dataset

    return Dataset.from_dict({"input_ids": [row.input_ids for row in rows], "labels": [row.labels for row in rows]})


def packed(rows: Sequence[Row], max_length: int) -> Any:
    """Rows packed into sequences by TRL, each whole; `seq_lengths` says where one ends and the next begins."""
    from trl.data_utils import pack_dataset

    return pack_dataset(data_of(rows), max_length, strategy="bfd", map_kwargs={"load_from_cache_file": False})
