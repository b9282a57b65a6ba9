"""The rows of a cell: read from the release, chosen by hash, reworded, and written to files.

The six parts of an example are stored separately, so a prompt without a description is the same example with that part
empty. Another wording is chosen from the same pools, by the same hashes, as in a build whose recipe sets that language.
Only training and validation rows are reworded; held-out rows are asked as they are in the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ecominstruct.config.recipe import Prompts
from ecominstruct.config.study import Choice, Labels
from ecominstruct.dataset.row_selection import ALL, wordings
from ecominstruct.identity import fingerprint, hash64
from ecominstruct.rows import Example, Split, example_of, example_schema
from ecominstruct.runs.files import Part
from ecominstruct.runs.parquet import BATCH_ROWS, batch_of, read_batches, read_lists, write_part
from ecominstruct.studies.row_selection import LABELLED_BY_A_MODEL, Chosen
from ecominstruct.tasks.catalogue import Catalogue
from ecominstruct.tasks.wording import Wordings

VALIDATION = "validation"


class Wording:
    """How the rows of a cell are worded."""

    def __init__(self, catalogue: Catalogue, prompts: Prompts, choice: Choice) -> None:
        """`prompts`: the wording of the run. Parts that it left out cannot be restored."""
        self._catalogue = catalogue
        self.description = choice.description and prompts.description
        self.constraint = choice.constraint and prompts.constraint
        self.language = "as_built" if choice.wording == prompts.instruction_language else choice.wording
        language = "input" if self.language in ("as_built", "first") else self.language
        parts = {"description": self.description, "constraint": self.constraint}
        self._prompts = prompts.model_copy(update={"instruction_language": language, **parts})
        self._of: dict[str, Wordings] = {}

    def content(self, tasks: Sequence[str]) -> list[Any]:
        """Return what the wording of these tasks depends on, for the key of a cell."""
        pools: list[str] = []
        if self.language != "as_built":
            named = sorted({self._catalogue.tasks[task].wordings for task in tasks})
            pools = [fingerprint(self._catalogue.wordings[name].model_dump()) for name in named]
        return [self.language, self.description, self.constraint, pools]

    def apply(self, example: Example, number: int) -> Example:
        """Return an example in this wording. `number`: its index among the examples of its record, from 0."""
        if self.language != "as_built":
            chosen = self._wordings(example.task)
            lang = self._catalogue.tasks[example.task].lang
            words = chosen.at(lang, 0, 0, 0) if self.language == "first" else chosen.choose(example.record, number)
            return example._replace(
                description=words.description,
                instruction=words.instruction,
                constraint=words.constraint,
                wording=words.name,
            )
        return example._replace(
            description=example.description if self.description else "",
            constraint=example.constraint if self.constraint else "",
        )

    def _wordings(self, name: str) -> Wordings:
        if name not in self._of:
            task = self._catalogue.tasks[name]
            self._of[name] = Wordings(task, self._catalogue.wordings[task.wordings], self._prompts)
        return self._of[name]


class Source(NamedTuple):
    """The rows with the lowest hashes of one task in the release."""

    path: Path
    task: str
    labels: Labels | None
    there: int
    taken: int
    seed: str


def sources(folder: Path, chosen: Chosen, split: Split, validation_rows: int) -> list[Source]:
    """Return where the rows of a split come from.

    `validation_rows`: maximum validation rows of all tasks together, shared out equally among them.
    """
    if split == "train":
        return [
            Source(folder / one.part.path, one.task, one.labels, one.there, one.taken, str(chosen.seed))
            for one in chosen.allotted
        ]
    parts = [(one, one.validation) for one in chosen.allotted if one.validation]
    each = -(-validation_rows // max(len(parts), 1))
    return [
        Source(folder / part.path, one.task, one.labels, part.rows, min(part.rows, each), VALIDATION)
        for one, part in parts
    ]


def write_rows(target: Path, path: str, some: Sequence[Source], wording: Wording) -> Part:
    """Write the rows of a cell, task by task. Keeps one batch in memory, and 8 bytes for each row of a task."""
    schema = example_schema()
    return write_part(target, path, schema, (batch_of(rows, schema) for rows in _stacked(some, wording)))


def read_rows(path: Path) -> list[Example]:
    """Read the rows of a cell."""
    return [example_of(row) for batch in read_batches(path) for row in batch.to_pylist()]


def _stacked(some: Sequence[Source], wording: Wording) -> Iterator[list[Example]]:
    """The rows of all tasks, in batches."""
    waiting: list[Example] = []
    for source in some:
        for example in _rows(source, wording):
            waiting.append(example)
            if len(waiting) == BATCH_ROWS:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _rows(source: Source, wording: Wording) -> Iterator[Example]:
    highest = _highest(source)
    before = ("", -1)
    for batch in read_batches(source.path):
        columns: list[Any] = [batch.column(name).to_pylist() for name in ("id", "labelled_by")]
        wanted = [
            _has_labels(source, labelled) and row_hash(source, name) <= highest
            for name, labelled in zip(*columns, strict=True)
        ]
        if not any(wanted):
            continue
        examples = [example_of(row) for row in _filtered(batch, wanted)]
        numbered = list(wordings([example.record for example in examples], before))
        before = numbered[-1]
        yield from (wording.apply(example, number) for example, (_, number) in zip(examples, numbered, strict=True))


def _filtered(batch: Any, wanted: Sequence[bool]) -> list[dict[str, Any]]:
    import pyarrow as pa

    rows: list[dict[str, Any]] = batch.filter(pa.array(wanted)).to_pylist()
    return rows


def _highest(source: Source) -> int:
    """The highest hash that is taken."""
    if source.taken >= source.there:
        return ALL
    if source.taken <= 0:
        return -1
    hashes = np.fromiter(
        (
            row_hash(source, name)
            for names, labels in read_lists(source.path, "id", "labelled_by")
            for name, labelled in zip(names, labels, strict=True)
            if _has_labels(source, labelled)
        ),
        np.uint64,
    )
    if len(hashes) <= source.taken:  # `there` counts validation rows with any labels
        return ALL
    return int(np.partition(hashes, source.taken - 1)[source.taken - 1])


def row_hash(source: Source, row: str) -> int:
    """Return the hash that decides whether a row is taken."""
    return hash64("study", "row", source.seed, source.task, row)


def _has_labels(source: Source, labelled_by: str) -> bool:
    return source.labels is None or (labelled_by == LABELLED_BY_A_MODEL) == (source.labels == "pseudo")
