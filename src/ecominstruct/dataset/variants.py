"""Variants of test examples, to measure how sensitive a model is to the form of a question.

Some test examples are asked in every wording, with other orders of the candidates, and with the instruction in the
other language. Each variant differs from the plain one in one respect. `wording` identifies it: pool, version,
language, the numbers of the three parts, and after a hash sign the number of the order of the candidates.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ecominstruct.identity import hash64, hex128, shuffled
from ecominstruct.rows import Example, Lang, example_of
from ecominstruct.runs.parquet import read_batches, read_columns
from ecominstruct.tasks.forms import FORMS, Question
from ecominstruct.tasks.inputs import Ingredients
from ecominstruct.tasks.spec import Task
from ecominstruct.tasks.wording import Worded, Wordings, answer_words

ORDERS = 3  # additional orders of the candidates
NO_ROW = -1  # the row number of a variant; answers identified by task and row refer to the example itself


def choose(path: Path, task: str, count: int) -> list[Example]:
    """Select the examples of a part with the lowest hashes, at most `count`, in their order in the part."""
    ids = read_columns(path, "id")[0]
    kept = set(sorted(ids, key=lambda name: hash64(task, name, "variants"))[:count])
    return [example_of(row) for batch in read_batches(path) for row in batch.to_pylist() if row["id"] in kept]


def variants(example: Example, parts: Ingredients) -> Iterator[Example]:
    """Yield all variants of an example. The plain one, with the first part of each pool, comes first."""
    task, pool = parts.task, parts.wordings
    wordings = Wordings(task, pool, parts.prompts)
    other: Lang = "en" if task.lang == "zh" else "zh"
    for number in range(len(getattr(pool.instruction, task.lang))):
        yield _reworded(example, wordings.at(task.lang, 0, number, 0))
    yield _reworded(example, wordings.at(other, 0, 0, 0))
    if FORMS[task.form].menu or (task.form == "qa" and example.choices):
        plain = _reworded(example, wordings.at(task.lang, 0, 0, 0))
        yield from (_reordered(plain, task, number) for number in range(1, ORDERS + 1))


def _reworded(example: Example, words: Worded) -> Example:
    return example._replace(
        id=hex128("variant", example.id, words.name),
        row=NO_ROW,
        description=words.description,
        instruction=words.instruction,
        constraint=words.constraint,
        wording=words.name,
    )


def _reordered(example: Example, task: Task, number: int) -> Example:
    choices = tuple(shuffled(example.choices, example.id, "order", str(number)))
    question = Question(example.input, choices, *answer_words(task.answer, task.lang), task.many)
    return example._replace(
        id=hex128("variant", example.id, str(number)),
        choices=choices,
        output=FORMS[task.form].render(example.gold, question),
        wording=f"{example.wording}#{number}",
    )
